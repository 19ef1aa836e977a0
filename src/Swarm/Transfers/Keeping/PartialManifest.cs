using System.Buffers.Binary;
using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Keeping;

/// <summary>The file <c>ID.transfer</c> of docs/formats/partial-transfer.md: what a transfer brings.</summary>
internal static class PartialManifest
{
    /// <summary>Longest file, in bytes: a million objects.</summary>
    public const int LimitBytes = 15 + TransferScope.MaxBytes + BlockMap.MaxObjects * (ObjectBytes + PartBytes) + SHA256.HashSizeInBytes;

    private const int ObjectBytes = ContentHash.LengthBytes + 9;
    private const int PartBytes = 6;                    // whole, number, count
    private const int HeaderBytes = 14;                 // magic, priority, length of the scope, objects

    private static ReadOnlySpan<byte> Magic => "PANALTR1"u8;

    /// <summary>With the part that each object is.</summary>
    private static ReadOnlySpan<byte> PartsMagic => "PANALTR2"u8;

    /// <summary>The bytes of the file.</summary>
    public static ReadOnlyMemory<byte> Encode(TransferPlan plan)
    {
        var name = plan.Scope.Bytes;
        var hasParts = plan.Objects.Any(static planned => planned.Part is not null);
        var objectBytes = ObjectBytes + (hasParts ? PartBytes : 0);
        var bytes = new byte[HeaderBytes + name.Length + plan.Objects.Count * objectBytes + SHA256.HashSizeInBytes];
        (hasParts ? PartsMagic : Magic).CopyTo(bytes);
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
            if (planned.Part is { } part)
            {
                BinaryPrimitives.WriteInt32LittleEndian(rest[ObjectBytes..], part.Whole);
                (rest[ObjectBytes + 4], rest[ObjectBytes + 5]) = (part.Number, part.Count);
            }

            rest = rest[objectBytes..];
        }

        SHA256.HashData(bytes.AsSpan(0, bytes.Length - SHA256.HashSizeInBytes), rest);
        return bytes;
    }

    /// <summary>Reads the bytes of the file; null if they are broken in any way.</summary>
    public static TransferPlan? TryDecode(ReadOnlySpan<byte> bytes)
    {
        var hasParts = bytes.StartsWith(PartsMagic);
        var objectBytes = ObjectBytes + (hasParts ? PartBytes : 0);
        if (bytes.Length < HeaderBytes + SHA256.HashSizeInBytes || bytes.Length > LimitBytes || !(hasParts || bytes.StartsWith(Magic))
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
        if (count is < 1 or > BlockMap.MaxObjects || rest.Length != count * objectBytes)
        {
            return null;
        }

        var objects = new TransferObject[count];
        for (var i = 0; i < count; i++, rest = rest[objectBytes..])
        {
            var length = BinaryPrimitives.ReadInt64LittleEndian(rest[ContentHash.LengthBytes..]);
            objects[i] = new TransferObject(new ContentHash(rest[..ContentHash.LengthBytes]), length, rest[ContentHash.LengthBytes + 8] != 0)
            {
                Part = hasParts ? ReadPart(rest[ObjectBytes..]) : null,
            };
        }

        return new TransferPlan(scope, objects, priority);
    }

    private static TransferPart? ReadPart(ReadOnlySpan<byte> bytes) =>
        bytes[5] == 0 ? null : new TransferPart(BinaryPrimitives.ReadInt32LittleEndian(bytes), bytes[4], bytes[5]);
}
