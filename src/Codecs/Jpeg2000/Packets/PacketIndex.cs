using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>One packet of a codestream: what one layer adds to one precinct (T.800 §B.9).</summary>
/// <param name="Tile">Index of the tile.</param>
/// <param name="Component">Index of the component.</param>
/// <param name="Resolution">0 is the smallest.</param>
/// <param name="Precinct">Index in the resolution, by rows.</param>
/// <param name="Layer">0 is the first.</param>
/// <param name="Offset">First byte, counted from SOC; an SOP segment belongs to the packet.</param>
/// <param name="LengthBytes">Header and body; the body alone, which may be empty, where the headers stand apart (PPM, PPT).</param>
public readonly record struct Packet(int Tile, int Component, int Resolution, int Precinct, int Layer, long Offset, int LengthBytes)
{
    internal const int HeaderInFront = -1;

    /// <summary>First byte of its header in <see cref="CodestreamHeaders.PackedHeaders"/>; <see cref="HeaderInFront"/> where it stands before the body.</summary>
    internal int HeaderOffset { get; init; } = HeaderInFront;
}

/// <summary>From where the lengths of packets are taken.</summary>
public enum PacketLengthSource
{
    /// <summary>PLT where every tile-part has it, packet headers otherwise and where they stand apart.</summary>
    Best,

    /// <summary>PLT segments (T.800 §A.7.3); refused where packet headers stand apart, because decoding has to read them all the same.</summary>
    PacketLengths,

    /// <summary>Packet headers (T.800 §B.10).</summary>
    PacketHeaders,
}

/// <summary>
/// Where every packet of a codestream lies. It serves a view window (precinct data-bins, T.808 Annex A) and a transfer layer by layer:
/// both ask for some packets and send their bytes. Where packet headers stand apart (PPM, PPT), they go with the headers of the codestream, and
/// the packets of the index are the bodies.
/// </summary>
public sealed class PacketIndex
{
    // Room for the packets of a slice at once; a header that promises more has to have them.
    private const int UsualPackets = 1024;

    private readonly Packet[] _packets;
    private readonly TileGeometry?[] _tiles;

    private PacketIndex(CodestreamHeaders headers, Packet[] packets, TileGeometry?[] tiles) => (Headers, _packets, _tiles) = (headers, packets, tiles);

    /// <summary>Main header and tile-parts.</summary>
    public CodestreamHeaders Headers { get; }

    /// <summary>All packets, in the order of their bytes.</summary>
    public ReadOnlySpan<Packet> Packets => _packets;

    /// <summary>Where the precincts and code-blocks of a tile lie.</summary>
    internal TileGeometry Geometry(int tile) => _tiles[tile]!;

    /// <summary>Indexes a codestream, plain or high throughput, in one or many tiles and tile-parts.</summary>
    /// <exception cref="CodecException">It is damaged or cut, or larger than the limits; or PLT is asked for and cannot be used.</exception>
    public static PacketIndex Read(ReadOnlySpan<byte> codestream, CodecLimits limits, PacketLengthSource source = PacketLengthSource.Best)
    {
        var headers = CodestreamHeaders.Read(codestream, limits);
        var tiles = new TileGeometry?[headers.Size.Tiles];
        var packets = new List<Packet>();
        foreach (var parts in headers.TileParts.GroupBy(part => part.Tile))
        {
            var tile = tiles[parts.Key] = new TileGeometry(headers, parts.Key);

            // Even an empty packet takes a byte: a header that promises more packets than bytes is refused before any is looked for.
            var promised = tile.Precincts * headers.StyleOf(parts.Key).Layers;
            if (promised > codestream.Length)
            {
                throw new CodecException(CodecFault.Truncated, $"Tile {parts.Key} has {promised} packets, the codestream {codestream.Length} bytes.");
            }

            var before = packets.Count;
            packets.EnsureCapacity(packets.Count + (int)Math.Min(promised, UsualPackets));
            TileParts data = new([.. parts], source);
            var reader = new PacketHeaderReader(tile, headers, parts.Key);
            foreach (var (component, resolution, precinct, layer) in PacketOrder.Of(tile, headers.VolumesOf(parts.Key)))
            {
                data.Advance();
                var headerLength = 0;
                var packet = new Packet(parts.Key, component, resolution, precinct, layer, data.Offset, data.HasLengths ? data.NextLength() : 0) { HeaderOffset = data.HeaderOffset };
                if (!data.HasLengths)
                {
                    packet = packet with { LengthBytes = reader.LengthOf(codestream.Slice((int)data.Offset, (int)data.Left), packet, out headerLength) };
                }

                packets.Add(packet);
                data.Take(packet.LengthBytes, headerLength);
            }

            // Only POC can leave some out: the tile-part that goes on with it is missing.
            if (packets.Count - before < promised)
            {
                throw new CodecException(CodecFault.Truncated, $"The progressions of tile {parts.Key} go through {packets.Count - before} packets of {promised}.");
            }
        }

        if (Array.IndexOf(tiles, null) is var missing and >= 0)
        {
            throw new CodecException(CodecFault.Truncated, $"Tile {missing} of {tiles.Length} is missing.");
        }

        // The parts of several tiles may lie between each other. Empty bodies lie where the next one does; they keep the order of their headers within a tile.
        if (tiles.Length > 1)
        {
            packets.Sort((one, other) => one.Offset != other.Offset ? one.Offset.CompareTo(other.Offset) : one.HeaderOffset.CompareTo(other.HeaderOffset));
        }

        return new PacketIndex(headers, [.. packets], tiles);
    }

