using System.Numerics;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Layers;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Writes the packets of one precinct, the first layer first (T.800 §B.9, §B.10).</summary>
internal sealed class PacketWriter
{
    private const int FirstLengthBits = 3;

    private readonly CodedBlock[][] _bands;
    private readonly Sent[][] _sent;
    private readonly TagTreeWriter[] _inclusion;
    private readonly TagTreeWriter[] _zeroPlanes;
    private readonly BlockGrid[] _grids;
    private readonly int _style;

    /// <param name="grids">The subbands of the precinct.</param>
    /// <param name="bands">The blocks of each.</param>
    /// <param name="passes">The passes of all blocks of the tile, with their layers.</param>
    /// <param name="style">Style of the blocks (T.800 Table A.19).</param>
    internal PacketWriter(BlockGrid[] grids, CodedBlock[][] bands, ReadOnlySpan<CodedPass> passes, int style)
    {
        (_grids, _bands, _style) = (grids, bands, style);
        _sent = new Sent[bands.Length][];
        (_inclusion, _zeroPlanes) = (new TagTreeWriter[bands.Length], new TagTreeWriter[bands.Length]);
        for (var b = 0; b < bands.Length; b++)
        {
            var blocks = bands[b];
            _sent[b] = new Sent[blocks.Length];
            var numbers = new int[blocks.Length];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = blocks[i].Passes > 0 ? passes[blocks[i].FirstPass].Layer : int.MaxValue;
            }

            _inclusion[b] = new TagTreeWriter(grids[b].Across, grids[b].Down, numbers);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = blocks[i].ZeroPlanes;
            }

            _zeroPlanes[b] = new TagTreeWriter(grids[b].Across, grids[b].Down, numbers);
        }
    }

    /// <summary>The longest header of a packet with so many blocks, in bytes; where lower planes bypass the coder each has two more lengths in it.</summary>
    /// <param name="blocks">How many.</param>
    /// <param name="style">Their style (T.800 Table A.19).</param>
    internal static int HeaderLimitBytes(int blocks, int style) => 16 + (((style & ComponentStyle.Bypass) != 0 ? 192 : 24) * blocks);

    /// <summary>Writes the packet of the next layer.</summary>
    /// <param name="layer">Its number; layers come in their order.</param>
    /// <param name="passes">The passes of all blocks of the tile.</param>
    /// <param name="data">The bytes of all blocks of the tile.</param>
    /// <param name="target">Large enough for header and body.</param>
    /// <returns>Bytes written.</returns>
    internal int Write(int layer, ReadOnlySpan<CodedPass> passes, ReadOnlySpan<byte> data, Span<byte> target)
    {
        var bits = new PacketBitWriter(target);
        var isEmpty = true;
        for (var b = 0; b < _bands.Length; b++)
        {
            for (var i = 0; i < _bands[b].Length; i++)
            {
                isEmpty &= PassesIn(_bands[b][i], _sent[b][i].Passes, layer, passes) == 0;
            }
        }

        bits.Write(isEmpty ? 0 : 1);
        for (var b = 0; b < _bands.Length && !isEmpty; b++)
        {
            for (var i = 0; i < _bands[b].Length; i++)
            {
                WriteBlock(ref bits, b, i, layer, passes);
            }
        }

        bits.Finish();
        var at = bits.Position;
        for (var b = 0; b < _bands.Length && !isEmpty; b++)
        {
            for (var i = 0; i < _bands[b].Length; i++)
            {
                ref var sent = ref _sent[b][i];
                data.Slice(_bands[b][i].Offset + sent.Bytes, sent.NextBytes).CopyTo(target[at..]);
                at += sent.NextBytes;
                (sent.Bytes, sent.NextBytes) = (sent.Bytes + sent.NextBytes, 0);
            }
        }

        return at;
    }

    private static int PassesIn(in CodedBlock block, int sent, int layer, ReadOnlySpan<CodedPass> passes)
    {
        var end = sent;
        while (end < block.Passes && passes[block.FirstPass + end].Layer <= layer)
        {
            end++;
        }

        return end - sent;
    }

    private void WriteBlock(ref PacketBitWriter bits, int band, int index, int layer, ReadOnlySpan<CodedPass> passes)
    {
        ref readonly var block = ref _bands[band][index];
        ref var sent = ref _sent[band][index];
        var (x, y) = (index % _grids[band].Across, index / _grids[band].Across);
        var count = PassesIn(block, sent.Passes, layer, passes);
        if (sent.Passes > 0)
        {
            bits.Write(count > 0 ? 1 : 0);
        }
        else
        {
            _inclusion[band].Write(ref bits, x, y, layer + 1);
        }

        if (count == 0)
        {
            return;
        }

        if (sent.Passes == 0)
        {
            _zeroPlanes[band].Write(ref bits, x, y, block.ZeroPlanes + 1);
            sent.LengthBits = FirstLengthBits;
        }

        bits.WritePasses(count);
        WriteLengths(ref bits, ref sent, passes.Slice(block.FirstPass, block.Passes), count);
    }

    /// <summary>Writes the length of what a packet has of each segment of a block, after how many bits more than before they take (T.800 §B.10.7).</summary>
    private void WriteLengths(ref PacketBitWriter bits, ref Sent sent, ReadOnlySpan<CodedPass> passes, int count)
    {
        var more = 0;
        for (var (first, end) = (sent.Passes, 0); first < sent.Passes + count; first = end)
        {
            end = EndOf(first, sent.Passes + count);
            more = Math.Max(more, PacketBitWriter.BitsOf(BytesOf(passes, first, end, sent)) - sent.LengthBits - BitOperations.Log2((uint)(end - first)));
        }

        for (var i = 0; i < more; i++)
        {
            bits.Write(1);
        }

        bits.Write(0);
        sent.LengthBits += more;
        for (var (first, end) = (sent.Passes, 0); first < sent.Passes + count; first = end)
        {
            end = EndOf(first, sent.Passes + count);
            bits.Write(BytesOf(passes, first, end, sent), sent.LengthBits + BitOperations.Log2((uint)(end - first)));
        }

        sent.Passes += count;
        sent.NextBytes = passes[sent.Passes - 1].EndBytes - sent.Bytes;
    }

    /// <summary>The pass behind the last one that shares a segment with the first.</summary>
    private int EndOf(int first, int end) => first + Math.Min(end - first, BlockSegments.PassesFrom(first, end - first, _style));

    private static int BytesOf(ReadOnlySpan<CodedPass> passes, int first, int end, in Sent sent) =>
        passes[end - 1].EndBytes - (first == sent.Passes ? sent.Bytes : passes[first - 1].EndBytes);

    /// <summary>What packets have said of a block so far.</summary>
    private struct Sent
    {
        internal int Passes;
        internal int Bytes;
        internal int NextBytes;
        internal int LengthBits;
    }
}
