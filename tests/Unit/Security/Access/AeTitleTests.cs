using Panal.Security.Access;

namespace Panal.Unit.Security.Access;

public sealed class AeTitleTests
{
    [Theory]
    [InlineData("A", true)]
    [InlineData("STORE SCP", true)]
    [InlineData("SIXTEEN_CHARS_16", true)]
    [InlineData("SEVENTEEN_CHARS17", false)]
    [InlineData("", false)]
    [InlineData("    ", false)]
    [InlineData("A\\B", false)]
    [InlineData("A\nB", false)]
    [InlineData("Ä", false)]
    public void Titles_are_valid_as_PS3_5_says(string title, bool isValid) => Assert.Equal(isValid, AeTitle.IsValid(title));

    [Theory]
    [InlineData(" CT1 ", "CT1")]
    [InlineData("CT\r\n2026 forged line", "CT??2026 forged")]
    [InlineData("\u001b[31mRED", "?[31mRED")]
    [InlineData(null, "")]
    public void Titles_in_logs_cannot_forge_lines_or_terminal_codes(string? title, string shown) => Assert.Equal(shown, AeTitle.ForDisplay(title));
}