    /// <summary>The number of a packet's precinct among all of the codestream, as data-bins are numbered (T.808 §A.3.2.1).</summary>
    public long PrecinctIdentifier(in Packet packet)
    {
        var number = _tiles[packet.Tile]!.Grid(packet.Component, packet.Resolution).FirstNumber + packet.Precinct;
        return packet.Tile + ((packet.Component + (number * Headers.Size.Components.Count)) * Headers.Size.Tiles);
    }

    /// <summary>The bytes of the packets that are wanted, in the order of the codestream, neighbours joined.</summary>
    /// <remarks>For a transfer by layers: all packets of a layer, <c>packet => packet.Layer == n</c>; the headers come before.</remarks>
    public IReadOnlyList<ByteRange> RangesOf(Func<Packet, bool> isWanted)
    {
        ArgumentNullException.ThrowIfNull(isWanted);
        var ranges = new List<ByteRange>();
        foreach (ref readonly var packet in Packets)
        {
            if (packet.LengthBytes == 0 || !isWanted(packet))
            {
                continue;
            }

            if (ranges is [.., var last] && last.Offset + last.LengthBytes == packet.Offset)
            {
                ranges[^1] = last with { LengthBytes = last.LengthBytes + packet.LengthBytes };
            }
            else
            {
                ranges.Add(new ByteRange(packet.Offset, packet.LengthBytes));
            }
        }

        return ranges;
    }

    /// <summary>Goes through the data of the parts of one tile, and through the lengths or the packet headers that stand in their headers.</summary>
    private struct TileParts
    {
        private readonly TilePart[] _parts;
        private readonly bool _areHeadersApart;
        private int _part;
        private int _lengthsRead;
        private long _headersLeft;

        internal TileParts(TilePart[] parts, PacketLengthSource source)
        {
            _parts = parts;
            _areHeadersApart = parts.Any(part => part.PackedHeaders is not null);
            HasLengths = source != PacketLengthSource.PacketHeaders && !_areHeadersApart && parts.All(part => part.PacketLengths.Length > 0 || part.Data.LengthBytes == 0);
            if (source == PacketLengthSource.PacketLengths && !HasLengths)
            {
                throw new CodecException(CodecFault.Unsupported, "The codestream has no PLT segments, or its packet headers stand apart.");
            }

            Enter(0);
        }

        internal bool HasLengths { get; }

        internal long Offset { get; private set; }

        internal long Left { get; private set; }

        /// <summary>As <see cref="Packet.HeaderOffset"/>.</summary>
        internal int HeaderOffset { get; private set; }

        /// <summary>Goes on to the next part when this one is used up; packets do not cross parts.</summary>
        internal void Advance()
        {
            while ((_areHeadersApart ? _headersLeft : Left) == 0)
            {
                if (Left > 0)
                {
                    throw new CodecException(CodecFault.Malformed, $"A tile-part has {Left} bytes of which no packet header tells.");
                }

                if (_part + 1 == _parts.Length)
                {
                    throw new CodecException(CodecFault.Truncated, "The tile-parts end before the last packet.");
                }

                Enter(_part + 1);
            }
        }

        /// <summary>Reads a number in groups of seven bits (T.800 Table A.36).</summary>
        internal int NextLength()
        {
            var lengths = _parts[_part].PacketLengths;
            long value = 0;
            while (_lengthsRead < lengths.Length)
            {
                var group = lengths[_lengthsRead++];
                value = (value << 7) | (group & 0x7Fu);
                if (value > Left)
                {
                    throw new CodecException(CodecFault.Malformed, $"PLT has a packet of {value} bytes where {Left} are left.");
                }

                if (group < 0x80)
                {
                    return value > 0 ? (int)value : throw new CodecException(CodecFault.Malformed, "PLT has a packet without bytes.");
                }
            }

            throw new CodecException(CodecFault.Truncated, "PLT has fewer lengths than there are packets.");
        }

        /// <summary>Steps over a packet, and over its header where that stands apart.</summary>
        internal void Take(int lengthBytes, int headerLengthBytes)
        {
            (Offset, Left) = (Offset + lengthBytes, Left - lengthBytes);
            if (_areHeadersApart)
            {
                (HeaderOffset, _headersLeft) = headerLengthBytes <= _headersLeft
                    ? (HeaderOffset + headerLengthBytes, _headersLeft - headerLengthBytes)
                    : throw new CodecException(CodecFault.Truncated, $"A packet header of {headerLengthBytes} bytes where {_headersLeft} are left.");
            }
        }

        private void Enter(int part)
        {
            (_part, Offset, Left, _lengthsRead) = (part, _parts[part].Data.Offset, _parts[part].Data.LengthBytes, 0);
            if (_areHeadersApart)
            {
                var headers = _parts[part].PackedHeaders.GetValueOrDefault();
                (HeaderOffset, _headersLeft) = ((int)headers.Offset, headers.LengthBytes);
            }
            else
            {
                HeaderOffset = Packet.HeaderInFront;
            }
        }
    }
}
