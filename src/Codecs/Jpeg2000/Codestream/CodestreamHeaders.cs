using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Main header and tile-part headers of a codestream, as far as packets depend on them (T.800 Annex A).</summary>
public sealed class CodestreamHeaders
{
    private const int TilePartLimit = 1 << 20;
    private const int TilePartHeaderLengthBytes = 12;

    private readonly List<TilePart> _parts = [];
    private readonly Dictionary<int, TileStyle> _tiles = [];
    private TileStyle _main = new();

    private CodestreamHeaders()
    {
    }

    /// <summary>Reference grid, tiles, components.</summary>
    public ImageSize Size { get; private set; } = null!;

    /// <summary>From SOC to the first SOT, that excluded.</summary>
    public ByteRange MainHeader { get; private set; }

    /// <summary>The tile-parts as they follow each other.</summary>
    public IReadOnlyList<TilePart> TileParts => _parts;

    /// <summary>Reads all headers; packets are stepped over.</summary>
    /// <exception cref="CodecException">They are damaged, larger than the limits, or use what is not supported (POC, PPM, PPT).</exception>
    public static CodestreamHeaders Read(ReadOnlySpan<byte> codestream, CodecLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var headers = new CodestreamHeaders();
        var at = headers.ReadMain(codestream, limits);
        while (at + 2 <= codestream.Length && Number(codestream, at) == CodestreamMarker.StartOfTilePart)
        {
            if (headers._parts.Count == TilePartLimit)
            {
                throw new CodecException(CodecFault.LimitExceeded, $"More than {TilePartLimit} tile-parts.");
            }

            at = headers.ReadTilePart(codestream, at);
        }

        if (headers._parts.Count == 0)
        {
            throw new CodecException(CodecFault.Truncated, "A codestream without tile-parts.");
        }

        return headers;
    }

    /// <summary>The coding style of a tile.</summary>
    public CodingStyle StyleOf(int tile) => (_tiles.GetValueOrDefault(tile)?.Style ?? _main.Style)!;

    /// <summary>The coding style of a component in a tile: what is said of the component in the tile, of the tile, of the component, of all.</summary>
    public ComponentStyle StyleOf(int tile, int component)
    {
        var own = _tiles.GetValueOrDefault(tile);
        return own?.Components.GetValueOrDefault(component) ?? own?.Standard ?? _main.Components.GetValueOrDefault(component) ?? _main.Standard!;
    }

    private static ushort Number(ReadOnlySpan<byte> codestream, int at) => BinaryPrimitives.ReadUInt16BigEndian(codestream[at..]);

    private int ReadMain(ReadOnlySpan<byte> codestream, CodecLimits limits)
    {
        if (codestream.Length < 4 || Number(codestream, 0) != CodestreamMarker.Start)
        {
            throw new CodecException(codestream.Length < 4 ? CodecFault.Truncated : CodecFault.Malformed, "The codestream does not begin with SOC.");
        }

        var at = 2;
        while (TryReadSegment(codestream, ref at, CodestreamMarker.StartOfTilePart, out var marker, out var content))
        {
            if (marker == CodestreamMarker.Size)
            {
                Size = ImageSize.Read(content, limits);
            }
            else
            {
                Take(_main, marker, content);
            }
        }

        if (Size is null || _main.Style is null)
        {
            throw new CodecException(CodecFault.Malformed, "The main header has no SIZ or no COD.");
        }

        MainHeader = new ByteRange(0, at);
        return at;
    }

