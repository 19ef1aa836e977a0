using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.JpegLs;

/// <summary>
/// Encodes JPEG-LS of as many bits as are stored, 2 to 16, several components interleaved by line. Bits above those stored are not
/// kept, but for a sign that decoders extend.
/// </summary>
/// <param name="near">Largest difference of a sample, 0 to 255; anything but 0 is lossy and never chosen unless asked for.</param>
/// <remarks>T.87, with the default parameters.</remarks>
public sealed class JpegLsEncoder(int near = 0) : IFrameEncoder
{
    private const int HeaderLimitBytes = 64;
    private const int TrailerBytes = 4;

    /// <summary>The lossless encoder.</summary>
    public static JpegLsEncoder Lossless { get; } = new();

    /// <inheritdoc/>
    public long MaximumLengthBytes(in SampleLayout layout)
    {
        Check(layout);
        return HeaderLimitBytes + TrailerBytes + ((long)layout.Height * layout.Components * LongestLineBytes(layout)) + LongestLineBytes(layout);
    }

    /// <inheritdoc/>
    public bool TryEncode(ReadOnlySpan<byte> samples, in SampleLayout layout, Span<byte> encoded, CodecLimits limits, out int writtenBytes)
    {
        layout.CheckBuffer(limits, samples.Length);
        Check(layout);
        writtenBytes = 0;
        if (encoded.Length < HeaderLimitBytes)
        {
            return false;
        }

        var components = new LinePair[layout.Components];
        try
        {
            for (var i = 0; i < components.Length; i++)
            {
                components[i] = new LinePair(layout.Width);
            }

            var model = new Model(CodingParameters.Read(default, Precision(layout), near));
            var encoder = new LineEncoder(model, encoded, WriteHeader(encoded, layout));
            for (var row = 0; row < layout.Height; row++)
            {
                for (var i = 0; i < components.Length; i++)
                {
                    if (encoder.Free < LongestLineBytes(layout) + TrailerBytes)
                    {
                        return false;
                    }

                    components[i].Advance();
                    SampleRows.Read(layout, samples, i, row, components[i].Samples, layout.BitsStored);
                    encoder.Encode(components[i]);
                }
            }

            encoder.Finish();
            var end = new SegmentWriter(encoded[encoder.Position..]);
            end.Marker(JpegMarker.EndOfImage);
            writtenBytes = encoder.Position + end.Position;
            return true;
        }
        finally
        {
            Array.ForEach(components, lines => lines?.Dispose());
        }
    }

    private void Check(in SampleLayout layout)
    {
        if (layout.BitsAllocated is not (8 or 16) || near < 0 || near > Math.Min(255, ((1 << layout.BitsStored) - 1) / 2))
        {
            throw new CodecException(CodecFault.Unsupported, $"{layout.BitsStored} of {layout.BitsAllocated} bits with differences up to {near}.");
        }
    }

    private static int Precision(in SampleLayout layout) => Math.Max(2, layout.BitsStored);

    /// <summary>Every sample in a longest code; a run never costs more than its samples would.</summary>
    private static int LongestLineBytes(in SampleLayout layout) => (layout.Width + 1) * GolombWriter.LongestCodeBytes;

    private int WriteHeader(Span<byte> encoded, in SampleLayout layout)
    {
        Span<byte> tables = stackalloc byte[layout.Components];
        tables.Clear();
        var writer = new SegmentWriter(encoded);
        writer.Marker(JpegMarker.StartOfImage);
        writer.Frame(JpegMarker.StartOfFrame55, Precision(layout), layout.Width, layout.Height, tables);
        writer.Scan(tables, (byte)near, (byte)(layout.Components > 1 ? InterleaveMode.Line : InterleaveMode.None), 0);
        return writer.Position;
    }
}
