using System.Text;

namespace Panal.Dicom;

/// <summary>A VR that depends on other elements of the data set (PS3.6 §6; PS3.5 §A.1).</summary>
public enum VrChoice : byte
{
    One,
    UsOrSs,
    ObOrOw,
    UsOrOw,
    UsOrSsOrOw,
}

/// <summary>One row of the dictionary; text is decoded when asked for.</summary>
public readonly struct DictionaryEntry
{
    private readonly int _row;

    internal DictionaryEntry(int row) => _row = row;

    /// <summary>The VR; of a choice the one that implicit VR stands for when nothing else is known (US or OW).</summary>
    public Vr Vr => DataDictionary.VrOfRow(_row);

    public VrChoice Choice => DataDictionary.ChoiceOfRow(_row);

    public bool IsRetired => DataDictionary.IsRetiredRow(_row);

    /// <summary>Value multiplicity, such as <c>1-n</c>.</summary>
    public string Multiplicity => DataDictionary.MultiplicityOfRow(_row);

    /// <summary>Such as <c>PatientID</c>; empty for the few blank rows of the standard.</summary>
    public string Keyword => DataDictionary.TextOfRow(_row, name: false);

    /// <summary>Such as <c>Patient ID</c>.</summary>
    public string Name => DataDictionary.TextOfRow(_row, name: true);
}

/// <summary>The data dictionary of PS3.6 §6 to §9, with repeating groups; a binary search in read-only data of the assembly.</summary>
public static partial class DataDictionary
{
    private const int FirstChoice = 34;

    /// <summary>Finds a public element; group lengths and private elements have no row.</summary>
    public static bool TryFind(Tag tag, out DictionaryEntry entry)
    {
        var row = RowOf(tag);
        entry = new DictionaryEntry(Math.Max(row, 0));
        return row >= 0;
    }

    /// <summary>The VR of a tag in implicit VR: UL for group lengths, LO for private creators, UN for what is not known.</summary>
    public static Vr VrOf(Tag tag)
    {
        var row = RowOf(tag);
        return row >= 0 ? VrOfRow(row) : VrWithoutRow(tag);
    }

    /// <summary>The VR of a tag in implicit VR, and whether it depends on other elements.</summary>
    internal static Vr VrOf(Tag tag, out VrChoice choice)
    {
        var row = RowOf(tag);
        choice = row >= 0 ? ChoiceOfRow(row) : VrChoice.One;
        return row >= 0 ? VrOfRow(row) : VrWithoutRow(tag);
    }

    /// <summary>The keyword, or an empty text.</summary>
    public static string KeywordOf(Tag tag) => TryFind(tag, out var entry) ? entry.Keyword : "";

    /// <summary>Finds an element by its keyword, in exact case; of a repeating group the first one.</summary>
    public static bool TryFindKeyword(ReadOnlySpan<char> keyword, out Tag tag)
    {
        tag = default;
        Span<byte> wanted = stackalloc byte[128];
        if (keyword.Length is 0 or > 128 || !Encoding.ASCII.TryGetBytes(keyword, wanted, out var length))
        {
            return false;
        }

        wanted = wanted[..length];
        var (low, high) = (0, RowsByKeyword.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            int row = RowsByKeyword[middle];
            var comparison = KeywordBytes(row).SequenceCompareTo(wanted);
            if (comparison == 0)
            {
                tag = new Tag(row < TagColumn.Length ? TagColumn[row] : RepeatingTagColumn[row - TagColumn.Length]);
                return true;
            }

            (low, high) = comparison < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return false;
    }

    internal static Vr VrOfRow(int row) => VrOfIndex((int)(FactColumn[row] & 0x3F));

    internal static Vr VrOfIndex(int index) => index switch
    {
        < FirstChoice => (Vr)((VrCodes[2 * index] << 8) | VrCodes[(2 * index) + 1]),
        FirstChoice => Vr.US,
        _ => Vr.OW,
    };

    internal static VrChoice ChoiceOfRow(int row) => (VrChoice)Math.Max(0, (int)(FactColumn[row] & 0x3F) - FirstChoice + 1);

    internal static bool IsRetiredRow(int row) => (FactColumn[row] & 0x800) != 0;

    internal static string MultiplicityOfRow(int row)
    {
        var rest = Multiplicities;
        for (var index = (FactColumn[row] >> 6) & 0x1F; index > 0; index--)
        {
            rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        }

        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'\n')]);
    }

    internal static string TextOfRow(int row, bool name)
    {
        var text = TextRows[(int)(FactColumn[row] >> 12)..];
        text = text[..text.IndexOf((byte)'\n')];
        var separator = text.IndexOf((byte)'\t');
        return Encoding.UTF8.GetString(name && separator + 1 < text.Length ? text[(separator + 1)..] : text[..separator]);
    }

    private static ReadOnlySpan<byte> KeywordBytes(int row)
    {
        var text = TextRows[(int)(FactColumn[row] >> 12)..];
        return text[..text.IndexOf((byte)'\t')];
    }

    private static int RowOf(Tag tag)
    {
        var row = TagColumn.BinarySearch(tag.Value);
        if (row >= 0 || tag.IsPrivate)
        {
            return row;
        }

        // Overlays, curves, and a few retired ones: no other group repeats.
        if (tag.Group is (>= 0x5000 and <= 0x50FF) or (>= 0x6000 and <= 0x60FF) or (>= 0x7F00 and <= 0x7FFF)
            or 0x0020 or 0x0028 or 0x1000 or 0x1010)
        {
            for (var index = 0; index < RepeatingMaskColumn.Length; index++)
            {
                if ((tag.Value & RepeatingMaskColumn[index]) == RepeatingTagColumn[index])
                {
                    return TagColumn.Length + index;
                }
            }
        }

        return -1;
    }

    private static Vr VrWithoutRow(Tag tag) =>
        tag.IsGroupLength ? Vr.UL
        : tag.IsPrivateCreator ? Vr.LO
        : Vr.UN;
}
