namespace Panal.Dicom.Text;

/// <summary>The three component groups of one person name, each with its components divided by <c>^</c>; empty when absent.</summary>
/// <remarks>PS3.5 §6.2.1.</remarks>
public readonly record struct PersonName(string Alphabetic, string Ideographic, string Phonetic)
{
    public bool IsEmpty => Alphabetic.Length == 0 && Ideographic.Length == 0 && Phonetic.Length == 0;

    /// <summary>Divides one value at <c>=</c>; groups beyond the third, which the standard does not have, are left out.</summary>
    public static PersonName Parse(ReadOnlySpan<char> value) =>
        new(TakeGroup(ref value, '=', ' ').ToString(), TakeGroup(ref value, '=', ' ').ToString(), TakeGroup(ref value, '=', ' ').ToString());

    /// <summary>The value as it is encoded, without empty groups at its end.</summary>
    public string ToValue() => $"{Alphabetic}={Ideographic}={Phonetic}".TrimEnd('=');

    /// <summary>Hides the name from logs.</summary>
    public override string ToString() => "[redacted]";

    /// <summary>Takes the next group off a value, of letters or of their bytes.</summary>
    internal static ReadOnlySpan<T> TakeGroup<T>(ref ReadOnlySpan<T> left, T divider, T padding)
        where T : IEquatable<T>
    {
        var end = left.IndexOf(divider);
        var group = end < 0 ? left : left[..end];
        left = end < 0 ? [] : left[(end + 1)..];
        return group.Trim(padding);
    }
}
