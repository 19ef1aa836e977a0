using System.Collections.Frozen;
using System.Text;

namespace Panal.Dimse;

/// <summary>Turns the bytes of UIDs that each association repeats into strings that exist once.</summary>
internal static class KnownUids
{
    // Requestors propose these hundreds of times in one A-ASSOCIATE-RQ.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        AssociatePdu.ApplicationContextName,
        "1.2.840.10008.1.1",
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
        "1.2.840.10008.1.2.4.50",
        "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.5",
        "1.2.840.10008.5.1.4.1.1.1",
        "1.2.840.10008.5.1.4.1.1.1.1",
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.4",
        "1.2.840.10008.5.1.4.1.1.6.1",
        "1.2.840.10008.5.1.4.1.1.7").GetAlternateLookup<ReadOnlySpan<char>>();

    public static string ToString(ReadOnlySpan<byte> uid)
    {
        Span<char> characters = stackalloc char[AssociatePdu.MaximumUidBytes];
        var count = Encoding.Latin1.GetChars(uid, characters);
        return Known.TryGetValue(characters[..count], out var known) ? known : new string(characters[..count]);
    }
}
