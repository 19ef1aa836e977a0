using System.Numerics;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>Takes the samples of a component apart into subbands by the reversible 5/3 transform (T.800 §F.4), for areas that begin at 0.</summary>
internal static class Analysis
{
    // Columns that are transformed together: some cache lines of them.
    private const int ColumnsTogether = 64;

    /// <summary>Scratch that a plane needs, in values.</summary>
    internal static int ScratchLength(int width, int height) => Math.Max(width, height * ColumnsTogether);

    /// <summary>Transforms a plane in place: in it every resolution has LL at the upper left, HL right of it, LH and HH below.</summary>
    /// <param name="plane">All samples.</param>
    /// <param name="stride">Values a row.</param>
    /// <param name="resolutions">The samples of each resolution, the smallest first; all begin at 0.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> values.</param>
    internal static void Transform(Span<int> plane, int stride, ReadOnlySpan<Area> resolutions, Span<int> scratch)
    {
        for (var r = resolutions.Length - 1; r > 0; r--)
        {
            var (width, height) = (resolutions[r].X1, resolutions[r].Y1);
            for (var x = 0; x < width && height > 1; x += ColumnsTogether)
            {
                TransformColumns(plane[x..], stride, Math.Min(ColumnsTogether, width - x), height, scratch);
            }

            for (var y = 0; y < height && width > 1; y++)
            {
                TransformRow(plane.Slice(y * stride, width), scratch);
            }
        }
    }

    /// <summary>The sum of squares of the samples that one unit in a subband makes, the square root of it: the norm of its synthesis.</summary>
    /// <param name="depth">How many times the band was taken apart, at least 1; 0 for samples.</param>
    /// <param name="highX">Whether it is high from left to right.</param>
    /// <param name="highY">Whether it is high from top to bottom.</param>
    internal static double Norm(int depth, bool highX, bool highY) => depth == 0 ? 1 : Norm(depth, highX) * Norm(depth, highY);

    private static double Norm(int depth, bool isHigh)
    {
        // T.800 §F.3.8.2.1.1 without its rounding: a low coefficient spreads by 1/2 1 1/2, a high one by -1/8 -1/4 3/4 -1/4 -1/8.
        double[] low = [0.5, 1, 0.5];
        double[] signal = isHigh ? [-0.125, -0.25, 0.75, -0.25, -0.125] : low;
        for (var level = 1; level < depth; level++)
        {
            var next = new double[(2 * signal.Length) + 1];
            for (var i = 0; i < signal.Length; i++)
            {
                for (var k = 0; k < low.Length; k++)
                {
                    next[(2 * i) + k] += signal[i] * low[k];
                }
            }

            signal = next;
        }

        return Math.Sqrt(signal.Sum(value => value * value));
    }

    private static void TransformColumns(Span<int> plane, int stride, int columns, int height, Span<int> scratch)
    {
        var lows = (height + 1) / 2;
        var low = scratch[..(lows * columns)];
        var high = scratch.Slice(lows * columns, (height - lows) * columns);
        for (var y = 0; y < height; y++)
        {
            plane.Slice(y * stride, columns).CopyTo(((y & 1) == 0 ? low : high)[(y / 2 * columns)..]);
        }

        for (var y = 0; y < height - lows; y++)
        {
            var after = Math.Min(y + 1, lows - 1);
            Predict(high.Slice(y * columns, columns), low.Slice(y * columns, columns), low.Slice(after * columns, columns));
        }

        for (var y = 0; y < lows; y++)
        {
            var (before, after) = (Math.Max(y - 1, 0), Math.Min(y, height - lows - 1));
            Update(low.Slice(y * columns, columns), high.Slice(before * columns, columns), high.Slice(after * columns, columns));
        }

        for (var y = 0; y < height; y++)
        {
            scratch.Slice(y * columns, columns).CopyTo(plane[(y * stride)..]);
        }
    }

    private static void TransformRow(Span<int> row, Span<int> scratch)
    {
        var lows = (row.Length + 1) / 2;
        var highs = row.Length - lows;
        var low = scratch[..lows];
        var high = scratch.Slice(lows, highs);
        for (var i = 0; i < highs; i++)
        {
            low[i] = row[2 * i];
            high[i] = row[(2 * i) + 1];
        }

        low[^1] = row[(lows - 1) * 2];

        // Behind the last low of a row of even length there is none: it stands for itself.
        Predict(high[..(lows - 1)], low, low[1..]);
        if (highs == lows)
        {
            high[^1] -= low[^1];
        }

        low[0] += (high[0] + high[0] + 2) >> 2;
        Update(low[1..highs], high, high[1..]);
        if (lows > highs && lows > 1)
        {
            low[^1] += (high[^1] + high[^1] + 2) >> 2;
        }

        scratch[..row.Length].CopyTo(row);
    }

    /// <summary>What is high is what its neighbours do not predict (T.800 equation F-9).</summary>
    private static void Predict(Span<int> high, ReadOnlySpan<int> before, ReadOnlySpan<int> after)
    {
        var i = 0;
        for (; i <= high.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            var sum = new Vector<int>(before[i..]) + new Vector<int>(after[i..]);
            (new Vector<int>(high[i..]) - (sum >> 1)).CopyTo(high[i..]);
        }

        for (; i < high.Length; i++)
        {
            high[i] -= (before[i] + after[i]) >> 1;
        }
    }

    /// <summary>What is low takes its share of the high beside it (T.800 equation F-10).</summary>
    private static void Update(Span<int> low, ReadOnlySpan<int> before, ReadOnlySpan<int> after)
    {
        var i = 0;
        var two = new Vector<int>(2);
        for (; i <= low.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            var sum = new Vector<int>(before[i..]) + new Vector<int>(after[i..]) + two;
            (new Vector<int>(low[i..]) + (sum >> 2)).CopyTo(low[i..]);
        }

        for (; i < low.Length; i++)
        {
            low[i] += (before[i] + after[i] + 2) >> 2;
        }
    }
}
