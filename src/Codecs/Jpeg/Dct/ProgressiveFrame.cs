using System.Buffers;
using Panal.Codecs.Jpeg.Entropy;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Dct;

/// <summary>The coefficients of a frame that comes in many scans, each of some coefficients or of some of their bits (T.81 Annex G).</summary>
internal sealed class ProgressiveFrame : IDisposable
{
    private const int Size = CosineTransform.Size;
    private const int BlockSamples = CosineTransform.BlockSamples;
    private const int LastCoefficient = 63;
    private const int ZeroRun = 15;
    private const int LargestTransform = 13;

    // Encoders make a dozen. Each goes through the whole frame, and may take hardly any bytes for it.
    private const int ScanLimit = 256;

    private readonly JpegFrame _frame;
    private readonly Plane[] _planes;
    private readonly int _columns;
    private readonly int _rows;
    private int _endOfBand;
    private int _scans;

    /// <summary>Takes memory for all coefficients.</summary>
    /// <exception cref="CodecException">Samples have neither 8 nor 12 bits.</exception>
    internal ProgressiveFrame(JpegFrame frame)
    {
        if (frame.Precision is not (8 or 12))
        {
            throw new CodecException(CodecFault.Malformed, $"A DCT process with samples of {frame.Precision} bits.");
        }

        _frame = frame;
        (_columns, _rows) = (Blocks(frame.Width, frame.MaximumH), Blocks(frame.Height, frame.MaximumV));
        _planes = [.. frame.Components.Select(component => new Plane(_columns * component.H, _rows * component.V))];

        static int Blocks(int samples, int factor) => (samples + (Size * factor) - 1) / (Size * factor);
    }

    /// <summary>Whether every component was in a scan.</summary>
    internal bool IsComplete => Array.TrueForAll(_planes, plane => plane.Quantization is not null);

