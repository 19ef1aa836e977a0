using System.Buffers.Binary;
using System.Numerics;

namespace Panal.Volumes.Staging;

/// <summary>What a frame of the staging log stands for; persisted, never renumber.</summary>
internal enum FrameKind : ushort
{
    /// <summary>The bytes of the object follow in the segment.</summary>
    Object = 1,

    /// <summary>The bytes of the object are in a file of their own on the volume.</summary>
    LargeObject = 2,
}

/// <summary>Whether the frames of a segment still count; persisted, never renumber.</summary>
internal enum SegmentState : uint
{
    /// <summary>Frames may not have reached their volume yet.</summary>
    Open = 1,

    /// <summary>Everything in the segment is settled: nothing in it counts any more.</summary>
    Released = 2,
}

/// <summary>The first page of a segment.</summary>
internal readonly record struct SegmentHeader(ulong Generation, SegmentState State, long CapacityBytes);

/// <summary>The page in front of a committed object.</summary>
internal readonly record struct Frame(
    FrameKind Kind,
    ulong Generation,
    ulong Sequence,
    long LengthBytes,
    long StagedBytes,
    int PathBytes,
    int NoteBytes,
    ulong Part,
    int VolumeId,
    ContentHash Hash,
    uint TailChecksum);

/// <summary>Reads and writes the pages of the staging log. See docs/formats/staging-log.md.</summary>
internal static class SegmentFormat
{
    /// <summary>Everything begins at a multiple of this, so that a page is never read before it is written.</summary>
    public const int PageBytes = 4096;

    /// <summary>"PNLS" in file order: Panal segment.</summary>
    public const uint SegmentMagic = 0x534C4E50;

    /// <summary>"PNLF" in file order: Panal frame.</summary>
    public const uint FrameMagic = 0x464C4E50;

    /// <summary>"VOID" in file order: the object of this frame was deleted.</summary>
    public const uint VoidMark = 0x44494F56;

    /// <summary>The one version of the format so far.</summary>
    public const uint Version = 1;

    /// <summary>Where the void mark stands in a frame; in its first sector and outside the checksum.</summary>
    public const int VoidMarkOffset = 508;

    /// <summary>Longest note, in bytes: a catalogue row of some kilobytes with room to grow.</summary>
    public const int NoteLimitBytes = 1 << 20;

    private const int HeaderChecksumOffset = 32;
    private const int FrameChecksumOffset = 108;

    public static long RoundUp(long lengthBytes) => (lengthBytes + PageBytes - 1) & ~(long)(PageBytes - 1);

    public static void WriteHeader(Span<byte> page, SegmentHeader header)
    {
        page[..PageBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page, SegmentMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(page[4..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], header.Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(page[16..], (uint)header.State);
        BinaryPrimitives.WriteInt64LittleEndian(page[24..], header.CapacityBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(page[HeaderChecksumOffset..], Checksum(0, page[..HeaderChecksumOffset]));
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> page, out SegmentHeader header)
    {
        header = default;
        if (page.Length < PageBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(page) != SegmentMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(page[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(page[HeaderChecksumOffset..]) != Checksum(0, page[..HeaderChecksumOffset]))
        {
            return false;
        }

        header = new(
            BinaryPrimitives.ReadUInt64LittleEndian(page[8..]),
            (SegmentState)BinaryPrimitives.ReadUInt32LittleEndian(page[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[24..]));
        return header.State is SegmentState.Open or SegmentState.Released && header.CapacityBytes > PageBytes;
    }

    public static void WriteFrame(Span<byte> page, in Frame frame)
    {
        page[..PageBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page, FrameMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(page[4..], (ushort)Version);
        BinaryPrimitives.WriteUInt16LittleEndian(page[6..], (ushort)frame.Kind);
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], frame.Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(page[16..], frame.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(page[24..], frame.LengthBytes);
        BinaryPrimitives.WriteInt64LittleEndian(page[32..], frame.StagedBytes);
        BinaryPrimitives.WriteInt32LittleEndian(page[40..], frame.PathBytes);
        BinaryPrimitives.WriteInt32LittleEndian(page[44..], frame.NoteBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(page[48..], frame.Part);
        BinaryPrimitives.WriteInt32LittleEndian(page[56..], frame.VolumeId);
        frame.Hash.CopyTo(page[64..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page[96..], frame.TailChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(page[FrameChecksumOffset..], Checksum(0, page[..FrameChecksumOffset]));
    }

    /// <summary>Reads a frame whose every length is within its limit; false for anything else.</summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> page, out Frame frame, out bool isVoid)
    {
        (frame, isVoid) = (default, false);
        if (page.Length < PageBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(page) != FrameMagic
            || BinaryPrimitives.ReadUInt16LittleEndian(page[4..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(page[FrameChecksumOffset..]) != Checksum(0, page[..FrameChecksumOffset]))
        {
            return false;
        }

        frame = new Frame(
            (FrameKind)BinaryPrimitives.ReadUInt16LittleEndian(page[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[44..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[48..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[56..]),
            new ContentHash(page.Slice(64, ContentHash.LengthBytes)),
            BinaryPrimitives.ReadUInt32LittleEndian(page[96..]));
        isVoid = BinaryPrimitives.ReadUInt32LittleEndian(page[VoidMarkOffset..]) == VoidMark;
        return frame.PathBytes is > 0 and <= SafePath.PathLimitBytes
            && frame.NoteBytes is >= 0 and <= NoteLimitBytes
            && frame.LengthBytes >= 0
            && frame.Kind switch
            {
                FrameKind.Object => frame.StagedBytes == frame.LengthBytes,
                FrameKind.LargeObject => frame.StagedBytes == 0,
                _ => false,
            };
    }

    /// <summary>CRC-32C of bytes that continue earlier ones; begin with 0.</summary>
    public static uint Checksum(uint earlier, ReadOnlySpan<byte> bytes)
    {
        var crc = ~earlier;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
