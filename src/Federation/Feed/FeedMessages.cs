using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Panal.Catalogue;
using Panal.Catalogue.Replication;

namespace Panal.Federation.Feed;

/// <summary>What a stream is for, or how it goes on. On the wire: numbers never change.</summary>
internal enum FeedMode : byte
{
    /// <summary>What changed after the cursor, and whatever changes.</summary>
    Feed = 0,

    /// <summary>Everything, study by study.</summary>
    Snapshot = 1,

    /// <summary>The publisher cannot go on from the cursor: open a stream for a snapshot.</summary>
    SnapshotNeeded = 2,
}

/// <summary>Contents of frames; see docs/formats/feed.md, "Frames".</summary>
internal static class FeedMessages
{
    /// <summary>A cursor, in bytes.</summary>
    internal const int CursorBytes = 16 + (5 * sizeof(long));

    /// <summary>Columns of one step before compression at most, in bytes.</summary>
    internal const int ColumnsLimitBytes = StateDecoder.BudgetBytes;

    /// <summary>In between: a quarter of the time of the best, and its size but for a few percent.</summary>
    private const int BrotliQuality = 5;

    private const int BrotliWindowBits = 22;

    private const int StepHeaderBytes = CursorBytes + 1 + (2 * sizeof(long));

    private const byte FreshSnapshot = 1;
    private const int VarintLimitBytes = 10;

    /// <summary>The end of the year 9999, in milliseconds since 1970: later times cannot be told.</summary>
    private const long LatestMilliseconds = 253_402_300_799_998;

    /// <summary>Writes a hello or a begin.</summary>
    internal static void WriteOpening(IBufferWriter<byte> output, FeedFrameKind kind, FeedMode mode, FeedCursor cursor)
    {
        Span<byte> content = stackalloc byte[1 + CursorBytes];
        content[0] = (byte)mode;
        WriteCursor(content[1..], cursor);
        FeedFrame.Write(output, kind, content);
    }

    /// <summary>Reads a hello or a begin.</summary>
    /// <exception cref="FeedProtocolException">The content is none.</exception>
    internal static (FeedMode Mode, FeedCursor Cursor) ReadOpening(ReadOnlySpan<byte> content)
    {
        if (content.Length != 1 + CursorBytes || !Enum.IsDefined((FeedMode)content[0]))
        {
            throw new FeedProtocolException("An opening is not well formed.");
        }

        return ((FeedMode)content[0], ReadCursor(content[1..]));
    }

    /// <summary>Writes a head.</summary>
    internal static void WriteHead(IBufferWriter<byte> output, FeedHead head)
    {
        Span<byte> content = stackalloc byte[2 * sizeof(long)];
        WriteHead(content, head);
        FeedFrame.Write(output, FeedFrameKind.Head, content);
    }

    /// <summary>Reads a head.</summary>
    /// <exception cref="FeedProtocolException">The content is none.</exception>
    internal static FeedHead ReadHead(ReadOnlySpan<byte> content)
    {
        if (content.Length != 2 * sizeof(long))
        {
            throw new FeedProtocolException("A head is not well formed.");
        }

        long sequence = BinaryPrimitives.ReadInt64LittleEndian(content), at = BinaryPrimitives.ReadInt64LittleEndian(content[sizeof(long)..]);
        // Times outside of these cannot be told.
        return sequence >= 0 && at is > -62_135_596_800_000 and <= LatestMilliseconds
            ? new FeedHead(sequence, DateTimeOffset.FromUnixTimeMilliseconds(at))
            : throw new FeedProtocolException("A head is out of range.");
    }

    /// <summary>Writes a step.</summary>
    /// <returns>Length of the frame; 0 when it would be too long, and nothing is written.</returns>
    internal static int WriteStep(IBufferWriter<byte> output, FeedStep step, StateEncoder encoder)
    {
        Span<byte> header = stackalloc byte[StepHeaderBytes];
        WriteCursor(header, step.Cursor);
        header[CursorBytes] = step.IsFreshSnapshot ? FreshSnapshot : (byte)0;
        WriteHead(header[(CursorBytes + 1)..], step.Head);
        return WriteStep(output, FeedFrameKind.Step, header, step.State, encoder);
    }

