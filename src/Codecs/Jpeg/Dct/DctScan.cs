using System.Buffers;
using Panal.Codecs.Jpeg.Entropy;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Dct;

/// <summary>Decodes one scan of a sequential process with Huffman coding (T.81 Annex F).</summary>
internal sealed class DctScan
{
    private const int Size = CosineTransform.Size;
    private const int LastCoefficient = 63;
    private const int ZeroRun = 15;

    private readonly JpegFrame _frame;
    private readonly int _restartInterval;
    private readonly int _columns;
    private readonly int _rows;
    private readonly Band[] _bands;

    /// <summary>Prepares a scan.</summary>
    /// <exception cref="CodecException">A table is missing, or samples have neither 8 nor 12 bits.</exception>
    internal DctScan(JpegFrame frame, JpegScan scan, JpegTables tables)
    {
        (_frame, _restartInterval) = (frame, tables.RestartInterval);
        // A sequential scan is always of coefficients 0 to 63; encoders in use say 0 to 0, so what it says is not looked at.
        if (frame.Precision is not (8 or 12))
        {
            throw new CodecException(CodecFault.Malformed, $"A DCT process with samples of {frame.Precision} bits.");
        }

        var alone = scan.Components.Length == 1;
        var (mcuWidth, mcuHeight) = (Size * frame.MaximumH, Size * frame.MaximumV);
        (_columns, _rows) = ((frame.Width + mcuWidth - 1) / mcuWidth, (frame.Height + mcuHeight - 1) / mcuHeight);
        if (alone)
        {
            // A component alone is coded block by block and not padded to whole MCUs (T.81 §A.2.2).
            var (width, height) = frame.SizeOf(frame.Components[scan.Components[0].Index]);
            (_columns, _rows) = ((width + Size - 1) / Size, (height + Size - 1) / Size);
        }

        _bands = new Band[scan.Components.Length];
        for (var i = 0; i < _bands.Length; i++)
        {
            var named = scan.Components[i];
            var component = frame.Components[named.Index];
            _bands[i] = new Band(
                named.Index, alone ? 1 : component.H, alone ? 1 : component.V, tables.Dc(named.Dc), tables.Ac(named.Ac), tables.Quantization(component.QuantizationTable));
        }
    }

    /// <summary>Decodes the entropy-coded data that begin at a position; returns where they end.</summary>
    internal int Decode(ReadOnlySpan<byte> encoded, int position, in SampleLayout layout, Span<byte> samples)
    {
        var reader = new HuffmanReader(encoded, position);
        try
        {
            foreach (var band in _bands)
            {
                band.Rent(_columns);
            }

            var mcu = 0;
            for (var row = 0; row < _rows; row++)
            {
                for (var column = 0; column < _columns; column++, mcu++)
                {
                    if (_restartInterval > 0 && mcu > 0 && mcu % _restartInterval == 0)
                    {
                        reader.Restart(((mcu / _restartInterval) - 1) & 7);
                        foreach (var band in _bands)
                        {
                            band.Prediction = 0;
                        }
                    }

                    DecodeMcu(ref reader, column);
                }

                Store(layout, samples, row);
            }

            reader.CheckEnd();
            reader.SkipToMarker();
            return reader.Position;
        }
        finally
        {
            foreach (var band in _bands)
            {
                band.Return();
            }
        }
    }

    private void DecodeMcu(ref HuffmanReader reader, int column)
    {
        Span<float> block = stackalloc float[CosineTransform.BlockSamples];
        foreach (var band in _bands)
        {
            for (var v = 0; v < band.V; v++)
            {
                for (var h = 0; h < band.H; h++)
                {
                    var onlyDc = DecodeBlock(ref reader, band, block);
                    if (onlyDc)
                    {
                        // The basis of the first coefficient is 1/8 everywhere.
                        block.Fill(block[0] / Size);
                    }
                    else
                    {
                        CosineTransform.Inverse(block);
                    }

                    CosineTransform.Place(block, _frame.Precision, band.From(v * Size)[(((column * band.H) + h) * Size)..], band.Width);
                }
            }
        }
    }

    /// <summary>Reads the coefficients of one block (T.81 §F.2.2) and multiplies them; true if only the first is not zero.</summary>
    private static bool DecodeBlock(ref HuffmanReader reader, Band band, scoped Span<float> block)
    {
        block.Clear();
        var bits = reader.ReadSymbol(band.Dc);
        if (bits > 15)
        {
            throw new CodecException(CodecFault.Malformed, $"A DC difference of {bits} bits.");
        }

        band.Prediction += reader.ReadExtended(bits);
        block[0] = band.Prediction * band.Quantization[0];
        var onlyDc = true;
        for (var k = 1; k <= LastCoefficient; k++)
        {
            var symbol = reader.ReadSymbol(band.Ac);
            var size = symbol & 15;
            var run = symbol >> 4;
            if (size == 0)
            {
                if (run != ZeroRun)
                {
                    break;
                }

                k += ZeroRun;
                continue;
            }

            k += run;
            if (k > LastCoefficient)
            {
                throw new CodecException(CodecFault.Malformed, "A block of more than 64 coefficients.");
            }

            block[Zigzag.Order[k]] = reader.ReadExtended(size) * band.Quantization[k];
            onlyDc = false;
        }

        return onlyDc;
    }

    private void Store(in SampleLayout layout, Span<byte> samples, int row)
    {
        foreach (var band in _bands)
        {
            var component = _frame.Components[band.Index];
            var (_, height) = _frame.SizeOf(component);
            var first = row * band.V * Size;
            for (var line = 0; line < band.V * Size && first + line < height; line++)
            {
                Upsampling.Store(_frame, component, band.Index, first + line, band.Line(line), layout, samples);
            }
        }
    }

    /// <summary>The lines of one component in one row of MCUs.</summary>
    private sealed class Band(int index, int h, int v, HuffmanTable dc, HuffmanTable ac, ushort[] quantization)
    {
        private ushort[] _values = [];

        internal int Index => index;

        internal int H => h;

        internal int V => v;

        internal HuffmanTable Dc => dc;

        internal HuffmanTable Ac => ac;

        internal ushort[] Quantization => quantization;

        /// <summary>DC coefficient of the block before.</summary>
        internal int Prediction { get; set; }

        /// <summary>Samples a line.</summary>
        internal int Width { get; private set; }

        internal void Rent(int columns)
        {
            Width = columns * h * Size;
            _values = ArrayPool<ushort>.Shared.Rent(Width * v * Size);
        }

        internal void Return()
        {
            if (_values.Length > 0)
            {
                ArrayPool<ushort>.Shared.Return(_values);
            }
        }

        internal Span<ushort> Line(int line) => _values.AsSpan(line * Width, Width);

        /// <summary>A line and all below it.</summary>
        internal Span<ushort> From(int line) => _values.AsSpan(line * Width);
    }
}
