using System.Buffers;
using System.IO.Compression;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Deflate;

/// <summary>Decodes frames whose uncompressed samples were deflated, of 1 (packed), 8, 16 and 32 bits (PS3.5 §8.2.16, §A.4.13; RFC 1951).</summary>
/// <remarks>What follows the last sample is ignored: writers pad frames before they deflate them, and fragments afterwards.</remarks>
public sealed class DeflatedFrameDecoder : IFrameDecoder
{
    private readonly bool _isPlanar;

    private DeflatedFrameDecoder(bool isPlanar) => _isPlanar = isPlanar;

    /// <summary>For frames in which all samples of a pixel were together when they were deflated.</summary>
    public static DeflatedFrameDecoder OfPixels { get; } = new(isPlanar: false);

    /// <summary>For frames in which all samples of a component were: the stream itself does not say which.</summary>
    public static DeflatedFrameDecoder OfPlanes { get; } = new(isPlanar: true);

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits) => null;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        if (layout.Components == 1 || layout.IsPlanar == _isPlanar)
        {
            Inflate(encoded, samples);
            return;
        }

        if (layout.BitsAllocated == 1)
        {
            throw new CodecException(CodecFault.Unsupported, "Packed bits of several components are not put into another order.");
        }

        var inflated = ArrayPool<byte>.Shared.Rent(samples.Length);
        try
        {
            Inflate(encoded, inflated.AsSpan(0, samples.Length));
            Reorder(inflated, layout, samples);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(inflated);
        }
    }

    private static void Inflate(ReadOnlySpan<byte> encoded, Span<byte> samples)
    {
        var deflated = ArrayPool<byte>.Shared.Rent(encoded.Length);
        try
        {
            encoded.CopyTo(deflated);
            using var inflate = new DeflateStream(new MemoryStream(deflated, 0, encoded.Length, writable: false), CompressionMode.Decompress);
            var length = inflate.ReadAtLeast(samples, samples.Length, throwOnEndOfStream: false);
            if (length < samples.Length)
            {
                throw new CodecException(CodecFault.Truncated, $"A deflated frame ends after {length} of {samples.Length} bytes.");
            }
        }
        catch (InvalidDataException)
        {
            throw new CodecException(CodecFault.Malformed, "A frame is not deflated, or damaged.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(deflated);
        }
    }

    /// <summary>Puts planes together to pixels, or pixels apart to planes.</summary>
    private static void Reorder(ReadOnlySpan<byte> inflated, in SampleLayout layout, Span<byte> samples)
    {
        var (bytes, pixels) = (layout.BytesPerSample, layout.Width * layout.Height);
        for (var component = 0; component < layout.Components; component++)
        {
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                var inPlane = ((component * pixels) + pixel) * bytes;
                var inPixel = ((pixel * layout.Components) + component) * bytes;
                var (from, to) = layout.IsPlanar ? (inPixel, inPlane) : (inPlane, inPixel);
                inflated.Slice(from, bytes).CopyTo(samples[to..]);
            }
        }
    }
}