    /// <summary>Writes a step of the feed by what it has beyond the one before, of which history and filter are.</summary>
    /// <returns>Length of the frame; 0 when it would be too long, and nothing is written.</returns>
    internal static int WriteNext(IBufferWriter<byte> output, FeedStep step, FeedCursor before, StateEncoder encoder)
    {
        Span<byte> header = stackalloc byte[(4 * VarintLimitBytes) + sizeof(long)];
        int length = WriteUnsigned(header, (ulong)(step.Cursor.Sequence - before.Sequence));
        length += WriteUnsigned(header[length..], (ulong)(step.Cursor.Seen - step.Cursor.Sequence));
        BinaryPrimitives.WriteInt64LittleEndian(header[length..], step.Cursor.Mark);
        length += sizeof(long);
        length += WriteUnsigned(header[length..], (ulong)step.Head.Sequence);
        length += WriteUnsigned(header[length..], (ulong)step.Head.At.ToUnixTimeMilliseconds());
        return WriteStep(output, FeedFrameKind.Next, header[..length], step.State, encoder);
    }

    /// <summary>Reads a step.</summary>
    /// <param name="memory">What was said before on the stream.</param>
    /// <exception cref="FeedProtocolException">The content is none.</exception>
    internal static FeedStep ReadStep(ReadOnlyMemory<byte> content, StateMemory memory)
    {
        if (content.Length < StepHeaderBytes || content.Span[CursorBytes] > FreshSnapshot)
        {
            throw new FeedProtocolException("A step is not well formed.");
        }

        var cursor = ReadCursor(content.Span);
        var head = ReadHead(content.Span.Slice(CursorBytes + 1, 2 * sizeof(long)));
        bool isFresh = content.Span[CursorBytes] == FreshSnapshot;
        return new FeedStep(ReadState(content[StepHeaderBytes..], memory), cursor, head, isFresh);
    }

    /// <summary>Reads a step that is told by what it has beyond the one before.</summary>
    /// <param name="before">The cursor of the step before, or of the begin.</param>
    /// <param name="memory">What was said before on the stream.</param>
    /// <exception cref="FeedProtocolException">The content is none.</exception>
    internal static FeedStep ReadNext(ReadOnlyMemory<byte> content, FeedCursor before, StateMemory memory)
    {
        long sequence = before.Sequence + ReadUnsigned(ref content, long.MaxValue - before.Sequence);
        long seen = sequence + ReadUnsigned(ref content, long.MaxValue - sequence);
        if (content.Length < sizeof(long))
        {
            throw new FeedProtocolException("A step ends too early.");
        }

        long mark = BinaryPrimitives.ReadInt64LittleEndian(content.Span);
        content = content[sizeof(long)..];
        long newest = ReadUnsigned(ref content, long.MaxValue), at = ReadUnsigned(ref content, LatestMilliseconds);
        var cursor = before with { Sequence = sequence, Seen = seen, Mark = mark, SnapshotAfter = null };
        return new FeedStep(ReadState(content, memory), cursor, new FeedHead(newest, DateTimeOffset.FromUnixTimeMilliseconds(at)), false);
    }

    private static int WriteStep(IBufferWriter<byte> output, FeedFrameKind kind, ReadOnlySpan<byte> header, CatalogueState state, StateEncoder encoder)
    {
        var columns = new ArrayBufferWriter<byte>(64 * 1024);
        var hashes = new ArrayBufferWriter<byte>(Math.Max(1, state.InstanceCount * InstanceState.HashLengthBytes));
        encoder.Encode(state, columns, hashes);
        if (columns.WrittenCount > ColumnsLimitBytes / 2)
        {
            encoder.Forget();
            return 0;
        }

        int compressedBytes = Compress(columns.WrittenSpan, out var compressed);
        var content = new byte[header.Length + (2 * VarintLimitBytes) + compressedBytes + hashes.WrittenCount];
        header.CopyTo(content);
        int length = header.Length;
        length += WriteUnsigned(content.AsSpan(length), (ulong)columns.WrittenCount);
        length += WriteUnsigned(content.AsSpan(length), (ulong)compressedBytes);
        compressed.AsSpan(0, compressedBytes).CopyTo(content.AsSpan(length));
        length += compressedBytes;
        hashes.WrittenSpan.CopyTo(content.AsSpan(length));
        length += hashes.WrittenCount;
        if (length >= FeedFrame.LimitBytes)
        {
            encoder.Forget();
            return 0;
        }

        FeedFrame.Write(output, kind, content.AsSpan(0, length));
        return length + FeedFrame.HeaderBytes;
    }

