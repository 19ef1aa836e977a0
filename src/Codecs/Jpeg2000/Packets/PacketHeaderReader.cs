using System.Numerics;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Finds the length of packets by reading their headers (T.800 §B.9, §B.10), for one tile.</summary>
internal sealed class PacketHeaderReader(TileGeometry tile, CodestreamHeaders headers, int tileIndex)
{
    private const int StartOfPacketBytes = 6;
    private const int FirstLengthBits = 3;
    private const int BitPlaneLimit = 80;

    // A real precinct has at most a few thousand code-blocks; a bomb has millions.
    private const long BlockLimit = 1 << 22;

    private readonly Dictionary<(int Component, int Resolution, int Precinct), Band[]> _precincts = [];
    private readonly CodingStyle _style = headers.StyleOf(tileIndex);
    private long _blocks;

    /// <summary>The length of the packet at the beginning of the data: its header, its body, and the markers around the header.</summary>
    /// <exception cref="CodecException">The header is damaged, or the packet is longer than the data.</exception>
    internal int LengthOf(ReadOnlySpan<byte> data, int component, int resolution, int precinct, int layer)
    {
        var start = data is [0xFF, (byte)(CodestreamMarker.StartOfPacket & 0xFF), ..] && _style.MayHaveStart ? StartOfPacketBytes : 0;
        if (start > data.Length)
        {
            throw new CodecException(CodecFault.Truncated, "An SOP segment is cut.");
        }

        var bits = new PacketBits(data[start..]);
        long body = 0;
        if (bits.Read() == 1)
        {
            var style = headers.StyleOf(tileIndex, component);
            foreach (var band in BandsOf(component, resolution, precinct))
            {
                for (var block = 0; block < band.Blocks.Length; block++)
                {
                    body += ReadBlock(ref bits, band, block, layer, style.BlockStyle);
                }
            }
        }

        bits.Align();
        long length = start + bits.Position + body;
        if (_style.HasHeaderEnd && start + bits.Position is var at)
        {
            length += data.Length - at >= 2 && data[at] == 0xFF && data[at + 1] == (CodestreamMarker.EndOfPacketHeader & 0xFF)
                ? 2
                : throw new CodecException(CodecFault.Malformed, "A packet header does not end with EPH.");
        }

        return length <= data.Length ? (int)length : throw new CodecException(CodecFault.Truncated, $"A packet of {length} bytes where {data.Length} are left.");
    }

    private Band[] BandsOf(int component, int resolution, int precinct)
    {
        if (!_precincts.TryGetValue((component, resolution, precinct), out var bands))
        {
            var grids = tile.BlocksOf(component, resolution, precinct);
            _blocks += grids.Sum(grid => (long)grid.Across * grid.Down);
            if (_blocks > BlockLimit)
            {
                throw new CodecException(CodecFault.LimitExceeded, $"More than {BlockLimit} code-blocks in a tile.");
            }

            _precincts.Add((component, resolution, precinct), bands = [.. grids.Select(grid => new Band(grid))]);
        }

        return bands;
    }

    /// <summary>What a packet says of one code-block; returns the bytes that it adds to the body.</summary>
    private static long ReadBlock(ref PacketBits bits, Band band, int index, int layer, int style)
    {
        ref var block = ref band.Blocks[index];
        var (x, y) = (index % band.Grid.Across, index / band.Grid.Across);
        var isFirst = block.LengthBits == 0;
        if (!(isFirst ? band.Inclusion.IsBelow(ref bits, x, y, layer + 1) : bits.Read() == 1))
        {
            return 0;
        }

        if (isFirst)
        {
            block.LengthBits = FirstLengthBits;
            var planes = 1;
            while (!band.ZeroPlanes.IsBelow(ref bits, x, y, planes))
            {
                if (++planes > BitPlaneLimit)
                {
                    throw new CodecException(CodecFault.Malformed, $"More than {BitPlaneLimit} bit-planes.");
                }
            }
        }

        var passes = ReadPasses(ref bits);
        while (bits.Read() == 1)
        {
            block.LengthBits++;
        }

        long length = 0;
        while (passes > 0)
        {
            var together = Math.Min(passes, PassesInSegment(block.Passes, style));
            length += bits.Read(block.LengthBits + BitOperations.Log2((uint)together));
            block.Passes += together;
            passes -= together;
        }

        return length;
    }

    /// <summary>T.800 Table B.4.</summary>
    private static int ReadPasses(ref PacketBits bits)
    {
        if (bits.Read() == 0)
        {
            return 1;
        }

        if (bits.Read() == 0)
        {
            return 2;
        }

        if (bits.Read(2) is var two and < 3)
        {
            return 3 + two;
        }

        return bits.Read(5) is var five and < 31 ? 6 + five : 37 + bits.Read(7);
    }

    /// <summary>How many passes follow, from the next one on, before the code-block's data are terminated (T.800 Table D.8; T.814).</summary>
    private static int PassesInSegment(int passesBefore, int style)
    {
        if ((style & ComponentStyle.HighThroughput) != 0)
        {
            // The cleanup pass has a segment of its own, the two refining passes share one.
            return passesBefore == 0 ? 1 : int.MaxValue;
        }

        if ((style & ComponentStyle.TerminateAll) != 0)
        {
            return 1;
        }

        if ((style & ComponentStyle.Bypass) == 0)
        {
            return int.MaxValue;
        }

        const int BeforeBypass = 10;
        return passesBefore < BeforeBypass ? BeforeBypass - passesBefore : (passesBefore - BeforeBypass) % 3 == 0 ? 2 : 1;
    }

    private struct Block
    {
        /// <summary>Lblock; 0 until the block is included for the first time.</summary>
        internal int LengthBits;

        internal int Passes;
    }

    private sealed class Band(BlockGrid grid)
    {
        internal BlockGrid Grid => grid;

        internal Block[] Blocks { get; } = new Block[grid.Across * grid.Down];

        internal TagTree Inclusion { get; } = new(grid.Across, grid.Down);

        internal TagTree ZeroPlanes { get; } = new(grid.Across, grid.Down);
    }
}
