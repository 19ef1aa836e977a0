using Panal.Dicom;

namespace Panal.Unit.Dicom.Dictionary;

public sealed class DataDictionaryTests
{
    [Theory]
    [InlineData(0x00100020u, Vr.LO, "PatientID", "Patient ID", "1")]
    [InlineData(0x00100010u, Vr.PN, "PatientName", "Patient's Name", "1")]
    [InlineData(0x7FE00010u, Vr.OW, "PixelData", "Pixel Data", "1")]
    [InlineData(0x7FE00001u, Vr.OV, "ExtendedOffsetTable", "Extended Offset Table", "1")]
    [InlineData(0x00280106u, Vr.US, "SmallestImagePixelValue", "Smallest Image Pixel Value", "1")]
    [InlineData(0x60023000u, Vr.OW, "OverlayData", "Overlay Data", "1")]
    [InlineData(0x50020010u, Vr.US, "NumberOfPoints", "Number of Points", "1")]
    [InlineData(0x0040A730u, Vr.SQ, "ContentSequence", "Content Sequence", "1")]
    public void An_element_is_found_with_its_vr_keyword_name_and_multiplicity(uint tag, Vr vr, string keyword, string name, string vm)
    {
        Assert.True(DataDictionary.TryFind(new Tag(tag), out var entry));
        Assert.Equal((vr, keyword, name, vm), (entry.Vr, entry.Keyword, entry.Name, entry.Multiplicity));
    }

    [Theory]
    [InlineData(0x00080000u, Vr.UL)]
    [InlineData(0x00090010u, Vr.LO)]
    [InlineData(0x00091001u, Vr.UN)]
    [InlineData(0x00089999u, Vr.UN)]
    [InlineData(0x60013000u, Vr.UN)]
    public void An_element_without_a_row_has_the_vr_of_its_kind(uint tag, Vr vr)
    {
        Assert.False(DataDictionary.TryFind(new Tag(tag), out _));
        Assert.Equal(vr, DataDictionary.VrOf(new Tag(tag)));
    }

    [Fact]
    public void Every_keyword_leads_back_to_its_tag()
    {
        foreach (var property in typeof(Tags).GetProperties())
        {
            var tag = (Tag)property.GetValue(null)!;
            Assert.True(DataDictionary.TryFindKeyword(property.Name, out var found), property.Name);
            Assert.Equal(tag, found);
            Assert.Equal(property.Name, DataDictionary.KeywordOf(tag));
            Assert.True(DataDictionary.TryFind(tag, out var entry));
            Assert.True(entry.Vr.IsKnown());
        }
    }

    [Fact]
    public void An_unknown_keyword_is_not_found() => Assert.False(DataDictionary.TryFindKeyword("patientid", out _));

    [Fact]
    public void Choices_are_marked()
    {
        Assert.True(DataDictionary.TryFind(Tags.PixelData, out var pixels));
        Assert.Equal(VrChoice.ObOrOw, pixels.Choice);
        Assert.True(DataDictionary.TryFind(Tags.SmallestImagePixelValue, out var smallest));
        Assert.Equal(VrChoice.UsOrSs, smallest.Choice);
        Assert.True(DataDictionary.TryFind(Tags.LUTData, out var lut));
        Assert.Equal(VrChoice.UsOrOw, lut.Choice);
        Assert.True(DataDictionary.TryFind(Tags.PatientID, out var id));
        Assert.Equal(VrChoice.One, id.Choice);
    }

    [Fact]
    public void Private_elements_are_found_by_creator_in_any_block()
    {
        Assert.True(PrivateDictionary.TryFind("SIEMENS CSA HEADER", new Tag(0x0029, 0x1010), out var vr, out var name));
        Assert.Equal(Vr.OB, vr);
        Assert.NotEqual("", name);
        Assert.True(PrivateDictionary.TryFind("SIEMENS CSA HEADER", new Tag(0x0029, 0xE110), out _, out _));
        Assert.False(PrivateDictionary.TryFind("NOBODY", new Tag(0x0029, 0x1010), out _, out _));
        Assert.False(PrivateDictionary.TryFind("SIEMENS CSA HEADER", new Tag(0x0029, 0x10FE), out _, out _));
    }
}
