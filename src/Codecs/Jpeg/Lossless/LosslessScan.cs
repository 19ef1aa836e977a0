using System.Buffers;
using Panal.Codecs.Jpeg.Entropy;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Lossless;

/// <summary>Decodes one scan of a lossless process with Huffman coding (T.81 Annex H).</summary>
internal sealed class LosslessScan
{
    private readonly JpegFrame _frame;
    private readonly JpegScan _scan;
    private readonly int _restartInterval;
    private readonly int _columns;
    private readonly int _rows;
    private readonly Lines[] _lines;

    /// <summary>Prepares a scan.</summary>
    /// <exception cref="CodecException">Predictor or point transform do not exist, or a restart interval is not whole lines.</exception>
    internal LosslessScan(JpegFrame frame, JpegScan scan, JpegTables tables)
    {
        (_frame, _scan, _restartInterval) = (frame, scan, tables.RestartInterval);
        if (scan.First is < Predictor.Left or > Predictor.Last || scan.Low >= frame.Precision)
        {
            throw new CodecException(CodecFault.Malformed, $"Predictor {scan.First}, point transform {scan.Low}.");
        }

        var alone = scan.Components.Length == 1;
        _lines = new Lines[scan.Components.Length];
        for (var i = 0; i < _lines.Length; i++)
        {
            var component = frame.Components[scan.Components[i].Index];
            _lines[i] = new Lines(scan.Components[i], tables.Dc(scan.Components[i].Dc), alone ? 1 : component.H, alone ? 1 : component.V);
        }

        // A component alone is not padded to whole MCUs (T.81 §A.2.2, §A.2.3).
        (_columns, _rows) = alone
            ? frame.SizeOf(frame.Components[scan.Components[0].Index])
            : ((frame.Width + frame.MaximumH - 1) / frame.MaximumH, (frame.Height + frame.MaximumV - 1) / frame.MaximumV);
        if (_restartInterval % _columns != 0)
        {
            throw new CodecException(CodecFault.Malformed, $"A restart interval of {_restartInterval} is not whole lines of {_columns} (T.81 §H.1.1).");
        }
    }

    /// <summary>Decodes the entropy-coded data that begin at a position; returns where they end.</summary>
    internal int Decode(ReadOnlySpan<byte> encoded, int position, in SampleLayout layout, Span<byte> samples)
    {
        var reader = new HuffmanReader(encoded, position);
        var rowsBetweenRestarts = _restartInterval / _columns;
        try
        {
            foreach (var lines in _lines)
            {
                lines.Rent(_columns);
            }

            for (var row = 0; row < _rows; row++)
            {
                var restarts = rowsBetweenRestarts > 0 && row > 0 && row % rowsBetweenRestarts == 0;
                if (restarts)
                {
                    reader.Restart(((row / rowsBetweenRestarts) - 1) & 7);
                }

                DecodeRow(ref reader, row == 0 || restarts);
                Store(layout, samples, row);
            }

            reader.CheckEnd();
            reader.SkipToMarker();
            return reader.Position;
        }
        finally
        {
            foreach (var lines in _lines)
            {
                lines.Return();
            }
        }
    }

    private void DecodeRow(ref HuffmanReader reader, bool isFirst)
    {
        var start = 1 << (_frame.Precision - _scan.Low - 1);
        foreach (var lines in _lines)
        {
            lines.Begin();
        }

        if (_lines is [{ H: 1, V: 1 } only])
        {
            DecodeLine(ref reader, only, isFirst, start);
            return;
        }

        for (var column = 0; column < _columns; column++)
        {
            foreach (var lines in _lines)
            {
                for (var v = 0; v < lines.V; v++)
                {
                    for (var h = 0; h < lines.H; h++)
                    {
                        lines.Decode(ref reader, _scan.First, (column * lines.H) + h, v, isFirst && v == 0, start);
                    }
                }
            }
        }
    }

