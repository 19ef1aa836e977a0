using System.Numerics;
using System.Runtime.InteropServices;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Finds the length of packets by reading their headers (T.800 §B.9, §B.10), for one tile; and, if asked, what they add to code-blocks.</summary>
/// <param name="tile">Where its precincts and code-blocks lie.</param>
/// <param name="headers">Those of the codestream.</param>
/// <param name="tileIndex">Which tile.</param>
/// <param name="chunks">Takes what packets add to code-blocks; null for lengths only.</param>
internal sealed class PacketHeaderReader(TileGeometry tile, CodestreamHeaders headers, int tileIndex, List<BlockChunk>? chunks = null)
{
    private const int StartOfPacketBytes = 6;
    private const int FirstLengthBits = 3;
    private const int BitPlaneLimit = 80;

    // A real precinct has at most a few thousand code-blocks; a bomb has millions.
    private const long BlockLimit = 1 << 22;

    private readonly Dictionary<(int Component, int Resolution, int Precinct), Band[]> _precincts = [];
    private readonly CodingStyle _style = headers.StyleOf(tileIndex);
    private long _blocks;

    /// <summary>Every precinct that a packet has had something for, with its subbands.</summary>
    internal IEnumerable<(int Component, int Resolution, Band[] Bands)> Precincts => _precincts.Select(one => (one.Key.Component, one.Key.Resolution, one.Value));

    /// <summary>Reads a packet and keeps what it adds to code-blocks.</summary>
    /// <param name="codestream">The whole codestream.</param>
    /// <param name="packet">One of this tile; those of a precinct come in the order of their layers.</param>
    /// <exception cref="CodecException">The header is damaged.</exception>
    internal void Read(ReadOnlySpan<byte> codestream, in Packet packet)
    {
        var first = chunks?.Count ?? 0;
        var data = codestream.Slice((int)packet.Offset, packet.LengthBytes);
        if (LengthOf(data, packet, out _) != data.Length)
        {
            throw new CodecException(CodecFault.Malformed, $"A packet at {packet.Offset} has another length than PLT says.");
        }

        // The bodies lie behind the header, if it is not apart, up to the end of the packet.
        var offset = (int)packet.Offset + data.Length;
        var added = CollectionsMarshal.AsSpan(chunks)[first..];
        for (var i = added.Length - 1; i >= 0; i--)
        {
            offset -= added[i].LengthBytes;
            added[i] = added[i] with { Offset = offset };
        }
    }

    /// <summary>The length of the packet at the beginning of the data: its header, if that is not apart, its body, and the markers around the header.</summary>
    /// <param name="data">From the packet on.</param>
    /// <param name="packet">Which one; its length is not looked at.</param>
    /// <param name="headerLengthBytes">Of the header with EPH.</param>
    /// <exception cref="CodecException">The header is damaged, or the packet is longer than the data.</exception>
    internal int LengthOf(ReadOnlySpan<byte> data, in Packet packet, out int headerLengthBytes)
    {
        var start = data is [0xFF, (byte)(CodestreamMarker.StartOfPacket & 0xFF), ..] && _style.MayHaveStart ? StartOfPacketBytes : 0;
        if (start > data.Length)
        {
            throw new CodecException(CodecFault.Truncated, "An SOP segment is cut.");
        }

        var isApart = packet.HeaderOffset != Packet.HeaderInFront;
        var header = isApart ? headers.PackedHeaders[packet.HeaderOffset..] : data[start..];
        var bits = new PacketBits(header);
        long body = 0;
        if (bits.Read() == 1)
        {
            var style = headers.StyleOf(tileIndex, packet.Component);
            foreach (var band in BandsOf(packet.Component, packet.Resolution, packet.Precinct))
            {
                for (var block = 0; block < band.Blocks.Length; block++)
                {
                    body += ReadBlock(ref bits, band, block, packet.Layer, style.BlockStyle);
                }
            }
        }

        bits.Align();
        headerLengthBytes = bits.Position;
        if (_style.HasHeaderEnd && bits.Position is var at)
        {
            headerLengthBytes += header.Length - at >= 2 && header[at] == 0xFF && header[at + 1] == (CodestreamMarker.EndOfPacketHeader & 0xFF)
                ? 2
                : throw new CodecException(CodecFault.Malformed, "A packet header does not end with EPH.");
        }

        var length = start + (isApart ? 0 : headerLengthBytes) + body;
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
    private long ReadBlock(ref PacketBits bits, Band band, int index, int layer, int style)
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

            block.ZeroPlanes = planes - 1;
        }

        var passes = ReadPasses(ref bits);
        while (bits.Read() == 1)
        {
            block.LengthBits++;
        }

        long length = 0;
        while (passes > 0)
        {
            var together = Math.Min(passes, BlockSegments.PassesFrom(block.Passes, passes, style));
            var bytes = bits.Read(block.LengthBits + BitOperations.Log2((uint)together));
            length += bytes;
            if (chunks is not null)
            {
                Keep(chunks, ref block, new BlockChunk(0, bytes, together, BlockSegments.IsBeginning(block.Passes, style), 0));
            }

            block.Passes += together;
            passes -= together;
        }

        return length;
    }

    private static void Keep(List<BlockChunk> chunks, ref Block block, in BlockChunk chunk)
    {
        chunks.Add(chunk);
        if (block.LastChunk > 0)
        {
            chunks[block.LastChunk - 1] = chunks[block.LastChunk - 1] with { Next = chunks.Count };
        }
        else
        {
            block.FirstChunk = chunks.Count;
        }

        block.LastChunk = chunks.Count;
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

    internal struct Block
    {
        /// <summary>Lblock; 0 until the block is included for the first time.</summary>
        internal int LengthBits;

        internal int Passes;

        /// <summary>Bit-planes at the top that are zero and not coded.</summary>
        internal int ZeroPlanes;

        /// <summary>What packets have added to it first and last, counted from 1; 0 where they have added nothing.</summary>
        internal int FirstChunk, LastChunk;
    }

    internal sealed class Band(BlockGrid grid)
    {
        internal BlockGrid Grid => grid;

        internal Block[] Blocks { get; } = new Block[grid.Across * grid.Down];

        internal TagTree Inclusion { get; } = new(grid.Across, grid.Down);

        internal TagTree ZeroPlanes { get; } = new(grid.Across, grid.Down);
    }
}

/// <summary>What one packet adds to one code-block.</summary>
/// <param name="Offset">Of its first byte in the codestream.</param>
/// <param name="LengthBytes">How many bytes.</param>
/// <param name="Passes">Coding passes in them.</param>
/// <param name="BeginsSegment">The coder begins anew here; otherwise the bytes continue those of the chunk before.</param>
/// <param name="Next">What the next packet adds to the same block, counted from 1; 0 where none does.</param>
internal readonly record struct BlockChunk(int Offset, int LengthBytes, int Passes, bool BeginsSegment, int Next);
