using System.Text;
using Panal.Dicom.Printing;

namespace Panal.Unit.Dicom.Printing;

public sealed class PrintedTextTests
{
    [Theory]
    [InlineData("\x1B[31mred", "\\u{1B}[31mred")]
    [InlineData("a\r\nb\0\u007F\u009B", "a\\u{0D}\\u{0A}b\\u{00}\\u{7F}\\u{9B}")]
    [InlineData("\u202Egpj.exe\u2066\uFEFF\u2028", "\\u{202E}gpj.exe\\u{2066}\\u{FEFF}\\u{2028}")]
    [InlineData("Núñez 山田 𠮷", "Núñez 山田 𠮷")]
    public void Nothing_in_a_value_acts_on_the_terminal(string text, string printed) => Assert.Equal(printed, Print(text, 1000));

    [Theory]
    [InlineData("abcdef", 6, false, "abcdef")]
    [InlineData("abcdef", 6, true, "abcde…")]
    [InlineData("abcdef", 5, false, "abcd…")]
    [InlineData("abcde", 6, true, "abcde…")]
    [InlineData("山田太郎", 8, false, "山田太郎")]
    [InlineData("山田太郎", 7, false, "山田太…")]
    [InlineData("山田太郎", 6, false, "山田…")]
    [InlineData("ab\x1B" + "c", 8, false, "ab…")]
    [InlineData("ab\x1B" + "c", 9, false, "ab\\u{1B}c")]
    [InlineData("ab\x1B" + "c", 7, false, "ab…")]
    [InlineData("", 5, false, "")]
    [InlineData("", 5, true, "…")]
    public void Text_is_shortened_to_its_columns(string text, int columns, bool isCut, string printed) =>
        Assert.Equal(printed, Print(text, columns, isCut));

    [Fact]
    public void Half_of_a_pair_is_replaced() => Assert.Equal("\uFFFDx", Print("\uD800x", 1000));

    private static string Print(string text, int columns, bool isCut = false)
    {
        var line = new StringBuilder();
        PrintedText.Append(line, text, columns, isCut);
        return line.ToString();
    }
}
