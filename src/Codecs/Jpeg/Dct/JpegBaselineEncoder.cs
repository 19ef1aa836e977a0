using System.Buffers;
using System.Numerics;
using Panal.Codecs.Jpeg.Entropy;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Dct;

/// <summary>Encodes baseline JPEG, 8 bits, one or three components without subsampling. Lossy: never chosen unless asked for.</summary>
/// <param name="quality">1 to 100, on the scale of the Independent JPEG Group; 100 has quantization steps of 1.</param>
/// <param name="isYcc">Three components are YCbCr and said to be so in an Adobe segment; otherwise they are RGB.</param>
/// <remarks>T.81 Annexes F and K: the typical tables. Samples are coded as they come; the caller converts colours.</remarks>
public sealed class JpegBaselineEncoder(int quality, bool isYcc = false) : IFrameEncoder
{
    private const int Size = CosineTransform.Size;
    private const int HeaderLimitBytes = 1024;
    private const int EndOfImageBytes = 2;
    private const float Middle = 128;
    private const int LongestZeroRun = 15;
    private const int ZeroRunSymbol = 0xF0;
    private const int LargestCoefficient = 1023;

    private readonly byte[] _luminance = TypicalTables.Quantization(TypicalTables.Luminance, quality);
    private readonly byte[] _chrominance = TypicalTables.Quantization(TypicalTables.Chrominance, quality);

    /// <inheritdoc/>
    public long MaximumLengthBytes(in SampleLayout layout)
    {
        Check(layout);
        return HeaderLimitBytes + ((((long)layout.Height + Size - 1) / Size) * LongestRowBytes(layout)) + HuffmanWriter.LongestWriteBytes + EndOfImageBytes;
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

        var writer = new HuffmanWriter(encoded, WriteHeader(encoded, layout));
        var padded = (layout.Width + Size - 1) / Size * Size;
        var band = ArrayPool<ushort>.Shared.Rent(padded * Size * layout.Components);
        Span<int> predictions = stackalloc int[layout.Components];
        predictions.Clear();
        try
        {
            for (var y = 0; y < layout.Height; y += Size)
            {
                if (writer.Free < LongestRowBytes(layout) + HuffmanWriter.LongestWriteBytes + EndOfImageBytes)
                {
                    return false;
                }

                ReadBand(samples, layout, y, padded, band);
                EncodeBand(ref writer, layout, padded, band, predictions);
            }
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(band);
        }

        writer.Finish();
        var end = new SegmentWriter(encoded[writer.Position..]);
        end.Marker(JpegMarker.EndOfImage);
        writtenBytes = writer.Position + end.Position;
        return true;
    }

    private static void Check(in SampleLayout layout)
    {
        if (layout.BitsAllocated != 8 || layout.Components is not (1 or 3) || layout.IsSigned)
        {
            throw new CodecException(CodecFault.Unsupported, "Baseline JPEG has one or three components of eight bits without sign.");
        }
    }

    private static int LongestRowBytes(in SampleLayout layout) =>
        (layout.Width + Size - 1) / Size * layout.Components * CosineTransform.BlockSamples * HuffmanWriter.LongestWriteBytes;

    private int WriteHeader(Span<byte> encoded, in SampleLayout layout)
    {
        var writer = new SegmentWriter(encoded);
        writer.Marker(JpegMarker.StartOfImage);
        var coloured = layout.Components == 3;
        if (coloured)
        {
            // "Adobe", version 100, flags, and which transform was made: 0 none, 1 YCbCr (T.872 §6.5.3).
            writer.Segment(0xEE, [0x41, 0x64, 0x6F, 0x62, 0x65, 0, 100, 0, 0, 0, 0, (byte)(isYcc ? 1 : 0)]);
        }

        writer.Segment(JpegMarker.QuantizationTables, [0, .. _luminance]);
        writer.Segment(JpegMarker.QuantizationTables, [1, .. _chrominance]);
        writer.Frame(JpegMarker.StartOfFrame0, 8, layout.Width, layout.Height, coloured ? isYcc ? [0, 1, 1] : [0, 0, 0] : [0]);
        writer.Huffman(0x00, TypicalTables.LuminanceDc);
        writer.Huffman(0x10, TypicalTables.LuminanceAc);
        writer.Huffman(0x01, TypicalTables.ChrominanceDc);
        writer.Huffman(0x11, TypicalTables.ChrominanceAc);
        writer.Scan(coloured ? isYcc ? [0x00, 0x11, 0x11] : [0x00, 0x00, 0x00] : [0x00], 0, 63, 0);
        return writer.Position;
    }

    /// <summary>Reads eight rows of every component and repeats the last column and row into what is missing (T.81 §A.2.4).</summary>
    private static void ReadBand(ReadOnlySpan<byte> samples, in SampleLayout layout, int y, int padded, Span<ushort> band)
    {
        for (var component = 0; component < layout.Components; component++)
        {
            for (var line = 0; line < Size; line++)
            {
                var row = band.Slice(((component * Size) + line) * padded, padded);
                SampleRows.Read(layout, samples, component, Math.Min(y + line, layout.Height - 1), row, 8);
                row[layout.Width..].Fill(row[layout.Width - 1]);
            }
        }
    }

    private void EncodeBand(ref HuffmanWriter writer, in SampleLayout layout, int padded, ReadOnlySpan<ushort> band, scoped Span<int> predictions)
    {
        Span<float> block = stackalloc float[CosineTransform.BlockSamples];
        for (var x = 0; x < padded; x += Size)
        {
            for (var component = 0; component < layout.Components; component++)
            {
                for (var line = 0; line < Size; line++)
                {
                    var row = band.Slice((((component * Size) + line) * padded) + x, Size);
                    for (var i = 0; i < Size; i++)
                    {
                        block[(line * Size) + i] = row[i] - Middle;
                    }
                }

                CosineTransform.Forward(block);
                EncodeBlock(ref writer, block, component > 0 && isYcc, ref predictions[component]);
            }
        }
    }

    private void EncodeBlock(ref HuffmanWriter writer, scoped ReadOnlySpan<float> block, bool isChrominance, scoped ref int prediction)
    {
        var steps = isChrominance ? _chrominance : _luminance;
        var dc = isChrominance ? TypicalTables.ChrominanceDc : TypicalTables.LuminanceDc;
        var ac = isChrominance ? TypicalTables.ChrominanceAc : TypicalTables.LuminanceAc;
        var first = (int)MathF.Round(block[0] / steps[0]);
        Write(ref writer, dc, 0, first - prediction);
        prediction = first;
        var run = 0;
        for (var k = 1; k < CosineTransform.BlockSamples; k++)
        {
            var value = Math.Clamp((int)MathF.Round(block[Zigzag.Order[k]] / steps[k]), -LargestCoefficient, LargestCoefficient);
            if (value == 0)
            {
                run++;
                continue;
            }

            for (; run > LongestZeroRun; run -= LongestZeroRun + 1)
            {
                ac.Write(ref writer, ZeroRunSymbol, 0, 0);
            }

            Write(ref writer, ac, run << 4, value);
            run = 0;
        }

        if (run > 0)
        {
            ac.Write(ref writer, 0, 0, 0);
        }
    }

    private static void Write(ref HuffmanWriter writer, HuffmanCodes codes, int runs, int value)
    {
        var bits = 32 - BitOperations.LeadingZeroCount((uint)Math.Abs(value));
        codes.Write(ref writer, runs | bits, (uint)(value < 0 ? value - 1 : value) & ((1u << bits) - 1), bits);
    }
}