    /// <summary>The fast way of a component alone; equal to calling <see cref="Lines.Decode"/> for every sample.</summary>
    private void DecodeLine(ref HuffmanReader reader, Lines lines, bool isFirst, int start)
    {
        var current = lines.Line(0)[.._columns];
        var above = lines.Line(-1)[.._columns];
        var table = lines.Table;
        var selection = isFirst ? Predictor.Left : _scan.First;
        int a = isFirst ? start : above[0];
        current[0] = (ushort)(a + ReadDifference(ref reader, table));
        a = current[0];
        if (selection == Predictor.Left)
        {
            for (var x = 1; x < current.Length; x++)
            {
                a = (ushort)(a + ReadDifference(ref reader, table));
                current[x] = (ushort)a;
            }

            return;
        }

        int c = above[0];
        for (var x = 1; x < current.Length; x++)
        {
            int b = above[x];
            a = (ushort)(Predictor.Predict(selection, a, b, c) + ReadDifference(ref reader, table));
            current[x] = (ushort)a;
            c = b;
        }
    }

    private static int ReadDifference(ref HuffmanReader reader, HuffmanTable table)
    {
        var bits = reader.ReadSymbol(table);
        if (bits < 16)
        {
            return reader.ReadExtended(bits);
        }

        // Category 16 is the one difference 32768, without bits of its own (T.81 §H.1.2.2, Table H.2).
        return bits == 16 ? 1 << 15 : throw new CodecException(CodecFault.Malformed, $"A difference of {bits} bits.");
    }

    private void Store(in SampleLayout layout, Span<byte> samples, int row)
    {
        foreach (var lines in _lines)
        {
            var component = _frame.Components[lines.Component.Index];
            var (_, height) = _frame.SizeOf(component);
            for (var v = 0; v < lines.V && (row * lines.V) + v < height; v++)
            {
                var line = lines.Line(v);
                if (_scan.Low > 0)
                {
                    line = lines.Shifted(line, _scan.Low);
                }

                Upsampling.Store(_frame, component, lines.Component.Index, (row * lines.V) + v, line, layout, samples);
            }
        }
    }

    /// <summary>The last lines of one component: the line above those of the current MCUs, and these.</summary>
    private sealed class Lines(ScanComponent component, HuffmanTable table, int h, int v)
    {
        private ushort[] _values = [];
        private ushort[] _shifted = [];
        private int _width;

        internal ScanComponent Component => component;

        internal HuffmanTable Table => table;

        internal int H => h;

        internal int V => v;

        internal void Rent(int columns)
        {
            _width = columns * h;
            _values = ArrayPool<ushort>.Shared.Rent(_width * (v + 1));
            _shifted = ArrayPool<ushort>.Shared.Rent(_width);
        }

        internal void Return()
        {
            if (_values.Length > 0)
            {
                ArrayPool<ushort>.Shared.Return(_values);
                ArrayPool<ushort>.Shared.Return(_shifted);
            }
        }

        /// <summary>A line of the current MCUs; -1 is the one above.</summary>
        internal Span<ushort> Line(int line) => _values.AsSpan((line + 1) * _width, _width);

        internal Span<ushort> Shifted(ReadOnlySpan<ushort> line, int bits)
        {
            for (var x = 0; x < line.Length; x++)
            {
                _shifted[x] = (ushort)(line[x] << bits);
            }

            return _shifted.AsSpan(0, line.Length);
        }

        /// <summary>The last line becomes the one above.</summary>
        internal void Begin() => Line(v - 1).CopyTo(Line(-1));

        internal void Decode(ref HuffmanReader reader, int selection, int x, int line, bool isFirstLine, int start)
        {
            var current = Line(line);
            var above = Line(line - 1);
            var prediction = (x, isFirstLine) switch
            {
                (0, true) => start,
                (0, false) => above[0],
                (_, true) => current[x - 1],
                _ => Predictor.Predict(selection, current[x - 1], above[x], above[x - 1]),
            };
            current[x] = (ushort)(prediction + ReadDifference(ref reader, table));
        }
    }
}
