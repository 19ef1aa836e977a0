using System.Buffers.Binary;
using Panal.Codecs.Jpeg;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.JpegLs;

/// <summary>Decodes JPEG-LS, lossless and near-lossless, of 2 to 16 bits, in all three interleave modes (T.87).</summary>
/// <remarks>
/// Mapping tables, oversize dimensions and the colour transforms of one vendor's APP8 segment are
/// <see cref="CodecFault.Unsupported"/>; none is used in DICOM.
/// </remarks>
public sealed class JpegLsDecoder : IFrameDecoder
{
    private const byte PresetParameters = 1;
    private const byte ApplicationSegment8 = 0xE8;

    /// <summary>The one decoder that is needed; it holds nothing.</summary>
    public static JpegLsDecoder Instance { get; } = new();

    /// <inheritdoc/>
    public SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits)
    {
        var reader = new MarkerReader(encoded);
        while (reader.TryRead(out var marker, out var content) && marker is not (JpegMarker.StartOfScan or JpegMarker.EndOfImage))
        {
            if (marker == JpegMarker.StartOfFrame55)
            {
                return JpegFrame.Read(marker, content, limits).Layout;
            }
        }

        throw new CodecException(CodecFault.Truncated, "The stream has no JPEG-LS frame header.");
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        layout.CheckBuffer(limits, samples.Length);
        var reader = new MarkerReader(encoded);
        JpegFrame? frame = null;
        ReadOnlySpan<byte> preset = default;
        var (restartInterval, missing) = (0, 0);
        while (reader.TryRead(out var marker, out var content) && marker != JpegMarker.EndOfImage)
        {
            switch (marker)
            {
                case JpegMarker.StartOfFrame55 when frame is null:
                    frame = JpegFrame.Read(marker, content, limits);
                    frame.CheckAgainst(layout);
                    missing = (1 << frame.Components.Length) - 1;
                    break;
                case JpegMarker.JpegLsParameters:
                    preset = content is [PresetParameters, ..] ? content : throw Unsupported("A parameter segment with a mapping table or large dimensions");
                    break;
                case JpegMarker.RestartInterval:
                    restartInterval = ReadInterval(content);
                    break;
                case ApplicationSegment8 when content is [(byte)'m', (byte)'r', (byte)'f', (byte)'x', not 0, ..]:
                    throw Unsupported("A colour transform");
                case JpegMarker.StartOfScan:
                    var scan = JpegScan.Read(content, frame ?? throw new CodecException(CodecFault.Malformed, "A scan comes before the frame header."));
                    reader.Position = DecodeScan(encoded, reader.Position, frame, scan, preset, restartInterval, layout, samples);
                    foreach (var component in scan.Components)
                    {
                        missing &= ~(1 << component.Index);
                    }

                    if (missing == 0)
                    {
                        return;
                    }

                    break;
                case >= JpegMarker.StartOfFrame0 and <= JpegMarker.StartOfFrame15 or JpegMarker.StartOfFrame55:
                    throw new CodecException(CodecFault.Malformed, $"Marker {marker:X2} in a JPEG-LS stream.");
                default:
                    break;
            }
        }

        throw new CodecException(CodecFault.Truncated, "The stream ends before all components.");
    }

    /// <summary>Decodes a scan that begins at a position; returns where it ends.</summary>
    private static int DecodeScan(
        ReadOnlySpan<byte> encoded, int position, JpegFrame frame, JpegScan scan, ReadOnlySpan<byte> preset, int restartInterval, in SampleLayout layout, Span<byte> samples)
    {
        var mode = ModeOf(frame, scan);
        var decoder = new LineDecoder(new Model(CodingParameters.Read(preset, frame.Precision, scan.First)), encoded, position);
        var alone = mode == InterleaveMode.None;
        var rows = alone ? frame.SizeOf(frame.Components[scan.Components[0].Index]).Height : (frame.Height + frame.MaximumV - 1) / frame.MaximumV;
        var components = new LinePair[scan.Components.Length];
        try
        {
            for (var i = 0; i < components.Length; i++)
            {
                components[i] = new LinePair(frame.SizeOf(frame.Components[scan.Components[i].Index]).Width);
            }

            for (var row = 0; row < rows; row++)
            {
                if (restartInterval > 0 && row > 0 && row % restartInterval == 0)
                {
                    decoder.Restart(((row / restartInterval) - 1) & 7);
                    Array.ForEach(components, lines => lines.Clear());
                }

                DecodeRow(ref decoder, frame, scan, mode, row, components, layout, samples);
            }

            decoder.End();
            return decoder.Position;
        }
        finally
        {
            Array.ForEach(components, lines => lines?.Dispose());
        }
    }

    private static void DecodeRow(
        ref LineDecoder decoder, JpegFrame frame, JpegScan scan, InterleaveMode mode, int row, LinePair[] components, in SampleLayout layout, Span<byte> samples)
    {
        if (mode == InterleaveMode.Sample)
        {
            decoder.DecodeTogether(components);
        }

        for (var i = 0; i < components.Length; i++)
        {
            var index = scan.Components[i].Index;
            var component = frame.Components[index];
            var lines = mode == InterleaveMode.Line ? component.V : 1;
            for (var v = 0; v < lines && (row * lines) + v < frame.SizeOf(component).Height; v++)
            {
                if (mode != InterleaveMode.Sample)
                {
                    decoder.Decode(components[i]);
                }

                Upsampling.Store(frame, component, index, (row * lines) + v, components[i].Samples, layout, samples);
            }
        }
    }

    private static InterleaveMode ModeOf(JpegFrame frame, JpegScan scan)
    {
        // In JPEG-LS the byte behind a component names a mapping table, and the last byte a point transform.
        if (scan.Components.Any(component => component is not { Dc: 0, Ac: 0 }) || scan.High != 0 || scan.Low != 0)
        {
            throw Unsupported("A mapping table or a point transform");
        }

        var mode = (InterleaveMode)scan.Last;
        if (scan.Components.Length == 1 && mode is InterleaveMode.None or InterleaveMode.Line or InterleaveMode.Sample)
        {
            // One component cannot alternate with itself; encoders in use say so all the same.
            return InterleaveMode.None;
        }

        var isSubsampled = frame.Components.Any(component => component.H != frame.MaximumH || component.V != frame.MaximumV);
        return mode == InterleaveMode.Line || (mode == InterleaveMode.Sample && !isSubsampled)
            ? mode
            : throw new CodecException(CodecFault.Malformed, $"Interleave mode {scan.Last} with {scan.Components.Length} components.");
    }

    /// <summary>Lines between restart markers, in two to four bytes (T.87 §C.2.5).</summary>
    private static int ReadInterval(ReadOnlySpan<byte> content) => content.Length switch
    {
        2 => BinaryPrimitives.ReadUInt16BigEndian(content),
        3 => (content[0] << 16) | BinaryPrimitives.ReadUInt16BigEndian(content[1..]),
        4 when BinaryPrimitives.ReadInt32BigEndian(content) is >= 0 and var interval => interval,
        _ => throw new CodecException(CodecFault.Malformed, $"A restart interval of {content.Length} bytes."),
    };

    private static CodecException Unsupported(string what) => new(CodecFault.Unsupported, $"{what} is not decoded.");
}