    private static CatalogueState ReadState(ReadOnlyMemory<byte> rest, StateMemory memory)
    {
        int columnsBytes = (int)ReadUnsigned(ref rest, ColumnsLimitBytes), compressedBytes = (int)ReadUnsigned(ref rest, FeedFrame.LimitBytes);
        if (compressedBytes > rest.Length)
        {
            throw new FeedProtocolException("A step ends too early.");
        }

        try
        {
            var columns = Decompress(rest.Span[..compressedBytes], columnsBytes);
            return StateDecoder.Decode(columns, rest[compressedBytes..], memory);
        }
        catch (StateFormatException fault)
        {
            throw new FeedProtocolException(fault.Message, fault);
        }
    }

    private static int Compress(ReadOnlySpan<byte> columns, out byte[] compressed)
    {
        compressed = new byte[BrotliEncoder.GetMaxCompressedLength(columns.Length)];
        return BrotliEncoder.TryCompress(columns, compressed, out int written, BrotliQuality, BrotliWindowBits)
            ? written
            : throw new InvalidOperationException("Brotli needs more room than it says.");
    }

    /// <summary>Grows with what comes out, so that a length alone costs nothing.</summary>
    private static ReadOnlyMemory<byte> Decompress(ReadOnlySpan<byte> compressed, int lengthBytes)
    {
        using var decoder = new BrotliDecoder();
        var columns = new ArrayBufferWriter<byte>(Math.Clamp(compressed.Length * 2, 1024, 1024 * 1024));
        while (true)
        {
            var status = decoder.Decompress(compressed, columns.GetSpan(16 * 1024), out int consumed, out int written);
            columns.Advance(written);
            compressed = compressed[consumed..];
            if (columns.WrittenCount > lengthBytes || status is OperationStatus.InvalidData or OperationStatus.NeedMoreData)
            {
                throw new FeedProtocolException("The columns of a step cannot be decompressed, or are longer than it says.");
            }

            if (status is OperationStatus.Done)
            {
                return columns.WrittenCount == lengthBytes && compressed.IsEmpty
                    ? columns.WrittenMemory
                    : throw new FeedProtocolException("The columns of a step are shorter than it says.");
            }
        }
    }

    private static int WriteUnsigned(Span<byte> target, ulong value)
    {
        int written = 0;
        for (ulong rest = value; ; rest >>= 7)
        {
            target[written++] = (byte)(rest >= 0x80 ? rest | 0x80 : rest);
            if (rest < 0x80)
            {
                return written;
            }
        }
    }

    private static long ReadUnsigned(ref ReadOnlyMemory<byte> rest, long limit)
    {
        ulong value = 0;
        // Nine groups of seven bits are all that is below a limit of 63 bits.
        for (int i = 0; i < rest.Length && i < VarintLimitBytes - 1; i++)
        {
            byte next = rest.Span[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                rest = rest[(i + 1)..];
                return value <= (ulong)limit ? (long)value : throw new FeedProtocolException("A number is over its limit.");
            }
        }

        throw new FeedProtocolException("A number does not end.");
    }

    private static void WriteHead(Span<byte> target, FeedHead head)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target, head.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[sizeof(long)..], head.At.ToUnixTimeMilliseconds());
    }

    private static void WriteCursor(Span<byte> target, FeedCursor cursor)
    {
        cursor.History.TryWriteBytes(target, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], cursor.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], cursor.Seen);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], cursor.Mark);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], cursor.Filter);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], cursor.SnapshotAfter ?? -1);
    }

    private static FeedCursor ReadCursor(ReadOnlySpan<byte> source)
    {
        long sequence = BinaryPrimitives.ReadInt64LittleEndian(source[16..]), seen = BinaryPrimitives.ReadInt64LittleEndian(source[24..]);
        long snapshot = BinaryPrimitives.ReadInt64LittleEndian(source[48..]);
        return sequence >= 0 && seen >= sequence && snapshot >= -1
            ? new FeedCursor(
                new Guid(source[..16], bigEndian: true), sequence, seen, BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[40..]), snapshot < 0 ? null : snapshot)
            : throw new FeedProtocolException("A cursor is out of range.");
    }
}
