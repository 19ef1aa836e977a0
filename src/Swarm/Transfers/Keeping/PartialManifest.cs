using System.Buffers.Binary;
using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Keeping;

/// <summary>The file <c>ID.transfer</c> of docs/formats/partial-transfer.md: what a transfer brings.</summary>
internal static class PartialManifest
{
    /// <summary>Longest file, in bytes: a million objects.</summary>
    public const int LimitBytes = 15 + TransferScope.MaxBytes + BlockMap.MaxObjects * ObjectBytes + SHA256.HashSizeInBytes;

    private const int ObjectBytes = ContentHash.LengthBytes + 9;
    private const int HeaderBytes = 14;                 // magic, priority, length of the scope, objects

    private static ReadOnlySpan<byte> Magic => "PANALTR1"u8;

    /// <summary>The bytes of the file.</summary>
    public static ReadOnlyMemory<byte> Encode(TransferPlan plan)
    {
        var name = plan.Scope.Bytes;
        var bytes = new byte[HeaderBytes + name.Length + plan.Objects.Count * ObjectBytes + SHA256.HashSizeInBytes];
        Magic.CopyTo(bytes);
        bytes[8] = (byte)plan.Priority;
        bytes[9] = (byte)name.Length;
        name.CopyTo(bytes.AsSpan(10));
        var rest = bytes.AsSpan(10 + name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest, plan.Objects.Count);
        rest = rest[4..];
        foreach (var planned in plan.Objects)
        {
            planned.Hash.CopyTo(rest);
            BinaryPrimitives.WriteInt64LittleEndian(rest[ContentHash.LengthBytes..], planned.LengthBytes);
            rest[ContentHash.LengthBytes + 8] = planned.IsFirstOfSeries ? (byte)1 : (byte)0;
            rest = rest[ObjectBytes..];
        }

        SHA256.HashData(bytes.AsSpan(0, bytes.Length - SHA256.HashSizeInBytes), rest);
        return bytes;
    }

    /// <summary>Reads the bytes of the file; null if they are broken in any way.</summary>
    public static TransferPlan? TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes + SHA256.HashSizeInBytes || bytes.Length > LimitBytes || !bytes.StartsWith(Magic)
            || !SHA256.HashData(bytes[..^SHA256.HashSizeInBytes]).AsSpan().SequenceEqual(bytes[^SHA256.HashSizeInBytes..]))
        {
            return null;
        }

        var priority = (TransferPriority)bytes[8];
        int nameBytes = bytes[9];
        var rest = bytes[10..^SHA256.HashSizeInBytes];
        if (rest.Length < nameBytes + 4 || !TransferScope.TryRead(rest[..nameBytes], out var scope) || priority > TransferPriority.Interactive)
        {
            return null;
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(rest[nameBytes..]);
        rest = rest[(nameBytes + 4)..];
        if (count is < 1 or > BlockMap.MaxObjects || rest.Length != count * ObjectBytes)
        {
            return null;
        }

        var objects = new TransferObject[count];
        for (var i = 0; i < count; i++, rest = rest[ObjectBytes..])
        {
            var length = BinaryPrimitives.ReadInt64LittleEndian(rest[ContentHash.LengthBytes..]);
            objects[i] = new TransferObject(new ContentHash(rest[..ContentHash.LengthBytes]), length, rest[ContentHash.LengthBytes + 8] != 0);
        }

        return new TransferPlan(scope, objects, priority);
    }
}
