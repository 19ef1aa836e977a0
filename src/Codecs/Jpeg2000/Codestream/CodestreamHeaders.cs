using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Main header and tile-part headers of a codestream, as far as packets depend on them (T.800 Annex A).</summary>
public sealed class CodestreamHeaders
{
    private const int TilePartLimit = 1 << 20;
    private const int TilePartHeaderLengthBytes = 12;

    // OpenJPEG reads as many. Each volume of a hostile stream makes all packets of a tile be gone through once more.
    private const int VolumeLimit = 32;

    private readonly List<TilePart> _parts = [];
    private readonly Dictionary<int, TileStyle> _tiles = [];
    private readonly TileStyle _main = new();
    private PackedHeaders? _packed;

    private CodestreamHeaders()
    {
    }

    /// <summary>Reference grid, tiles, components.</summary>
    public ImageSize Size { get; private set; } = null!;

    /// <summary>From SOC to the first SOT, that excluded.</summary>
    public ByteRange MainHeader { get; private set; }

    /// <summary>The tile-parts as they follow each other.</summary>
    public IReadOnlyList<TilePart> TileParts => _parts;

    /// <summary>Packet headers that stand apart from the bodies, of all tile-parts.</summary>
    internal ReadOnlySpan<byte> PackedHeaders => _packed is null ? [] : _packed.Bytes;

    /// <summary>Reads all headers; packets are stepped over.</summary>
    /// <exception cref="CodecException">They are damaged or larger than the limits.</exception>
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

    /// <summary>The packets of a tile as they follow each other: what POC says in the tile, what it says of all, or else all packets in the order of COD (T.800 §A.6.6).</summary>
    internal IReadOnlyList<ProgressionVolume> VolumesOf(int tile)
    {
        var style = StyleOf(tile);
        var changes = _tiles.GetValueOrDefault(tile) is { Volumes: { Count: > 0 } own } ? own : _main.Volumes;
        return changes.Count == 0
            ? [new ProgressionVolume(style.Order, 0, int.MaxValue, 0, int.MaxValue, style.Layers)]
            : [.. changes.Select(volume => volume with { EndLayer = Math.Min(volume.EndLayer, style.Layers) })];
    }

    /// <summary>How a component was quantized in a tile.</summary>
    /// <exception cref="CodecException">Nothing says it.</exception>
    internal Quantization QuantizationOf(int tile, int component)
    {
        var own = _tiles.GetValueOrDefault(tile);
        return own?.Quantizations.GetValueOrDefault(component) ?? own?.Quantization ?? _main.Quantizations.GetValueOrDefault(component) ?? _main.Quantization
            ?? throw new CodecException(CodecFault.Malformed, "The codestream has no QCD.");
    }

    /// <summary>By how many bit-planes a region of interest was raised; 0 where there is none (T.800 §H.1).</summary>
    internal int RegionShiftOf(int tile, int component) =>
        _tiles.GetValueOrDefault(tile) is { } own && own.RegionShifts.TryGetValue(component, out var shift) ? shift : _main.RegionShifts.GetValueOrDefault(component);

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

        _packed?.EndMainHeader();
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

        _parts.Add(new TilePart(tile, part, new ByteRange(start, at - start), new ByteRange(at, end - at), lengths.ToArray()) { PackedHeaders = _packed?.EndTilePartHeader() });
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
                var component = ComponentOf(content, out var rest);
                if (rest.IsEmpty)
                {
                    throw new CodecException(CodecFault.Malformed, $"COC of {content.Length} bytes.");
                }

                style.Components[component] = ComponentStyle.Read(rest[1..], (rest[0] & ComponentStyle.HasPrecincts) != 0);
                break;
            case CodestreamMarker.Quantization:
                style.Quantization = Quantization.Read(content);
                break;
            case CodestreamMarker.ComponentQuantization:
                style.Quantizations[ComponentOf(content, out var steps)] = Quantization.Read(steps);
                break;
            case CodestreamMarker.Region:
                var region = ComponentOf(content, out var shift);
                style.RegionShifts[region] = shift is [0, var planes] ? planes : throw new CodecException(CodecFault.Malformed, $"RGN of {content.Length} bytes.");
                break;
            case CodestreamMarker.ProgressionChange:
                style.Volumes.AddRange(ProgressionVolume.Read(content, ComponentBytes));
                if (style.Volumes.Count > VolumeLimit)
                {
                    throw new CodecException(CodecFault.LimitExceeded, $"More than {VolumeLimit} changes of progression.");
                }

                break;
            case CodestreamMarker.PackedHeaders when style == _main:
            case CodestreamMarker.PackedTileHeaders when style != _main:
                (_packed ??= new PackedHeaders()).Add(content);
                break;
            case CodestreamMarker.PackedHeaders or CodestreamMarker.PackedTileHeaders:
                throw new CodecException(CodecFault.Malformed, $"Segment {marker:X4} stands in the wrong header.");
        }
    }

    /// <summary>How many bytes the index of a component takes.</summary>
    private int ComponentBytes => (Size?.Components.Count ?? throw new CodecException(CodecFault.Malformed, "A segment of a component comes before SIZ.")) > 256 ? 2 : 1;

    /// <summary>The component that a segment is about.</summary>
    private int ComponentOf(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> rest)
    {
        var wide = ComponentBytes;
        var component = content.Length < wide ? int.MaxValue : wide == 1 ? content[0] : BinaryPrimitives.ReadUInt16BigEndian(content);
        rest = component < Size.Components.Count ? content[wide..] : throw new CodecException(CodecFault.Malformed, $"A segment of component {component}.");
        return component;
    }

    private sealed class TileStyle
    {
        internal Quantization? Quantization { get; set; }

        internal Dictionary<int, Quantization> Quantizations { get; } = [];

        internal Dictionary<int, int> RegionShifts { get; } = [];

        internal List<ProgressionVolume> Volumes { get; } = [];

        internal CodingStyle? Style { get; set; }

        internal ComponentStyle? Standard { get; set; }

        internal Dictionary<int, ComponentStyle> Components { get; } = [];
    }
}
