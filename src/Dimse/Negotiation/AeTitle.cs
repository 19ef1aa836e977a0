namespace Panal.Dimse;

/// <summary>Application entity titles (PS3.5 §6.2, VR AE; PS3.8 §9.3.2).</summary>
public static class AeTitle
{
    /// <summary>Most characters of a title.</summary>
    public const int MaximumLength = 16;

    /// <summary>Whether a title is 1 to 16 printable ASCII characters without backslash and not only spaces.</summary>
    public static bool IsValid(ReadOnlySpan<char> title) =>
        title.Length is > 0 and <= MaximumLength && !title.Trim(' ').IsEmpty && title.IndexOfAnyExceptInRange(' ', '~') < 0 && !title.Contains('\\');

    /// <summary>A title that is safe to print in logs: what is not printable ASCII becomes "?", the rest is cut at 16 characters.</summary>
    public static string Sanitise(ReadOnlySpan<char> title)
    {
        if (IsValid(title))
        {
            return title.ToString();
        }

        Span<char> safe = stackalloc char[MaximumLength];
        title = title[..Math.Min(title.Length, MaximumLength)];
        for (var index = 0; index < title.Length; index++)
        {
            safe[index] = title[index] is >= ' ' and <= '~' and not '\\' ? title[index] : '?';
        }

        return safe[..title.Length].ToString();
    }
}
