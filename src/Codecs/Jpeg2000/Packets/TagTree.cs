namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>A tag tree for decoding: numbers of a rectangle, told only as exactly as needed (T.800 §B.10.2).</summary>
internal sealed class TagTree
{
    private readonly TagTreeShape _shape;
    private readonly int[] _values;
    private readonly bool[] _isKnown;

    internal TagTree(int width, int height)
    {
        _shape = new TagTreeShape(width, height);
        _values = new int[_shape.Nodes];
        _isKnown = new bool[_shape.Nodes];
    }

    /// <summary>Reads on until it is known whether the number at a place is below a threshold.</summary>
    internal bool IsBelow(ref PacketBits bits, int x, int y, int threshold)
    {
        var lowest = 0;
        for (var level = _shape.Levels - 1; level >= 0; level--)
        {
            var node = _shape.NodeAt(level, x, y);
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

        var leaf = _shape.NodeAt(0, x, y);
        return _isKnown[leaf] && _values[leaf] < threshold;
    }
}
