using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Tiles;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000;

/// <summary>
/// Decodes JPEG 2000 Part 1: both transforms, tiles and tile-parts, layers, precincts, all progressions and styles of code-blocks,
/// regions of interest, up to 16 bits and four components.
/// </summary>
/// <remarks>T.800. POC, PPM, PPT and high throughput code-blocks are <see cref="CodecFault.Unsupported"/>.</remarks>
public sealed class Jpeg2000Decoder : IFrameDecoder
{
    private const int LargestPrecision = 16;
    private const int ComponentLimit = 4;

    /// <summary>The one decoder that is needed; it holds nothing.</summary>
    public static Jpeg2000Decoder Instance { get; } = new();

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits) => LayoutOf(CodestreamHeaders.Read(encoded, limits).Size);

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        var index = PacketIndex.Read(encoded, limits);
        var coded = LayoutOf(index.Headers.Size);
        if (coded.Width != layout.Width || coded.Height != layout.Height || coded.Components != layout.Components || layout.BitsAllocated is not (8 or 16)
            || coded.BitsStored > layout.BitsAllocated)
        {
            throw new CodecException(
                CodecFault.Mismatch,
                $"The codestream has {coded.Width} x {coded.Height} x {coded.Components} samples of {coded.BitsStored} bits; expected were {layout.Width} x {layout.Height} x {layout.Components} in {layout.BitsAllocated}.");
        }

        for (var tile = 0; tile < index.Headers.Size.Tiles; tile++)
        {
            for (var c = 0; c < coded.Components; c++)
            {
                if ((index.Headers.StyleOf(tile, c).BlockStyle & ComponentStyle.HighThroughput) != 0)
                {
                    throw new CodecException(CodecFault.Unsupported, "High throughput code-blocks are not decoded.");
                }
            }
        }

        var decoder = new TileDecoder(index);
        foreach (var packets in ByTile(index))
        {
            decoder.Decode(encoded, packets[0].Tile, packets, layout, samples);
        }
    }

    private static IEnumerable<Packet[]> ByTile(PacketIndex index) =>
        index.Headers.Size.Tiles == 1 ? [index.Packets.ToArray()] : index.Packets.ToArray().GroupBy(packet => packet.Tile).Select(tile => tile.ToArray());

    private static SampleLayout LayoutOf(ImageSize size)
    {
        var precision = size.Components.Max(component => component.Precision);
        return precision <= LargestPrecision && size.Components.Count <= ComponentLimit
            ? new SampleLayout(size.X1 - size.X0, size.Y1 - size.Y0, size.Components.Count, precision <= 8 ? 8 : 16, precision, size.Components[0].IsSigned)
            : throw new CodecException(CodecFault.Unsupported, $"{size.Components.Count} components of {precision} bits.");
    }
}