    /// <summary>Reads one scan that begins at a position; returns where it ends.</summary>
    /// <exception cref="CodecException">It is damaged, a table is missing, or there are too many scans.</exception>
    internal int DecodeScan(ReadOnlySpan<byte> encoded, int position, JpegScan scan, JpegTables tables)
    {
        if (++_scans > ScanLimit)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"More than {ScanLimit} scans.");
        }

        var isDc = scan.First == 0;
        if (scan.First > scan.Last || scan.Last > LastCoefficient || (isDc && scan.Last != 0) || (!isDc && scan.Components.Length != 1) || scan.Low > LargestTransform)
        {
            throw new CodecException(CodecFault.Malformed, $"A scan of coefficients {scan.First} to {scan.Last}, shifted by {scan.Low}.");
        }

        foreach (var named in scan.Components)
        {
            _planes[named.Index].Quantization ??= tables.Quantization(_frame.Components[named.Index].QuantizationTable);
            _planes[named.Index].Prediction = 0;
        }

        _endOfBand = 0;
        var reader = new HuffmanReader(encoded, position);
        var alone = scan.Components.Length == 1;
        var (width, height) = alone ? _frame.SizeOf(_frame.Components[scan.Components[0].Index]) : default;
        var (columns, rows) = alone ? ((width + Size - 1) / Size, (height + Size - 1) / Size) : (_columns, _rows);
        for (var mcu = 0; mcu < columns * rows; mcu++)
        {
            if (tables.RestartInterval > 0 && mcu > 0 && mcu % tables.RestartInterval == 0)
            {
                reader.Restart(((mcu / tables.RestartInterval) - 1) & 7);
                Array.ForEach(_planes, plane => plane.Prediction = 0);
                _endOfBand = 0;
            }

            foreach (var named in scan.Components)
            {
                var (plane, component) = (_planes[named.Index], _frame.Components[named.Index]);
                var (across, down) = alone ? (1, 1) : (component.H, component.V);
                for (var i = 0; i < across * down; i++)
                {
                    var block = plane.Block((mcu % columns * across) + (i % across), (mcu / columns * down) + (i / across));
                    DecodeBlock(ref reader, scan, named, plane, tables, block);
                }
            }
        }

        reader.CheckEnd();
        reader.SkipToMarker();
        return reader.Position;
    }

    /// <summary>Turns the coefficients into samples, once all scans were read.</summary>
    internal void Finish(in SampleLayout layout, Span<byte> samples)
    {
        Span<float> block = stackalloc float[BlockSamples];
        for (var c = 0; c < _planes.Length; c++)
        {
            var plane = _planes[c];
            var (_, height) = _frame.SizeOf(_frame.Components[c]);
            var lines = ArrayPool<ushort>.Shared.Rent(plane.Across * BlockSamples);
            for (var row = 0; row * Size < height; row++)
            {
                for (var column = 0; column < plane.Across; column++)
                {
                    var coefficients = plane.Block(column, row);
                    for (var k = 0; k < BlockSamples; k++)
                    {
                        block[Zigzag.Order[k]] = coefficients[k] * plane.Quantization![k];
                    }

                    CosineTransform.Inverse(block);
                    CosineTransform.Place(block, _frame.Precision, lines.AsSpan(column * Size), plane.Across * Size);
                }

                for (var line = 0; line < Size && (row * Size) + line < height; line++)
                {
                    Upsampling.Store(_frame, _frame.Components[c], c, (row * Size) + line, lines.AsSpan(line * plane.Across * Size, plane.Across * Size), layout, samples);
                }
            }

            ArrayPool<ushort>.Shared.Return(lines);
        }
    }

    public void Dispose() => Array.ForEach(_planes, plane => plane.Dispose());

    private void DecodeBlock(ref HuffmanReader reader, JpegScan scan, ScanComponent named, Plane plane, JpegTables tables, Span<short> block)
    {
        if (scan.First > 0)
        {
            if (scan.High == 0)
            {
                ReadBand(ref reader, scan, tables.Ac(named.Ac), block);
            }
            else
            {
                RefineBand(ref reader, scan, tables.Ac(named.Ac), block);
            }
        }
        else if (scan.High > 0)
        {
            block[0] |= (short)(reader.ReadBits(1) << scan.Low);
        }
        else
        {
            var bits = reader.ReadSymbol(tables.Dc(named.Dc));
            if (bits > 15)
            {
                throw new CodecException(CodecFault.Malformed, $"A DC difference of {bits} bits.");
            }

            plane.Prediction += reader.ReadExtended(bits);
            block[0] = (short)(plane.Prediction << scan.Low);
        }
    }

    /// <summary>The first bits of some coefficients (T.81 §G.1.2.2).</summary>
    private void ReadBand(ref HuffmanReader reader, JpegScan scan, HuffmanTable table, Span<short> block)
    {
        if (_endOfBand > 0)
        {
            _endOfBand--;
            return;
        }

        for (var k = scan.First; k <= scan.Last; k++)
        {
            var symbol = reader.ReadSymbol(table);
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size == 0 && run < ZeroRun)
            {
                _endOfBand = (1 << run) - 1 + reader.ReadBits(run);
                return;
            }

            k += run;
            if (size == 0)
            {
                continue;
            }

            if (k > scan.Last)
            {
                throw new CodecException(CodecFault.Malformed, "A run goes beyond the coefficients of its scan.");
            }

            block[k] = (short)(reader.ReadExtended(size) << scan.Low);
        }
    }

    /// <summary>One more bit of some coefficients (T.81 §G.1.2.3).</summary>
    private void RefineBand(ref HuffmanReader reader, JpegScan scan, HuffmanTable table, Span<short> block)
    {
        var bit = (short)(1 << scan.Low);
        var k = scan.First;
        while (_endOfBand == 0 && k <= scan.Last)
        {
            var symbol = reader.ReadSymbol(table);
            var (run, size) = (symbol >> 4, symbol & 15);
            if (size > 1)
            {
                throw new CodecException(CodecFault.Malformed, $"A coefficient that begins with {size} bits.");
            }

            if (size == 0 && run < ZeroRun)
            {
                _endOfBand = (1 << run) + reader.ReadBits(run);
                break;
            }

            var value = size == 0 ? (short)0 : reader.ReadBits(1) == 1 ? bit : (short)-bit;

            // The run counts coefficients that are zero so far; those that are not get their bit on the way.
            for (; k <= scan.Last; k++)
            {
                if (block[k] != 0)
                {
                    Refine(ref reader, ref block[k], bit);
                }
                else if (run-- == 0)
                {
                    block[k++] = value;
                    break;
                }
            }
        }

        if (_endOfBand > 0)
        {
            for (; k <= scan.Last; k++)
            {
                if (block[k] != 0)
                {
                    Refine(ref reader, ref block[k], bit);
                }
            }

            _endOfBand--;
        }
    }

    private static void Refine(ref HuffmanReader reader, ref short coefficient, short bit)
    {
        if (reader.ReadBits(1) == 1 && (Math.Abs((int)coefficient) & bit) == 0)
        {
            coefficient += coefficient > 0 ? bit : (short)-bit;
        }
    }

    /// <summary>The coefficients of one component, block by block in the coded order.</summary>
    private sealed class Plane : IDisposable
    {
        private readonly short[] _coefficients;

        internal Plane(int across, int down)
        {
            Across = across;
            _coefficients = ArrayPool<short>.Shared.Rent(across * down * BlockSamples);
            _coefficients.AsSpan(0, across * down * BlockSamples).Clear();
        }

        /// <summary>Blocks in a row, padded to whole MCUs.</summary>
        internal int Across { get; }

        /// <summary>DC coefficient of the block before.</summary>
        internal int Prediction { get; set; }

        /// <summary>64 steps in the coded order; null until a scan names the component.</summary>
        internal ushort[]? Quantization { get; set; }

        internal Span<short> Block(int column, int row) => _coefficients.AsSpan(((row * Across) + column) * BlockSamples, BlockSamples);

        public void Dispose() => ArrayPool<short>.Shared.Return(_coefficients);
    }
}
