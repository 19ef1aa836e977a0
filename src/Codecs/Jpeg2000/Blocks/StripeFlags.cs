using System.Runtime.CompilerServices;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>
/// What is known of four coefficients, one below the other, and of those around them, in one word: passes step over a word of
/// zeros, a context is a look-up, and which of the four take part in a pass is a mask.
/// </summary>
/// <remarks>
/// Bits 0 to 17: which coefficients are significant, three in a row, six rows from the one above to the one below. Everything else
/// keeps that distance from row to row: from bit 20 on which of the four were visited, from 21 on which were refined; from 33 on
/// which of the middle column are negative, six rows again.
/// </remarks>
internal static class StripeFlags
{
    internal const int Rows = 4;

    /// <summary>Bits from one row to the next.</summary>
    internal const int RowStep = 3;

    /// <summary>One bit for each of the four rows, the upper one lowest.</summary>
    internal const ulong AllRows = 0x249;

    internal const ulong AnySignificant = 0x3FFFF, AnyVisited = AllRows << VisitedShift;

    internal const uint Neighbourhood = 0x1FF;

    internal const int OwnShift = 4, VisitedShift = 20, RefinedShift = 21, SignShift = 33, OwnSignShift = SignShift + RowStep;

    /// <summary>In <see cref="SignificanceOf"/>: the coefficient is not significant, and one around it is.</summary>
    internal const int IsCandidate = 0x80;

    private const int StraightNeighbours = 0xAA, OwnInNeighbourhood = 0x10;

    private static readonly byte[][] Significance = [MakeSignificance(BandKind.Low), MakeSignificance(BandKind.HighX), MakeSignificance(BandKind.HighY), MakeSignificance(BandKind.HighBoth)];

    private static readonly byte[] Signs = MakeSigns();

    private static readonly byte[] Refinements = MakeRefinements();

    /// <summary>Twice the context of significance for the nine bits of a neighbourhood, and <see cref="IsCandidate"/>.</summary>
    internal static byte[] SignificanceOf(BandKind band) => Significance[(int)band];

    /// <summary>Twice the context of a sign by <see cref="SignIndex"/>, and in the lowest bit whether the sign is to be turned round.</summary>
    internal static byte[] SignContexts => Signs;

    /// <summary>Twice the context of a first refinement for the nine bits of a neighbourhood.</summary>
    internal static byte[] RefinementContexts => Refinements;

    /// <summary>Rows of a stripe that has so many, as bits.</summary>
    internal static ulong RowsOf(int rows) => AllRows & ((1UL << (RowStep * rows)) - 1);

    /// <summary>The rows that significance propagation codes, as bits, as far as the word knows before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Candidates(ulong word)
    {
        var sides = word | (word >> 2);
        var all = sides | (word >> 1);
        return (all | (sides >> RowStep) | (all >> (2 * RowStep))) & ~(word >> OwnShift) & AllRows;
    }

    /// <summary>The rows that magnitude refinement codes, as bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong ToRefine(ulong word) => (word >> OwnShift) & ~(word >> VisitedShift) & AllRows;

    /// <summary>The rows that cleanup codes, as bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong ToCleanUp(ulong word, ulong rows) => rows & ~((word >> OwnShift) | (word >> VisitedShift));

    /// <summary>The place in <see cref="SignContexts"/> for one row of a word, given the words at its sides.</summary>
    /// <param name="word">The word.</param>
    /// <param name="left">The word left of it.</param>
    /// <param name="right">The word right of it.</param>
    /// <param name="shift">The row, as the shift of its bit.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SignIndex(ulong word, ulong left, ulong right, int shift)
    {
        var significant = (word >> shift) & StraightNeighbours;
        var signs = word >> (SignShift + shift);
        var sides = ((left >> (OwnSignShift + shift)) & 1) << 2 | ((right >> (OwnSignShift + shift)) & 1) << 4;
        return (int)(significant | (signs & 1) | sides | (signs & (1 << (2 * RowStep))));
    }

    /// <summary>Tells the words around that a coefficient became significant; returns its own word.</summary>
    /// <param name="words">The word of the coefficient, in its place.</param>
    /// <param name="stride">Words from one stripe to the next.</param>
    /// <param name="word">The word as it is so far.</param>
    /// <param name="shift">Row of the coefficient, as the shift of its bit.</param>
    /// <param name="sign">1 if it is negative, else 0.</param>
    /// <param name="isCausal">The stripe above is not to know.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong BecomeSignificant(ref ulong words, int stride, ulong word, int shift, uint sign, bool isCausal = false)
    {
        const ulong FromWest = 0x08, FromEast = 0x20, Own = 1 << OwnShift, LastOfAbove = 0x10000, FirstOfBelow = 0x02, LastRow = LastOfAbove >> (RowStep * (Rows - 1));
        const int Lowering = 6, SignDistance = SignShift - 1;
        Unsafe.Add(ref words, -1) |= FromEast << shift;
        Unsafe.Add(ref words, 1) |= FromWest << shift;

        // The first row is seen by the stripe above, the last one by the stripe below, those between by none: by masks, since which row it is cannot be foreseen.
        var end = (LastOfAbove >> shift) & (LastOfAbove | LastRow);
        var seen = (end & LastOfAbove) | ((end >> Lowering) & FirstOfBelow);
        var isFirst = (shift - 1) >> 31;
        if (isCausal)
        {
            seen &= FirstOfBelow;
        }

        ref var beyond = ref Unsafe.Add(ref words, (stride ^ isFirst) - isFirst);
        beyond |= seen | ((seen << SignDistance) & (0UL - sign));
        Unsafe.Add(ref beyond, -1) |= seen << 1;
        Unsafe.Add(ref beyond, 1) |= seen >> 1;
        return word | (Own << shift) | ((ulong)sign << (OwnSignShift + shift));
    }

    private static byte[] MakeSignificance(BandKind band)
    {
        var contexts = new byte[Neighbourhood + 1];
        ReadOnlySpan<int> flags = [NorthWest, North, NorthEast, West, 0, East, SouthWest, South, SouthEast];
        for (var i = 0; i < contexts.Length; i++)
        {
            var neighbours = 0;
            for (var bit = 0; bit < flags.Length; bit++)
            {
                neighbours |= (i >> bit & 1) != 0 ? flags[bit] : 0;
            }

            var isCandidate = neighbours != 0 && (i & OwnInNeighbourhood) == 0;
            contexts[i] = (byte)((Of(band)[neighbours] << 1) | (isCandidate ? IsCandidate : 0));
        }

        return contexts;
    }

    private static byte[] MakeSigns()
    {
        var contexts = new byte[256];
        ReadOnlySpan<int> flags = [North, West, East, South];
        for (var i = 0; i < contexts.Length; i++)
        {
            var known = 0;
            for (var side = 0; side < flags.Length; side++)
            {
                known |= (i >> ((2 * side) + 1) & 1) != 0 ? flags[side] : 0;
                known |= (i >> (2 * side) & 1) != 0 ? flags[side] << NegativeShift : 0;
            }

            contexts[i] = (byte)(((SignOf(known) & 0x7F) << 1) | (SignOf(known) >> 7));
        }

        return contexts;
    }

    private static byte[] MakeRefinements()
    {
        var contexts = new byte[Neighbourhood + 1];
        for (var i = 0; i < contexts.Length; i++)
        {
            contexts[i] = (byte)((i & ~OwnInNeighbourhood) != 0 ? (FirstRefinement + 1) << 1 : FirstRefinement << 1);
        }

        return contexts;
    }
}
