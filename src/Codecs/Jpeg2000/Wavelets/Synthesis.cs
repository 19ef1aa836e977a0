using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>Puts the subbands of a component together, resolution by resolution (T.800 §F.3.2).</summary>
internal static class Synthesis
{
    // Columns that are transformed together: a cache line of them.
    private const int ColumnsTogether = 16;

    /// <summary>Scratch that a plane needs, in values.</summary>
    internal static int ScratchLength(int width, int height) => Math.Max(width, height * ColumnsTogether);

    /// <summary>Transforms a plane in place: in it every resolution has LL at the upper left, HL right of it, LH and HH below.</summary>
    /// <param name="plane">All coefficients.</param>
    /// <param name="stride">Values a row.</param>
    /// <param name="resolutions">The samples of each resolution, the smallest first.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> values.</param>
    internal static void Invert<T, TLifting>(Span<T> plane, int stride, ReadOnlySpan<Area> resolutions, Span<T> scratch)
        where T : unmanaged
        where TLifting : ILifting<T>
    {
        for (var r = 1; r < resolutions.Length; r++)
        {
            var (area, low) = (resolutions[r], resolutions[r - 1]);
            var (width, height) = (area.X1 - area.X0, area.Y1 - area.Y0);
            if (width == 0 || height == 0)
            {
                continue;
            }

            for (var y = 0; y < height; y++)
            {
                var row = plane.Slice(y * stride, width);
                InvertRow<T, TLifting>(row, low.X1 - low.X0, area.X0 & 1, scratch);
            }

            for (var x = 0; x < width; x += ColumnsTogether)
            {
                InvertColumns<T, TLifting>(plane[x..], stride, Math.Min(ColumnsTogether, width - x), height, low.Y1 - low.Y0, area.Y0 & 1, scratch);
            }
        }
    }

    private static void InvertRow<T, TLifting>(Span<T> row, int lows, int parity, Span<T> scratch)
        where T : unmanaged
        where TLifting : ILifting<T>
    {
        var line = scratch[..row.Length];
        for (int i = 0, at = parity; i < lows; i++, at += 2)
        {
            line[at] = row[i];
        }

        for (int i = lows, at = 1 - parity; i < row.Length; i++, at += 2)
        {
            line[at] = row[i];
        }

        TLifting.Invert(line, row.Length, parity, 1);
        line.CopyTo(row);
    }

    private static void InvertColumns<T, TLifting>(Span<T> plane, int stride, int columns, int height, int lows, int parity, Span<T> scratch)
        where T : unmanaged
        where TLifting : ILifting<T>
    {
        var lines = scratch[..(columns * height)];
        for (var y = 0; y < height; y++)
        {
            var at = y < lows ? parity + (2 * y) : 1 - parity + (2 * (y - lows));
            plane.Slice(y * stride, columns).CopyTo(lines[(at * columns)..]);
        }

        TLifting.Invert(lines, height, parity, columns);
        for (var y = 0; y < height; y++)
        {
            lines.Slice(y * columns, columns).CopyTo(plane[(y * stride)..]);
        }
    }
}
