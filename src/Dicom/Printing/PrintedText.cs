using System.Globalization;
using System.Text;

namespace Panal.Dicom.Printing;

/// <summary>Text from a data set as it may stand on a terminal: nothing in it moves the cursor, changes colours or turns the line around.</summary>
internal static class PrintedText
{
    private const char Ellipsis = '…';

    /// <summary>Appends text, with controls escaped, in at most so many columns; the last is an ellipsis when something was left out.</summary>
    /// <param name="target">The line.</param>
    /// <param name="text">The text.</param>
    /// <param name="columns">Room.</param>
    /// <param name="isCut">Whether the text is already only the start of a longer one.</param>
    public static void Append(StringBuilder target, ReadOnlySpan<char> text, int columns, bool isCut)
    {
        Span<char> unit = stackalloc char[12];
        var (used, lastLength, lastColumns) = (0, target.Length, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var (length, width) = Show(rune, unit);
            if (used + width > columns || (used + width == columns && isCut))
            {
                isCut = true;
                break;
            }

            // The place of the ellipsis, should the next character not fit.
            if (used + width < columns)
            {
                (lastLength, lastColumns) = (target.Length + length, used + width);
            }

            target.Append(unit[..length]);
            used += width;
        }

        if (isCut)
        {
            target.Length = lastColumns < used ? lastLength : target.Length;
            target.Append(Ellipsis);
        }
    }

    /// <summary>The characters that show a rune, and the columns they take.</summary>
    private static (int Length, int Columns) Show(Rune rune, Span<char> unit)
    {
        if (IsDangerous(rune))
        {
            unit.TryWrite(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X2}}}", out var written);
            return (written, written);
        }

        return (rune.EncodeToUtf16(unit), IsWide(rune.Value) ? 2 : 1);
    }

    /// <summary>Controls C0 and C1, line and paragraph separators, marks and overrides of direction, other invisible format characters.</summary>
    private static bool IsDangerous(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    /// <summary>East Asian letters that take two columns (Unicode Standard Annex #11, by blocks).</summary>
    private static bool IsWide(int value) => value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0x303E) or (>= 0x3041 and <= 0xA4CF)
        or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60)
        or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD);
}
