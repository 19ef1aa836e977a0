using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>The states of the arithmetic coder (T.800 Table C.2).</summary>
internal static class MqStates
{
    internal const int Count = 47;

    /// <summary>Estimated probability of the less probable symbol.</summary>
    internal static ReadOnlySpan<ushort> Qe =>
    [
        0x5601, 0x3401, 0x1801, 0x0AC1, 0x0521, 0x0221, 0x5601, 0x5401, 0x4801, 0x3801, 0x3001, 0x2401, 0x1C01, 0x1601, 0x5601, 0x5401,
        0x5101, 0x4801, 0x3801, 0x3401, 0x3001, 0x2801, 0x2401, 0x2201, 0x1C01, 0x1801, 0x1601, 0x1401, 0x1201, 0x1101, 0x0AC1, 0x09C1,
        0x08A1, 0x0521, 0x0441, 0x02A1, 0x0221, 0x0141, 0x0111, 0x0085, 0x0049, 0x0025, 0x0015, 0x0009, 0x0005, 0x0001, 0x5601,
    ];

    /// <summary>Next state behind the more probable symbol.</summary>
    internal static ReadOnlySpan<byte> NextMps =>
    [
        1, 2, 3, 4, 5, 38, 7, 8, 9, 10, 11, 12, 13, 29, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 45, 46,
    ];

    /// <summary>Next state behind the less probable symbol.</summary>
    internal static ReadOnlySpan<byte> NextLps =>
    [
        1, 6, 9, 12, 29, 33, 6, 14, 14, 14, 17, 18, 20, 21, 14, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
        40, 41, 42, 43, 46,
    ];

    /// <summary>Whether the less probable symbol changes places with the other.</summary>
    internal static bool Switches(int state) => state is 0 or 6 or 14;

    /// <summary>Where a state has its more probable symbol, and the numbers of the states that follow it behind the more and the less probable one.</summary>
    internal const int SymbolBit = 15, MoreShift = 16, LessDistance = 8;

    /// <summary>The bits of a state that tell the probability of the less probable symbol.</summary>
    internal const uint QeMask = 0x7FFF;

    /// <summary>
    /// Every state with each more probable symbol, as coders keep it: Qe, the symbol, and in the upper bytes the places here of what follows. So one
    /// look tells all of a context.
    /// </summary>
    internal static uint[] Table { get; } = MakeTable();

    /// <summary>A state whose more probable symbol is 0.</summary>
    internal static uint Of(int state) => Table[2 * state];

    /// <summary>The state behind a decision.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="isOther">All bits set where the less probable symbol came, else 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint After(uint state, int isOther) =>
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Table), (nint)(byte)(state >> (MoreShift + (LessDistance & isOther))));

    private static uint[] MakeTable()
    {
        var table = new uint[2 * Count];
        for (var i = 0; i < table.Length; i++)
        {
            var (state, symbol) = (i >> 1, i & 1);
            var more = (NextMps[state] << 1) | symbol;
            var less = (NextLps[state] << 1) | (Switches(state) ? 1 - symbol : symbol);
            table[i] = Qe[state] | ((uint)symbol << SymbolBit) | ((uint)more << MoreShift) | ((uint)less << (MoreShift + LessDistance));
        }

        return table;
    }
}
