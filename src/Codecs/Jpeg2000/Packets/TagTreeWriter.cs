namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>A tag tree for encoding: numbers of a rectangle, told only as exactly as needed (T.800 §B.10.2).</summary>
internal sealed class TagTreeWriter
{
    private readonly TagTreeShape _shape;
    private readonly int[] _values;
    private readonly int[] _told;
    private readonly bool[] _isKnown;

    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="values">The numbers, row by row.</param>
    internal TagTreeWriter(int width, int height, ReadOnlySpan<int> values)
    {
        _shape = new TagTreeShape(width, height);
        (_values, _told, _isKnown) = (new int[_shape.Nodes], new int[_shape.Nodes], new bool[_shape.Nodes]);
        _values.AsSpan().Fill(int.MaxValue);
        for (var i = 0; i < values.Length; i++)
        {
            // Every node is the least of those below it.
            for (var level = 0; level < _shape.Levels; level++)
            {
                ref var node = ref _values[_shape.NodeAt(level, i % _shape.Width, i / _shape.Width)];
                node = Math.Min(node, values[i]);
            }
        }
    }

    /// <summary>Writes on until a reader knows whether the number at a place is below a threshold.</summary>
    internal void Write(ref PacketBitWriter bits, int x, int y, int threshold)
    {
        var lowest = 0;
        for (var level = _shape.Levels - 1; level >= 0; level--)
        {
            var node = _shape.NodeAt(level, x, y);
            _told[node] = Math.Max(_told[node], lowest);
            while (_told[node] < threshold && !_isKnown[node])
            {
                if (_told[node] == _values[node])
                {
                    bits.Write(1);
                    _isKnown[node] = true;
                }
                else
                {
                    bits.Write(0);
                    _told[node]++;
                }
            }

            lowest = _told[node];
        }
    }
}
