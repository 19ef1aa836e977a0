using System.Runtime.InteropServices;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Wavelets;

/// <summary>Puts the subbands of a component together, resolution by resolution (T.800 §F.3.2).</summary>
internal static class Synthesis
{
    // Columns that are transformed together: some cache lines of them.
    private const int ColumnsTogether = 64;

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
        row.CopyTo(scratch);
        var low = scratch[..lows];
        var high = scratch[lows..row.Length];
        TLifting.Invert(low, high, parity, 1);

        // Whole numbers and fractions take four bytes both.
        var (even, odd) = parity == 0 ? (0, lows) : (lows, 0);
        var joined = MemoryMarshal.Cast<T, int>(scratch[..row.Length]);
        Lines.Join(joined.Slice(even, (row.Length + 1) / 2), joined.Slice(odd, row.Length / 2), MemoryMarshal.Cast<T, int>(row));
    }

    private static void InvertColumns<T, TLifting>(Span<T> plane, int stride, int columns, int height, int lows, int parity, Span<T> scratch)
        where T : unmanaged
        where TLifting : ILifting<T>
    {
        for (var y = 0; y < height; y++)
        {
            plane.Slice(y * stride, columns).CopyTo(scratch[(y * columns)..]);
        }

        TLifting.Invert(scratch[..(lows * columns)], scratch[(lows * columns)..(height * columns)], parity, columns);
        for (var y = 0; y < height; y++)
        {
            var at = y < lows ? parity + (2 * y) : 1 - parity + (2 * (y - lows));
            scratch.Slice(y * columns, columns).CopyTo(plane[(at * stride)..]);
        }
    }
}
