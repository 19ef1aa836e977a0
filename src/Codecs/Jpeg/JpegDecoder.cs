using System.Diagnostics.CodeAnalysis;
using Panal.Codecs.Jpeg.Dct;
using Panal.Codecs.Jpeg.Lossless;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg;

/// <summary>
/// Decodes JPEG streams with Huffman coding: baseline (SOF0), extended sequential and progressive of 8 and 12 bits (SOF1, SOF2) and
/// lossless of 2 to 16 bits (SOF3), interleaved or not, with restart intervals.
/// </summary>
/// <remarks>
/// T.81. Arithmetic processes, retired from DICOM, are <see cref="CodecFault.Unsupported"/>. Components are given as
/// they were coded: whether they are RGB or YCbCr is for the caller, who knows the photometric interpretation.
/// </remarks>
public sealed class JpegDecoder : IFrameDecoder
{
    /// <summary>The one decoder that is needed; it holds nothing.</summary>
    public static JpegDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits)
    {
        var reader = new MarkerReader(encoded);
        while (reader.TryRead(out var marker, out var content) && marker is not (JpegMarker.StartOfScan or JpegMarker.EndOfImage))
        {
            if (IsFrame(marker))
            {
                return JpegFrame.Read(marker, content, limits).Layout;
            }
        }

        throw new CodecException(CodecFault.Truncated, "The stream has no frame header.");
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        var reader = new MarkerReader(encoded);
        var tables = new JpegTables();
        while (reader.TryRead(out var marker, out var content) && marker != JpegMarker.EndOfImage)
        {
            if (!IsFrame(marker))
            {
                tables.Take(marker != JpegMarker.StartOfScan ? marker : throw new CodecException(CodecFault.Malformed, "A scan comes before the frame header."), content);
                continue;
            }

            var frame = JpegFrame.Read(marker, content, limits);
            frame.CheckAgainst(layout);
            if (marker == JpegMarker.StartOfFrame2)
            {
                DecodeProgressive(encoded, ref reader, frame, tables, layout, samples);
            }
            else
            {
                DecodeSequential(encoded, ref reader, frame, tables, layout, samples);
            }

            return;
        }

        throw new CodecException(CodecFault.Truncated, "The stream ends before its frame header.");
    }

    private static void DecodeSequential(
        ReadOnlySpan<byte> encoded, ref MarkerReader reader, JpegFrame frame, JpegTables tables, in SampleLayout layout, Span<byte> samples)
    {
        var missing = (1 << frame.Components.Length) - 1;
        while (TryReadScan(ref reader, frame, tables, out var scan))
        {
            reader.Position = DecodeScan(encoded, reader.Position, frame, scan, tables, layout, samples);
            foreach (var component in scan.Components)
            {
                missing &= ~(1 << component.Index);
            }

            if (missing == 0)
            {
                // What follows the last component, even a missing EOI, does not matter.
                return;
            }
        }

        throw new CodecException(CodecFault.Truncated, "The stream ends before all components.");
    }

    private static void DecodeProgressive(
        ReadOnlySpan<byte> encoded, ref MarkerReader reader, JpegFrame frame, JpegTables tables, in SampleLayout layout, Span<byte> samples)
    {
        using var coefficients = new ProgressiveFrame(frame);
        while (TryReadScan(ref reader, frame, tables, out var scan))
        {
            reader.Position = coefficients.DecodeScan(encoded, reader.Position, scan, tables);
        }

        // Only the end of the image tells that no scan is missing.
        if (reader.Position > encoded.Length || encoded[reader.Position - 1] != JpegMarker.EndOfImage || !coefficients.IsComplete)
        {
            throw new CodecException(CodecFault.Truncated, "The stream ends before all scans.");
        }

        coefficients.Finish(layout, samples);
    }

    /// <summary>Reads on to the next scan; false at the end of the image or of the bytes.</summary>
    private static bool TryReadScan(ref MarkerReader reader, JpegFrame frame, JpegTables tables, [NotNullWhen(true)] out JpegScan? scan)
    {
        scan = null;
        while (reader.TryRead(out var marker, out var content) && marker != JpegMarker.EndOfImage)
        {
            if (marker == JpegMarker.StartOfScan)
            {
                scan = JpegScan.Read(content, frame);
                return true;
            }

            if (IsFrame(marker))
            {
                throw new CodecException(CodecFault.Malformed, "The stream has two frame headers.");
            }

            tables.Take(marker, content);
        }

        return false;
    }

    private static int DecodeScan(
        ReadOnlySpan<byte> encoded, int position, JpegFrame frame, JpegScan scan, JpegTables tables, in SampleLayout layout, Span<byte> samples) =>
        frame.Marker switch
        {
            JpegMarker.StartOfFrame3 => new LosslessScan(frame, scan, tables).Decode(encoded, position, layout, samples),
            JpegMarker.StartOfFrame0 or JpegMarker.StartOfFrame1 => new DctScan(frame, scan, tables).Decode(encoded, position, layout, samples),
            _ => throw new CodecException(CodecFault.Unsupported, $"Process SOF{frame.Marker - JpegMarker.StartOfFrame0} is not decoded."),
        };

    private static bool IsFrame(byte marker) => marker is >= JpegMarker.StartOfFrame0 and <= JpegMarker.StartOfFrame15
        and not (JpegMarker.HuffmanTables or JpegMarker.JpegExtension or JpegMarker.ArithmeticConditioning);
}
