namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>A tag tree for encoding: numbers of a rectangle, told only as exactly as needed (T.800 §B.10.2).</summary>
internal sealed class TagTreeWriter
{
    private readonly (int Width, int First)[] _levels;
    private readonly int[] _values;
    private readonly int[] _told;
    private readonly bool[] _isKnown;

    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="values">The numbers, row by row.</param>
    internal TagTreeWriter(int width, int height, ReadOnlySpan<int> values)
    {
        var levels = new List<(int, int)>();
        var nodes = 0;
        while (true)
        {
            levels.Add((width, nodes));
            nodes += width * height;
            if (width * height <= 1)
            {
                break;
            }

            (width, height) = ((width + 1) / 2, (height + 1) / 2);
        }

        (_levels, _values, _told, _isKnown) = ([.. levels], new int[nodes], new int[nodes], new bool[nodes]);
        _values.AsSpan().Fill(int.MaxValue);
        for (var i = 0; i < values.Length; i++)
        {
            // Every node is the least of those below it.
            for (var level = 0; level < _levels.Length; level++)
            {
                ref var node = ref _values[NodeAt(level, i % _levels[0].Width, i / _levels[0].Width)];
                node = Math.Min(node, values[i]);
            }
        }
    }

    /// <summary>Writes on until a reader knows whether the number at a place is below a threshold.</summary>
    internal void Write(ref PacketBitWriter bits, int x, int y, int threshold)
    {
        var lowest = 0;
        for (var level = _levels.Length - 1; level >= 0; level--)
        {
            var node = NodeAt(level, x, y);
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

    private int NodeAt(int level, int x, int y) => _levels[level].First + ((y >> level) * _levels[level].Width) + (x >> level);
}
