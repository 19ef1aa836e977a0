using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Panal.Dicom;

/// <summary>Unique identifiers (PS3.5 §9).</summary>
public static class Uid
{
    /// <summary>Longest UID, in characters (PS3.5 §9.1).</summary>
    public const int MaximumLength = 64;

    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789.");

    /// <summary>Whether the text is a UID: digits in components without leading zero, at most 64 characters (PS3.5 §9.1).</summary>
    public static bool IsValid(ReadOnlySpan<char> uid) => IsWellFormed(uid) && !HasLeadingZero(uid);

    /// <summary>As <see cref="IsValid"/>, but components may begin with zero, as some devices write them.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> uid)
    {
        if (uid.Length is 0 or > MaximumLength || uid[0] == '.' || uid[^1] == '.' || uid.IndexOf("..") >= 0)
        {
            return false;
        }

        return !uid.ContainsAnyExcept(Characters);
    }

    /// <summary>A new UID under 2.25 from 128 random bits in UUID form (PS3.5 §B.2).</summary>
    public static string NewUid()
    {
        Span<byte> bits = stackalloc byte[16];
        RandomNumberGenerator.Fill(bits);
        bits[6] = (byte)((bits[6] & 0x0F) | 0x40);
        bits[8] = (byte)((bits[8] & 0x3F) | 0x80);
        return string.Create(CultureInfo.InvariantCulture, $"2.25.{new UInt128(Big(bits), Big(bits[8..]))}");

        static ulong Big(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    private static bool HasLeadingZero(ReadOnlySpan<char> uid)
    {
        for (var index = 0; index + 1 < uid.Length; index++)
        {
            if (uid[index] == '0' && char.IsAsciiDigit(uid[index + 1]) && (index == 0 || uid[index - 1] == '.'))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>One row of PS3.6 Annex A.</summary>
public sealed record UidEntry(string Uid, string Keyword, string Type, string Name, bool IsRetired);

public static partial class Uids
{
    /// <summary>Every UID of PS3.6 Annex A in ordinal order.</summary>
    public static IEnumerable<UidEntry> All
    {
        get
        {
            for (var index = 0; index < RowOffsets.Length; index++)
            {
                yield return Entry(index);
            }
        }
    }

    /// <summary>Finds a UID of the standard.</summary>
    public static bool TryFind(ReadOnlySpan<char> uid, out UidEntry? entry)
    {
        entry = null;
        Span<byte> wanted = stackalloc byte[Uid.MaximumLength];
        if (uid.Length > Uid.MaximumLength || !Encoding.ASCII.TryGetBytes(uid, wanted, out var length))
        {
            return false;
        }

        wanted = wanted[..length];
        var (low, high) = (0, RowOffsets.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var row = Row(middle);
            var comparison = row[..row.IndexOf((byte)'\t')].SequenceCompareTo(wanted);
            if (comparison == 0)
            {
                entry = Entry(middle);
                return true;
            }

            (low, high) = comparison < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return false;
    }

    /// <summary>The name in the standard, or the UID itself.</summary>
    public static string NameOf(string uid) => TryFind(uid, out var entry) && entry!.Name.Length > 0 ? entry.Name : uid;

    private static UidEntry Entry(int index)
    {
        var fields = Encoding.UTF8.GetString(Row(index)).Split('\t');
        return new UidEntry(fields[0], fields[1], fields[2], fields[4], fields[3] == "R");
    }

    private static ReadOnlySpan<byte> Row(int index)
    {
        var row = Rows[RowOffsets[index]..];
        return row[..row.IndexOf((byte)'\n')];
    }
}
