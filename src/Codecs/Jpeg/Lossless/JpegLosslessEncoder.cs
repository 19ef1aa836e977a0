using System.Buffers;
using System.Numerics;
using Panal.Codecs.Jpeg.Entropy;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Lossless;

/// <summary>
/// Encodes lossless JPEG, process 14 with first-order prediction (SOF3, selection value 1), of as many bits as are stored, 2 to 16,
/// with Huffman codes made for the frame. Bits above those stored are not kept, but for a sign that decoders extend.
/// </summary>
/// <remarks>T.81 Annex H; all components in one interleaved scan.</remarks>
public sealed class JpegLosslessEncoder : IFrameEncoder
{
    private const int Categories = 17;
    private const int HeaderLimitBytes = 256;
    private const int EndOfImageBytes = 2;

    /// <summary>The one encoder that is needed; it holds nothing.</summary>
    public static JpegLosslessEncoder Instance { get; } = new();

    /// <inheritdoc/>
    public long MaximumLengthBytes(in SampleLayout layout)
    {
        Check(layout);
        return HeaderLimitBytes + ((long)layout.Width * layout.Height * layout.Components * HuffmanWriter.LongestWriteBytes) + HuffmanWriter.LongestWriteBytes + EndOfImageBytes;
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

        Span<long> frequencies = stackalloc long[Categories];
        frequencies.Clear();
        var row = layout.Width * layout.Components;
        var scratch = ArrayPool<ushort>.Shared.Rent(2 * row);
        try
        {
            var differences = new Differences(scratch.AsSpan(0, 2 * row), layout);
            for (var y = 0; y < layout.Height; y++)
            {
                foreach (var difference in differences.Next(samples, layout, y))
                {
                    frequencies[CategoryOf((short)difference)]++;
                }
            }

            var codes = HuffmanCodes.ForFrequencies(frequencies);
            var writer = new HuffmanWriter(encoded, WriteHeader(encoded, layout, codes));
            for (var y = 0; y < layout.Height; y++)
            {
                if (writer.Free < ((row + 1) * HuffmanWriter.LongestWriteBytes) + EndOfImageBytes)
                {
                    return false;
                }

                foreach (var difference in differences.Next(samples, layout, y))
                {
                    Write(ref writer, codes, (short)difference);
                }
            }

            writer.Finish();
            var end = new SegmentWriter(encoded[writer.Position..]);
            end.Marker(JpegMarker.EndOfImage);
            writtenBytes = writer.Position + end.Position;
            return true;
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(scratch);
        }
    }

    private static void Check(in SampleLayout layout)
    {
        if (layout.BitsAllocated is not (8 or 16))
        {
            throw new CodecException(CodecFault.Unsupported, $"Lossless JPEG has samples of 2 to 16 bits, not {layout.BitsAllocated}.");
        }
    }

    private static int Precision(in SampleLayout layout) => Math.Max(2, layout.BitsStored);

    private static int WriteHeader(Span<byte> encoded, in SampleLayout layout, HuffmanCodes codes)
    {
        Span<byte> tables = stackalloc byte[layout.Components];
        tables.Clear();
        var writer = new SegmentWriter(encoded);
        writer.Marker(JpegMarker.StartOfImage);
        writer.Frame(JpegMarker.StartOfFrame3, Precision(layout), layout.Width, layout.Height, tables);
        writer.Huffman(0, codes);
        writer.Scan(tables, Predictor.Left, 0, 0);
        return writer.Position;
    }

    /// <summary>How many bits a difference has (T.81 Table H.2); -32768 stands for 32768, which is the same modulo 2^16.</summary>
    private static int CategoryOf(short difference) => 32 - BitOperations.LeadingZeroCount((uint)Math.Abs((int)difference));

    private static void Write(ref HuffmanWriter writer, HuffmanCodes codes, short difference)
    {
        var category = CategoryOf(difference);
        var bits = category == Categories - 1 ? 0 : category;
        var value = difference < 0 ? difference - 1 : difference;
        codes.Write(ref writer, category, (uint)value & ((1u << bits) - 1), bits);
    }

    /// <summary>The differences of a frame, row by row, interleaved by pixel.</summary>
    private readonly ref struct Differences(Span<ushort> scratch, in SampleLayout layout)
    {
        private readonly Span<ushort> _planes = scratch[..(layout.Width * layout.Components)];
        private readonly Span<ushort> _differences = scratch[(layout.Width * layout.Components)..];

        // The first samples of the row above predict the first of this one (T.81 §H.1.1).
        private readonly ushort[] _above = new ushort[layout.Components];

        internal Span<ushort> Next(ReadOnlySpan<byte> samples, in SampleLayout layout, int y)
        {
            var precision = Precision(layout);
            for (var component = 0; component < layout.Components; component++)
            {
                var line = _planes.Slice(component * layout.Width, layout.Width);
                SampleRows.Read(layout, samples, component, y, line, layout.BitsStored);
                var left = y == 0 ? (ushort)(1 << (precision - 1)) : _above[component];
                _above[component] = line[0];
                for (int x = 0, at = component; x < line.Length; x++, at += layout.Components)
                {
                    _differences[at] = (ushort)(line[x] - left);
                    left = line[x];
                }
            }

            return _differences;
        }
    }
}
