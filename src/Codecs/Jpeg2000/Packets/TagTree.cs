namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>A tag tree for decoding: numbers of a rectangle, told only as exactly as needed (T.800 §B.10.2).</summary>
internal sealed class TagTree
{
    private readonly (int Width, int First)[] _levels;
    private readonly int[] _values;
    private readonly bool[] _isKnown;

    internal TagTree(int width, int height)
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

        _levels = [.. levels];
        _values = new int[nodes];
        _isKnown = new bool[nodes];
    }

    /// <summary>Reads on until it is known whether the number at a place is below a threshold.</summary>
    internal bool IsBelow(ref PacketBits bits, int x, int y, int threshold)
    {
        var lowest = 0;
        for (var level = _levels.Length - 1; level >= 0; level--)
        {
            var node = NodeAt(level, x, y);
            _values[node] = Math.Max(_values[node], lowest);
            while (_values[node] < threshold && !_isKnown[node])
            {
                if (bits.Read() == 1)
                {
                    _isKnown[node] = true;
                }
                else
                {
                    _values[node]++;
                }
            }

            lowest = _values[node];
        }

        var leaf = NodeAt(0, x, y);
        return _isKnown[leaf] && _values[leaf] < threshold;
    }

    private int NodeAt(int level, int x, int y) => _levels[level].First + ((y >> level) * _levels[level].Width) + (x >> level);
}
