using System.Buffers.Binary;
using System.Text;

namespace Panal.Dimse;

/// <summary>Walks through the items of one A-ASSOCIATE PDU; no length is used before it is checked against what is left.</summary>
//   0        1          2              4
//   +--------+----------+--------------+----------------+
//   |  type  | reserved | length (BE)  | length bytes   |
//   +--------+----------+--------------+----------------+
internal ref struct ItemReader(ReadOnlySpan<byte> bytes)
{
    private const int HeaderBytes = 4;

    private ReadOnlySpan<byte> rest = bytes;

    public readonly int Left => rest.Length;

    public static AssociationAbortException Invalid(string message) => new(message, AbortReason.InvalidPduParameterValue);

    public static void CheckCount(int count, int maximum, string what)
    {
        if (count >= maximum)
        {
            throw Invalid($"More than {maximum} {what}.");
        }
    }

    /// <summary>Moves to the next item; false at the end.</summary>
    /// <exception cref="AssociationAbortException">The item does not fit in what is left.</exception>
    public bool TryNext(out ItemType type, out ItemReader item)
    {
        type = default;
        item = default;
        if (rest.IsEmpty)
        {
            return false;
        }

        if (rest.Length < HeaderBytes)
        {
            throw Invalid($"{rest.Length} bytes are left where an item begins.");
        }

        type = (ItemType)rest[0];
        var length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        rest = rest[HeaderBytes..];
        item = new ItemReader(Take(length));
        return true;
    }

    public byte ReadByte() => Take(sizeof(byte))[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public void Skip(int count) => Take(count);

    /// <summary>A UID or bytes behind a length of two bytes.</summary>
    public ReadOnlySpan<byte> TakeCounted() => Take(ReadUInt16());

    public string ReadCountedUid() => ToUid(TakeCounted());

    public string ReadRestAsUid() => ToUid(Take(rest.Length));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw Invalid($"An item asks for {count} bytes where {rest.Length} are left.");
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    // Some peers pad a UID with NUL or space, which PS3.8 Annex F forbids and which harms nobody.
    private static string ToUid(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.Trim(" \0"u8);
        return bytes.Length > AssociatePdu.MaximumUidBytes
            ? throw Invalid($"A UID of {bytes.Length} bytes is longer than {AssociatePdu.MaximumUidBytes}.")
            : KnownUids.ToString(bytes);
    }
}
