using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Bits of those of four coefficients, one below the other, that take part in a pass: put together for a stream of bits, and taken apart again.</summary>
internal static class ColumnBits
{
    private const int Selections = 1 << StripeFlags.Rows;

    private static readonly byte[] Gathered = MakeGathered();

    private static readonly Vector128<uint>[] Parted = MakeParted();

    /// <summary>The rows that a mask of <see cref="StripeFlags"/> names as one of sixteen selections, the upper row lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SelectionOf(ulong rows) => (int)((rows & 1) | (rows >> 2 & 2) | (rows >> 4 & 4) | (rows >> 6 & 8));

    /// <summary>The bits of the selected rows, that of the upper row highest.</summary>
    /// <param name="selection">Which rows.</param>
    /// <param name="bits">Those of all four, the upper one lowest.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Gather(int selection, uint bits) => Gathered[(selection * Selections) + (int)bits];

    /// <summary>The other way round: 0 or 1 for each row, 0 where it is not selected.</summary>
    /// <param name="selection">Which rows.</param>
    /// <param name="gathered">Their bits, that of the upper row highest.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<uint> Part(int selection, uint gathered) => Parted[(selection * Selections) + (int)gathered];

    private static byte[] MakeGathered()
    {
        var table = new byte[Selections * Selections];
        for (var i = 0; i < table.Length; i++)
        {
            for (var row = 0; row < StripeFlags.Rows; row++)
            {
                table[i] = (i / Selections >> row & 1) != 0 ? (byte)((table[i] << 1) | (i >> row & 1)) : table[i];
            }
        }

        return table;
    }

    private static Vector128<uint>[] MakeParted()
    {
        var table = new Vector128<uint>[Selections * Selections];
        for (var i = 0; i < table.Length; i++)
        {
            var selection = i / Selections;
            var left = BitOperations.PopCount((uint)selection);
            for (var row = 0; row < StripeFlags.Rows; row++)
            {
                table[i] = (selection >> row & 1) != 0 ? table[i].WithElement(row, (uint)(i >> --left) & 1) : table[i];
            }
        }

        return table;
    }
}
