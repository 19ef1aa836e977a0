using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.HighThroughput;
using Panal.Codecs.Jpeg2000.Packets;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>
/// The coders of code-blocks, each made when it is needed first, and what they are given. They hold some 300 kB of memory that is used for every block, so they are kept from frame to
/// frame: at most one set for each processor, taken and given back by any thread without waiting.
/// </summary>
internal sealed class BlockCoders : IDisposable
{
    // A slice of CT adds some 2,000 chunks to its blocks; the room for far more is not kept.
    private const int ChunksKept = 1 << 16;

    private static readonly BlockCoders?[] Kept = new BlockCoders?[Environment.ProcessorCount];

    private BlockEncoder? _encoder;
    private BlockDecoder? _decoder;
    private HighThroughputEncoder? _fastEncoder;
    private HighThroughputDecoder? _fastDecoder;

    private BlockCoders()
    {
    }

    /// <summary>Takes a set; what its coders hold of an earlier frame means nothing to them.</summary>
    internal static BlockCoders Take()
    {
        foreach (ref var place in Kept.AsSpan())
        {
            if (Interlocked.Exchange(ref place, null) is { } kept)
            {
                return kept;
            }
        }

        return new BlockCoders();
    }

    /// <summary>Room for what packets add to blocks.</summary>
    internal List<BlockChunk> Chunks { get; private set; } = [];

    /// <summary>The encoder of a style (T.800 Table A.19).</summary>
    internal IBlockEncoder EncoderOf(int style) =>
        (style & ComponentStyle.HighThroughput) != 0 ? _fastEncoder ??= new HighThroughputEncoder()
        : _encoder?.Style == style ? _encoder : _encoder = new BlockEncoder(style);

    /// <summary>The decoder of a style (T.800 Table A.19).</summary>
    internal IBlockDecoder DecoderOf(int style) =>
        (style & ComponentStyle.HighThroughput) != 0 ? _fastDecoder ??= new HighThroughputDecoder() : _decoder ??= new BlockDecoder();

    /// <summary>Gives the set back; it is let go where enough are kept.</summary>
    public void Dispose()
    {
        Chunks.Clear();
        Chunks = Chunks.Capacity > ChunksKept ? [] : Chunks;
        foreach (ref var place in Kept.AsSpan())
        {
            if (Interlocked.CompareExchange(ref place, this, null) is null)
            {
                return;
            }
        }
    }
}
