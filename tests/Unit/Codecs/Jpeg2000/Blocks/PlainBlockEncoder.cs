using Panal.Codecs.Jpeg2000.Blocks;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;

namespace Panal.Unit.Codecs.Jpeg2000.Blocks;

/// <summary>The plain reference of the coding passes: T.800 Annex D, one coefficient after the other, each asking its eight neighbours.</summary>
internal sealed class PlainBlockEncoder(int[] values, int width, BandKind band)
{
    private const int StripeRows = 4;

    private readonly PlainMqEncoder _coder = new();
    private readonly bool[] _isSignificant = new bool[values.Length];
    private readonly bool[] _isVisited = new bool[values.Length];
    private readonly bool[] _isRefined = new bool[values.Length];

    internal byte[] Encode()
    {
        var planes = 0;
        while (values.Any(value => Math.Abs(value) >> planes != 0))
        {
            planes++;
        }

        for (var plane = planes - 1; plane >= 0; plane--)
        {
            if (plane < planes - 1)
            {
                Pass(at => Propagate(at, plane));
                Pass(at => Refine(at, plane));
            }

            CleanUp(plane);
            Array.Clear(_isVisited);
        }

        return planes == 0 ? [] : _coder.Flush();
    }

    /// <summary>Stripes of four rows, in them column by column (T.800 §D.1).</summary>
    private void Pass(Action<int> code)
    {
        for (var top = 0; top < values.Length / width; top += StripeRows)
        {
            for (var x = 0; x < width; x++)
            {
                for (var y = top; y < Math.Min(top + StripeRows, values.Length / width); y++)
                {
                    code((y * width) + x);
                }
            }
        }
    }

    private void Propagate(int at, int plane)
    {
        if (!_isSignificant[at] && (FlagsOf(at) & AnyNeighbour) != 0)
        {
            CodeSignificance(at, plane);
            _isVisited[at] = true;
        }
    }

    private void Refine(int at, int plane)
    {
        if (_isSignificant[at] && !_isVisited[at])
        {
            var context = _isRefined[at] ? 2 : (FlagsOf(at) & AnyNeighbour) != 0 ? 1 : 0;
            _coder.Encode(FirstRefinement + context, BitOf(at, plane));
            _isRefined[at] = true;
        }
    }

    private void CleanUp(int plane)
    {
        var skipped = new HashSet<int>();
        Pass(at =>
        {
            var column = Enumerable.Range(0, StripeRows).Select(row => at + (row * width)).ToArray();
            if (at / width % StripeRows == 0 && column[^1] < values.Length && column.All(one => !_isSignificant[one] && !_isVisited[one] && (FlagsOf(one) & AnyNeighbour) == 0))
            {
                var first = Array.FindIndex(column, one => BitOf(one, plane) != 0);
                _coder.Encode(Run, first < 0 ? 0u : 1);
                skipped.UnionWith(first < 0 ? column : column.Take(first + 1));
                if (first >= 0)
                {
                    _coder.Encode(Uniform, (uint)first >> 1);
                    _coder.Encode(Uniform, (uint)first & 1);
                    CodeSign(column[first]);
                }
            }

            if (!skipped.Contains(at) && !_isSignificant[at] && !_isVisited[at])
            {
                CodeSignificance(at, plane);
            }
        });
    }

    private void CodeSignificance(int at, int plane)
    {
        _coder.Encode(Of(band)[FlagsOf(at) & AnyNeighbour], BitOf(at, plane));
        if (BitOf(at, plane) != 0)
        {
            CodeSign(at);
        }
    }

    private void CodeSign(int at)
    {
        var context = SignOf(FlagsOf(at));
        _coder.Encode(context & 0x7F, (values[at] < 0 ? 1u : 0) ^ (uint)(context >> 7));
        _isSignificant[at] = true;
    }

    private uint BitOf(int at, int plane) => (uint)(Math.Abs(values[at]) >> plane) & 1;

    /// <summary>Which neighbours are significant, and which of the four beside it are negative too.</summary>
    private int FlagsOf(int at)
    {
        var (x, y, flags) = (at % width, at / width, 0);
        foreach (var (dx, dy, flag) in ((int, int, int)[])[(0, -1, North), (0, 1, South), (-1, 0, West), (1, 0, East), (-1, -1, NorthWest), (1, -1, NorthEast), (-1, 1, SouthWest), (1, 1, SouthEast)])
        {
            if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < values.Length / width && _isSignificant[at + (dy * width) + dx])
            {
                flags |= flag | (flag <= East && values[at + (dy * width) + dx] < 0 ? flag << NegativeShift : 0);
            }
        }

        return flags;
    }
}
