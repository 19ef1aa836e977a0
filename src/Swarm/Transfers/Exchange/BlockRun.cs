using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Swarm.Transfers.Exchange;

/// <summary>Blocks that follow one another.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many, 1 to 65,535.</param>
internal readonly record struct BlockRun(int First, int Count)
{
    /// <summary>Bytes of a run on the wire.</summary>
    public const int LengthBytes = 6;

    /// <summary>Most runs in one frame.</summary>
    public const int MaxRuns = 4096;

    /// <summary>Reads the runs of a frame.</summary>
    /// <param name="content">The content of the frame.</param>
    /// <param name="blocks">How many blocks there are.</param>
    /// <exception cref="TransferViolationException">There are none or too many, one is empty, or a block does not exist.</exception>
    public static BlockRun[] Read(in ReadOnlySequence<byte> content, int blocks)
    {
        if (content.Length is 0 or > MaxRuns * LengthBytes || content.Length % LengthBytes != 0)
        {
            throw new TransferViolationException("Runs of blocks have an impossible length.");
        }

        var runs = new BlockRun[(int)content.Length / LengthBytes];
        Span<byte> bytes = stackalloc byte[LengthBytes];
        for (var i = 0; i < runs.Length; i++)
        {
            content.Slice(i * LengthBytes, LengthBytes).CopyTo(bytes);
            var first = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
            if (count == 0 || (long)first + count > blocks)
            {
                throw new TransferViolationException("A block does not exist.");
            }

            runs[i] = new BlockRun((int)first, count);
        }

        return runs;
    }

    /// <summary>Writes blocks as runs, in their order, in as many frames as they need; writes nothing for none.</summary>
    public static void Write(IBufferWriter<byte> output, TransferFrameKind kind, ReadOnlySpan<int> blocks)
    {
        while (!blocks.IsEmpty)
        {
            var taken = 0;
            var runs = 0;
            for (; taken < blocks.Length && runs < MaxRuns; runs++)
            {
                taken += LengthOfFirst(blocks[taken..]);
            }

            var content = TransferFrame.Begin(output, kind, runs * LengthBytes);
            for (var at = 0; !content.IsEmpty; content = content[LengthBytes..])
            {
                var count = LengthOfFirst(blocks[at..]);
                BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)blocks[at]);
                BinaryPrimitives.WriteUInt16LittleEndian(content[4..], (ushort)count);
                at += count;
            }

            output.Advance(TransferFrame.HeaderBytes + runs * LengthBytes);
            blocks = blocks[taken..];
        }
    }

    private static int LengthOfFirst(ReadOnlySpan<int> blocks)
    {
        var count = 1;
        while (count < blocks.Length && count < ushort.MaxValue && blocks[count] == blocks[0] + count)
        {
            count++;
        }

        return count;
    }
}