    private int ReadTilePart(ReadOnlySpan<byte> codestream, int start)
    {
        if (codestream.Length - start < TilePartHeaderLengthBytes)
        {
            throw new CodecException(CodecFault.Truncated, "A tile-part header is cut.");
        }

        var tile = Number(codestream, start + 4);
        long length = BinaryPrimitives.ReadUInt32BigEndian(codestream[(start + 6)..]);
        var part = codestream[start + 10];
        if (Number(codestream, start + 2) != TilePartHeaderLengthBytes - 2 || tile >= Size.Tiles || (length != 0 && length < TilePartHeaderLengthBytes + 2))
        {
            throw new CodecException(CodecFault.Malformed, $"Part {part} of tile {tile}, {length} bytes.");
        }

        if (!_tiles.TryGetValue(tile, out var style))
        {
            _tiles.Add(tile, style = new TileStyle());
        }

        var at = start + TilePartHeaderLengthBytes;
        using var lengths = new MemoryStream();
        while (TryReadSegment(codestream, ref at, CodestreamMarker.StartOfData, out var marker, out var content))
        {
            if (marker == CodestreamMarker.PacketLengths && content.Length > 0)
            {
                lengths.Write(content[1..]);
            }
            else
            {
                Take(style, marker, content);
            }
        }

        at += 2;

        // A length of zero means: to the end of the codestream (T.800 Table A.5).
        var end = length == 0 ? EndOfData(codestream) : start + length;
        if (end > codestream.Length || end < at)
        {
            throw new CodecException(end < at ? CodecFault.Malformed : CodecFault.Truncated, $"Part {part} of tile {tile} ends at {end}.");
        }

        _parts.Add(new TilePart(tile, part, new ByteRange(start, at - start), new ByteRange(at, end - at), lengths.ToArray()));
        return (int)end;
    }

    private static int EndOfData(ReadOnlySpan<byte> codestream) =>
        codestream.Length - (Number(codestream, codestream.Length - 2) == CodestreamMarker.End ? 2 : 0);

    /// <summary>Reads the next segment; false, at the marker, if that is the one that ends the header.</summary>
    private static bool TryReadSegment(ReadOnlySpan<byte> codestream, ref int at, ushort last, out ushort marker, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (codestream.Length - at < 2)
        {
            throw new CodecException(CodecFault.Truncated, "A header ends before its last marker.");
        }

        marker = Number(codestream, at);
        if (marker is >= CodestreamMarker.FirstAlone and <= CodestreamMarker.LastAlone)
        {
            at += 2;
            return true;
        }

        if (marker == last)
        {
            return false;
        }

        if (marker < 0xFF00 || codestream.Length - at < 4)
        {
            throw new CodecException(marker < 0xFF00 ? CodecFault.Malformed : CodecFault.Truncated, $"{marker:X4} at {at} where a marker should be.");
        }

        var length = Number(codestream, at + 2);
        if (length < 2 || length > codestream.Length - at - 2)
        {
            throw new CodecException(length < 2 ? CodecFault.Malformed : CodecFault.Truncated, $"Segment {marker:X4} of {length} bytes.");
        }

        content = codestream.Slice(at + 4, length - 2);
        at += length + 2;
        return true;
    }

    private void Take(TileStyle style, ushort marker, ReadOnlySpan<byte> content)
    {
        switch (marker)
        {
            case CodestreamMarker.CodingStyle:
                if (content.Length < 5 || content[1] > (byte)ProgressionOrder.Cprl || BinaryPrimitives.ReadUInt16BigEndian(content[2..]) == 0)
                {
                    throw new CodecException(CodecFault.Malformed, $"COD of {content.Length} bytes.");
                }

                style.Style = new CodingStyle(
                    (ProgressionOrder)content[1], BinaryPrimitives.ReadUInt16BigEndian(content[2..]), (content[0] & 2) != 0, (content[0] & 4) != 0, content[4] != 0);
                style.Standard = ComponentStyle.Read(content[5..], (content[0] & ComponentStyle.HasPrecincts) != 0);
                break;
            case CodestreamMarker.ComponentStyle:
                var wide = (Size?.Components.Count ?? throw new CodecException(CodecFault.Malformed, "COC comes before SIZ.")) > 256 ? 2 : 1;
                var component = content.Length > wide ? wide == 1 ? content[0] : BinaryPrimitives.ReadUInt16BigEndian(content) : int.MaxValue;
                if (component >= Size.Components.Count)
                {
                    throw new CodecException(CodecFault.Malformed, $"COC of {content.Length} bytes.");
                }

                style.Components[component] = ComponentStyle.Read(content[(wide + 1)..], (content[wide] & ComponentStyle.HasPrecincts) != 0);
                break;
            case CodestreamMarker.ProgressionChange or CodestreamMarker.PackedHeaders or CodestreamMarker.PackedTileHeaders:
                throw new CodecException(CodecFault.Unsupported, $"Segment {marker:X4} moves packets or their headers, which is not indexed.");
        }
    }

    private sealed class TileStyle
    {
        internal CodingStyle? Style { get; set; }

        internal ComponentStyle? Standard { get; set; }

        internal Dictionary<int, ComponentStyle> Components { get; } = [];
    }
}
