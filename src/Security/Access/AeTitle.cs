using System.Buffers;

namespace Panal.Security.Access;

/// <summary>Rules for AE titles, PS3.5 Table 6.2-1: at most 16 characters, spaces at both ends mean nothing, case does.</summary>
public static class AeTitle
{
    /// <summary>Longest AE title, in characters.</summary>
    public const int MaximumLength = 16;

    // The default repertoire without backslash and control characters.
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x5F).Select(c => (char)c).Where(c => c != '\\')]);

    /// <summary>True for 1 to 16 allowed characters that are not all spaces.</summary>
    public static bool IsValid(ReadOnlySpan<char> title) =>
        title.Length <= MaximumLength && !title.Trim(' ').IsEmpty && !title.ContainsAnyExcept(Allowed);

    /// <summary>The title without the spaces that mean nothing.</summary>
    public static string Trim(string title) => title.Trim(' ');

    /// <summary>The title as it may stand in a log line or a table: what a caller made up cannot forge lines or terminal codes.</summary>
    public static string ForDisplay(string? title)
    {
        if (string.IsNullOrEmpty(title))
        {
            return "";
        }

        var shown = title.Length > MaximumLength ? title[..MaximumLength] : title;
        if (!shown.AsSpan().ContainsAnyExcept(Allowed))
        {
            return shown.Trim(' ');
        }

        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Allowed.Contains(source[i]) ? source[i] : '?';
            }
        }).Trim(' ');
    }
}
