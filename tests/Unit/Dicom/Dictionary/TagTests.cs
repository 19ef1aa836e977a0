using Panal.Dicom;

namespace Panal.Unit.Dicom.Dictionary;

public sealed class TagTests
{
    [Theory]
    [InlineData("(0010,0020)")]
    [InlineData("0010,0020")]
    [InlineData("00100020")]
    [InlineData("PatientID")]
    public void A_tag_is_read_in_every_usual_form(string text) => Assert.Equal(Tags.PatientID, Tag.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("(0010,00")]
    [InlineData("0010,00200")]
    [InlineData("0010 0020")]
    [InlineData("NoSuchKeyword")]
    public void Other_text_is_no_tag(string text)
    {
        Assert.False(Tag.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Tag.Parse(text));
    }

    [Fact]
    public void A_tag_tells_its_parts_and_kind()
    {
        var tag = new Tag(0x0029, 0x1008);
        Assert.Equal("(0029,1008)", tag.ToString());
        Assert.Equal((0x0029, 0x1008), (tag.Group, tag.Element));
        Assert.True(tag.IsPrivate);
        Assert.Equal(new Tag(0x0029, 0x0010), tag.PrivateCreator);
        Assert.True(tag.PrivateCreator.IsPrivateCreator);
        Assert.True(new Tag(0x0008, 0).IsGroupLength);
        Assert.True(Tags.PatientID < Tags.PixelData);
    }
}
