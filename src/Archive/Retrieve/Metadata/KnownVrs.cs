using System.Globalization;
using Panal.Dicom;
using Panal.Dicom.Json;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>
/// Gives public elements that came as UN the VR of the dictionary (PS3.5 §6.2.2): some converters write whole data sets so, and nobody could
/// read their metadata.
/// </summary>
internal static class KnownVrs
{
    /// <summary>Changes the data set; what was left out of the outline, and what the dictionary leaves open, stays UN.</summary>
    public static void Restore(DataSetOutline outline) => Restore(outline.DataSet, outline, "");

    private static void Restore(DataSet dataSet, DataSetOutline outline, string path)
    {
        for (var index = 0; index < dataSet.Count; index++)
        {
            var element = dataSet.Elements[index];
            for (var item = 0; item < element.Items.Count; item++)
            {
                Restore(element.Items[item], outline, string.Create(CultureInfo.InvariantCulture, $"{path}{element.Tag.Value:X8}/{item}/"));
            }

            if (element.Vr == Vr.UN && !element.IsSequence && !element.IsEncapsulated
                && !outline.Omits(new BulkData(path, element.Tag, element.Vr, element.Value.Length))
                && DataDictionary.TryFind(element.Tag, out var entry) && entry.Choice == VrChoice.One && TryRestore(dataSet, element, entry.Vr, out var restored))
            {
                dataSet.Set(restored);
            }
        }
    }

    private static bool TryRestore(DataSet dataSet, in Element element, Vr vr, out Element restored)
    {
        restored = new Element(element.Tag, vr, element.Value);
        if (vr != Vr.SQ)
        {
            return vr.IsKnown() && vr != Vr.UN;
        }

        try
        {
            restored = new Element(element.Tag, dataSet.GetSequence(element.Tag));
            return true;
        }
        catch (DicomFormatException)
        {
            return false;
        }
    }
}
