using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Codecs.Jpeg2000.Tiles;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg2000;

/// <summary>
/// Decodes JPEG 2000, Part 1 and high throughput code-blocks: both transforms, tiles and tile-parts, layers, precincts, all progressions and their changes, packet
/// headers in their places or packed, all styles of code-blocks, regions of interest, up to 16 bits and four components.
/// </summary>
/// <remarks>
/// T.800, T.814. More components are <see cref="CodecFault.Unsupported"/> on purpose: images of DICOM have one or three, and T.800's 16,384 would
/// only let a small stranger's frame claim much memory.
/// </remarks>
public sealed class Jpeg2000Decoder : IFrameDecoder
{
    private const int LargestPrecision = 16;
    private const int ComponentLimit = 4;

    /// <summary>The one decoder that is needed; it holds nothing.</summary>
    public static Jpeg2000Decoder Instance { get; } = new();

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits) => LayoutOf(CodestreamHeaders.Read(encoded, limits).Size, 0);

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits) =>
        Decode(encoded, Jpeg2000View.Whole, layout, samples, limits);

    /// <summary>How the samples of a view lie, interleaved by pixel.</summary>
    /// <exception cref="CodecException">As <see cref="ReadLayout(ReadOnlySpan{byte}, CodecLimits)"/>; or the codestream has fewer resolutions.</exception>
    public static SampleLayout ReadLayout(ReadOnlySpan<byte> encoded, Jpeg2000View view, CodecLimits limits)
    {
        var headers = CodestreamHeaders.Read(encoded, limits);
        Check(view, headers);
        return LayoutOf(headers.Size, view.Halvings);
    }

    /// <summary>
    /// Decodes the first layers and the smaller resolutions only. Where the codestream has PLT or packed packet headers, nothing is read but the headers and
    /// the packets of the view: the bytes of the other packets may be anything.
    /// </summary>
    /// <param name="encoded">The codestream in its full length.</param>
    /// <param name="view">What is wanted of it.</param>
    /// <param name="layout">How the samples are wanted; dimensions as <see cref="ReadLayout(ReadOnlySpan{byte}, Jpeg2000View, CodecLimits)"/> says.</param>
    /// <param name="samples">Exactly as many bytes as the layout takes.</param>
    /// <param name="limits">What is accepted at most.</param>
    /// <exception cref="CodecException">The frame is damaged, not supported, not the one described, or larger than the limits.</exception>
    /// <exception cref="ArgumentException">The buffer has another length than the layout.</exception>
    public static void Decode(ReadOnlySpan<byte> encoded, Jpeg2000View view, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        var index = PacketIndex.Read(encoded, limits);
        Check(view, index.Headers);
        var coded = LayoutOf(index.Headers.Size, view.Halvings);
        if (coded.Width != layout.Width || coded.Height != layout.Height || coded.Components != layout.Components || layout.BitsAllocated is not (8 or 16)
            || coded.BitsStored > layout.BitsAllocated)
        {
            throw new CodecException(
                CodecFault.Mismatch,
                $"The codestream has {coded.Width} x {coded.Height} x {coded.Components} samples of {coded.BitsStored} bits; expected were {layout.Width} x {layout.Height} x {layout.Components} in {layout.BitsAllocated}.");
        }

        using var decoder = new TileDecoder(index, view);
        if (index.Headers.Size.Tiles == 1)
        {
            decoder.Decode(encoded, 0, index.Packets, layout, samples);
            return;
        }

        foreach (var packets in index.Packets.ToArray().GroupBy(static packet => packet.Tile))
        {
            decoder.Decode(encoded, packets.Key, packets.ToArray(), layout, samples);
        }
    }

    private static void Check(Jpeg2000View view, CodestreamHeaders headers)
    {
        if (view.Layers < 1 || view.Halvings < 0)
        {
            throw new ArgumentException($"No codestream has {view}.", nameof(view));
        }

        if (view.Halvings > headers.StyleOf(0, 0).Levels)
        {
            throw new CodecException(CodecFault.Unsupported, $"A codestream of {headers.StyleOf(0, 0).Levels} levels cannot be halved {view.Halvings} times.");
        }
    }

    private static SampleLayout LayoutOf(ImageSize size, int halvings)
    {
        var area = size.Whole.Reduce(1L << halvings, 1L << halvings);
        var precision = size.Components.Max(component => component.Precision);
        return precision <= LargestPrecision && size.Components.Count <= ComponentLimit
            ? new SampleLayout(area.X1 - area.X0, area.Y1 - area.Y0, size.Components.Count, precision <= 8 ? 8 : 16, precision, size.Components[0].IsSigned)
            : throw new CodecException(CodecFault.Unsupported, $"{size.Components.Count} components of {precision} bits.");
    }
}
