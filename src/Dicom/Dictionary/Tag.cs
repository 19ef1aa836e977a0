using System.Globalization;

namespace Panal.Dicom;

/// <summary>The tag of an element: group in the high, element in the low 16 bits (PS3.5 §7.1).</summary>
public readonly record struct Tag(uint Value) : IComparable<Tag>, ISpanFormattable
{
    public Tag(ushort group, ushort element)
        : this(((uint)group << 16) | element)
    {
    }

    public ushort Group => (ushort)(Value >> 16);

    public ushort Element => (ushort)Value;

    /// <summary>Odd group (PS3.5 §7.8).</summary>
    public bool IsPrivate => (Value & 0x0001_0000) != 0;

    /// <summary>An element (gggg,0010-00FF) of an odd group, which reserves a block (PS3.5 §7.8.1).</summary>
    public bool IsPrivateCreator => IsPrivate && Element is >= 0x10 and <= 0xFF;

    /// <summary>An element (gggg,0000) (PS3.5 §7.2).</summary>
    public bool IsGroupLength => Element == 0;

    /// <summary>The tag of the element that reserves the block of this private element; meaningful when <see cref="IsPrivate"/> and the element is 1000 or higher.</summary>
    public Tag PrivateCreator => new(Group, (ushort)(Element >> 8));

    public static bool operator <(Tag left, Tag right) => left.Value < right.Value;

    public static bool operator >(Tag left, Tag right) => left.Value > right.Value;

    public static bool operator <=(Tag left, Tag right) => left.Value <= right.Value;

    public static bool operator >=(Tag left, Tag right) => left.Value >= right.Value;

    /// <summary>Reads <c>(0010,0020)</c>, <c>0010,0020</c>, <c>00100020</c> or a keyword of the dictionary.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Tag tag)
    {
        if (text.Length >= 2 && text[0] == '(' && text[^1] == ')')
        {
            text = text[1..^1];
        }

        Span<char> digits = stackalloc char[8];
        var hexadecimal = text.Length == 8 || (text.Length == 9 && text[4] == ',');
        if (hexadecimal)
        {
            text[..4].CopyTo(digits);
            text[^4..].CopyTo(digits[4..]);
            if (uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                tag = new Tag(value);
                return true;
            }
        }

        return DataDictionary.TryFindKeyword(text, out tag);
    }

    /// <summary>Reads what <see cref="TryParse"/> reads.</summary>
    /// <exception cref="FormatException">The text is no tag.</exception>
    public static Tag Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var tag) ? tag : throw new FormatException("The text is neither a tag nor a keyword.");

    public int CompareTo(Tag other) => Value.CompareTo(other.Value);

    /// <summary>Text such as <c>(0010,0020)</c>.</summary>
    public override string ToString() => $"({Group:X4},{Element:X4})";

    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"({Group:X4},{Element:X4})", out charsWritten);
}
