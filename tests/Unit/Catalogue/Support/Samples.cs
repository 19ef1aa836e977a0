using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Catalogue.Support;

/// <summary>Made-up instances.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A data set with the values; the character set is UTF-8.</summary>
    public static DataSet DataSet(params (Tag Tag, string Value)[] values)
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        foreach ((Tag tag, string value) in values)
        {
            Vr vr = DataDictionary.VrOf(tag);
            dataSet.Set(tag, vr.IsString() && vr.IsMultiValued() ? value.Split('\\') : [value]);
        }

        return dataSet;
    }

    public static InstanceRecord Instance(string study, string series, string instance, params (Tag Tag, string Value)[] more)
    {
        DataSet attributes = DataSet([
            (Tags.PatientID, "P1"), (Tags.PatientName, "Doe^Jane"), (Tags.StudyInstanceUID, study), (Tags.SeriesInstanceUID, series),
            (Tags.SOPInstanceUID, instance), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.Modality, "CT"), .. more]);
        return Of(attributes);
    }

    public static InstanceRecord Of(DataSet attributes, string content = "")
    {
        string uid = attributes.GetString(Tags.SOPInstanceUID)!;
        return new InstanceRecord(
            attributes, uid, attributes.GetString(Tags.SOPClassUID) ?? Uids.CTImageStorage, Uids.ExplicitVRLittleEndian, "SCANNER", Noon,
            new CopyRecord(1, $"a/{uid}.dcm", 1000 + content.Length, SHA256.HashData(Encoding.UTF8.GetBytes(uid + content)), 132, CopyState.Staged));
    }

    public static InstanceRecord WithContent(this InstanceRecord record, string content) => Of(record.Attributes, content);

    public static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The query of an identifier with these keys.</summary>
    public static CatalogueQuery Query(QueryLevel level, MatchingOptions options, params (Tag Tag, string Value)[] keys)
    {
        DataSet identifier = DataSet();
        foreach ((Tag tag, string value) in keys)
        {
            Vr vr = CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute) ? attribute.Vr : DataDictionary.VrOf(tag);
            if (value.Length == 0)
            {
                identifier.SetEmpty(tag);
            }
            else if (vr.IsString())
            {
                identifier.Set(tag, vr, value);
            }
            else
            {
                identifier.Set(tag, value);
            }
        }

        return CatalogueQuery.FromIdentifier(level, identifier, options);
    }
}
