namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Where the nodes of a tag tree lie: the rectangle of the leaves first, each level above it half as wide and high (T.800 §B.10.2).</summary>
internal readonly struct TagTreeShape
{
    private static readonly (int Width, int First)[] Leaf = [(1, 0)];

    private readonly (int Width, int First)[] _levels;

    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    internal TagTreeShape(int width, int height)
    {
        if (width == 1 && height == 1)
        {
            // Most precincts have one code-block in a subband.
            (_levels, Nodes) = (Leaf, 1);
            return;
        }

        var levels = new List<(int, int)>();
        while (true)
        {
            levels.Add((width, Nodes));
            Nodes += width * height;
            if (width * height <= 1)
            {
                break;
            }

            (width, height) = ((width + 1) / 2, (height + 1) / 2);
        }

        _levels = [.. levels];
    }

    /// <summary>Nodes of all levels together.</summary>
    internal int Nodes { get; }

    internal int Levels => _levels.Length;

    /// <summary>Columns of the leaves.</summary>
    internal int Width => _levels[0].Width;

    /// <summary>The node of a level above the leaf at a place.</summary>
    internal int NodeAt(int level, int x, int y) => _levels[level].First + ((y >> level) * _levels[level].Width) + (x >> level);
}
