using Panal.Dicom.Text;

namespace Panal.Unit.Dicom.Text;

public sealed class PersonNameTests
{
    [Theory]
    [InlineData("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou", "山田^太郎", "やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう")]
    [InlineData("Doe^John ", "Doe^John", "", "", "Doe^John")]
    [InlineData("=山田", "", "山田", "", "=山田")]
    [InlineData("A=B=C=D=", "A", "B", "C", "A=B=C")]
    [InlineData("", "", "", "", "")]
    public void A_name_has_three_groups(string value, string alphabetic, string ideographic, string phonetic, string back)
    {
        var name = PersonName.Parse(value);
        Assert.Equal(new PersonName(alphabetic, ideographic, phonetic), name);
        Assert.Equal(back, name.ToValue());
        Assert.Equal(value.Length == 0, name.IsEmpty);
    }

    [Fact]
    public void A_name_does_not_show_in_logs() => Assert.Equal("[redacted]", $"{PersonName.Parse("Doe^John")}");
}
