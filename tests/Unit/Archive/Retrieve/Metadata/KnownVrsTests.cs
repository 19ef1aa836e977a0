using Panal.Dicom;
using Panal.Archive.Retrieve.Metadata;

namespace Panal.Unit.Archive.Retrieve.Metadata;

public sealed class KnownVrsTests
{
    private static readonly Tag Private = new(0x0009, 0x1001);

    [Fact]
    public void Public_elements_that_came_as_UN_get_the_VR_of_the_dictionary_and_others_stay()
    {
        var item = new DataSet();
        item.SetBytes(Tags.CodeValue, Vr.UN, "T1"u8.ToArray());
        var dataSet = new DataSet();
        dataSet.SetBytes(Tags.PatientID, Vr.UN, "P1"u8.ToArray());
        dataSet.SetBytes(Tags.Rows, Vr.UN, new byte[] { 2, 0 });
        dataSet.SetSequence(Tags.ProcedureCodeSequence, [item]);

        // One empty item in implicit VR little endian, and what is no sequence.
        dataSet.SetBytes(Tags.RequestAttributesSequence, Vr.UN, new byte[] { 0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0 });
        dataSet.SetBytes(Tags.ReferencedImageSequence, Vr.UN, "nonsense"u8.ToArray());

        // US or SS by Pixel Representation.
        dataSet.SetBytes(Tags.PixelPaddingValue, Vr.UN, new byte[] { 1, 0 });
        dataSet.SetBytes(Private, Vr.UN, "secret"u8.ToArray());
        dataSet.SetBytes(Tags.PixelData, Vr.UN, new byte[2]);
        var omitted = new Dictionary<string, OmittedValue> { ["7FE00010"] = new(Vr.UN, 0, 5000, []) };

        KnownVrs.Restore(new DataSetOutline(dataSet, omitted));

        Vr VrOf(DataSet set, Tag tag) => set.TryGet(tag, out var element) ? element.Vr : Vr.None;
        Assert.Equal((Vr.LO, "P1"), (VrOf(dataSet, Tags.PatientID), dataSet.GetString(Tags.PatientID)));
        Assert.Equal((Vr.US, (ushort?)2), (VrOf(dataSet, Tags.Rows), dataSet.GetUInt16(Tags.Rows)));
        Assert.Equal(Vr.SH, VrOf(item, Tags.CodeValue));
        Assert.Equal((Vr.SQ, 1), (VrOf(dataSet, Tags.RequestAttributesSequence), dataSet.GetSequence(Tags.RequestAttributesSequence).Count));
        Assert.All(new[] { Tags.ReferencedImageSequence, Tags.PixelPaddingValue, Private, Tags.PixelData }, tag => Assert.Equal(Vr.UN, VrOf(dataSet, tag)));
    }
}
