using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>Takes the samples of a component apart into subbands by the reversible 5/3 transform (T.800 §F.4), for areas that begin at 0.</summary>
internal static class Analysis
{
    // Columns that are transformed together: some cache lines of them.
    private const int ColumnsTogether = 64;

    // A side of 65,535 samples can be halved fifteen times; one depth more is that of the high bands.
    private const int DepthLimit = 16;

    private static readonly double[] LowNorms = new double[DepthLimit + 1], HighNorms = new double[DepthLimit + 1];

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
        // Each is asked for by every precinct; whoever comes first finds it for all.
        ref var norm = ref (isHigh ? HighNorms : LowNorms)[depth];
        return norm > 0 ? norm : norm = FindNorm(depth, isHigh);
    }

    private static double FindNorm(int depth, bool isHigh)
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
        var lows = (height + 1) / 2 * columns;
        var low = scratch[..lows];
        var high = scratch[lows..(height * columns)];
        for (var y = 0; y < height; y++)
        {
            plane.Slice(y * stride, columns).CopyTo(((y & 1) == 0 ? low : high)[(y / 2 * columns)..]);
        }

        ReversibleLifting.Apply(low, high, columns);
        for (var y = 0; y < height; y++)
        {
            scratch.Slice(y * columns, columns).CopyTo(plane[(y * stride)..]);
        }
    }

    private static void TransformRow(Span<int> row, Span<int> scratch)
    {
        var low = scratch[..((row.Length + 1) / 2)];
        var high = scratch[low.Length..row.Length];
        Lines.Split(row, low, high);
        ReversibleLifting.Apply(low, high, 1);
        scratch[..row.Length].CopyTo(row);
    }
}
