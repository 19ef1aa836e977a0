using System.Runtime.CompilerServices;
using static Panal.Codecs.Jpeg2000.Blocks.BlockContexts;

namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>
/// What is known of four coefficients, one below the other, and of those around them, in one word: passes step over a word of
/// zeros, and a context is a look-up.
/// </summary>
/// <remarks>
/// Bits 0 to 17: which coefficients are significant, three in a row, six rows from the one above to the one below. Bits 18 to 23:
/// which of the middle column are negative. Bits 24 to 27: which of the four were refined; 28 to 31: which were visited.
/// </remarks>
internal static class StripeFlags
{
    internal const int Rows = 4;

    internal const uint AnySignificant = 0x3FFFF, OwnSignificant = 0x2490, AnyVisited = 0xF0000000;

    internal const uint Own = 0x10, Neighbours = 0x1EF, Neighbourhood = 0x1FF;

    internal const int SignShift = 18, OwnSignShift = 19, RefinedShift = 24, VisitedShift = 28;

    private const int StraightNeighbours = 0xAA;

    private static readonly byte[][] Significance = [MakeSignificance(BandKind.Low), MakeSignificance(BandKind.HighX), MakeSignificance(BandKind.HighY), MakeSignificance(BandKind.HighBoth)];

    private static readonly byte[] Signs = MakeSigns();

    /// <summary>Contexts of significance for the nine bits of a neighbourhood; the middle one does not matter.</summary>
    internal static byte[] SignificanceOf(BandKind band) => Significance[(int)band];

    /// <summary>Context of a sign by <see cref="SignIndex"/>, and in the highest bit whether the sign is to be turned round.</summary>
    internal static byte[] SignContexts => Signs;

    /// <summary>The place in <see cref="SignContexts"/> for one row of a word, given the words at its sides.</summary>
    internal static int SignIndex(uint word, uint left, uint right, int row)
    {
        var significant = (word >> (3 * row)) & StraightNeighbours;
        var north = (word >> (SignShift + row)) & 1;
        var west = (left >> (OwnSignShift + row)) & 1;
        var east = (right >> (OwnSignShift + row)) & 1;
        var south = (word >> (OwnSignShift + 1 + row)) & 1;
        return (int)(significant | north | (west << 2) | (east << 4) | (south << 6));
    }

    /// <summary>Tells the words around that a coefficient became significant; returns its own word.</summary>
    /// <param name="words">The word of the coefficient, in its place.</param>
    /// <param name="stride">Words from one stripe to the next.</param>
    /// <param name="word">The word as it is so far.</param>
    /// <param name="row">Row of the coefficient, 0 to 3.</param>
    /// <param name="sign">1 if it is negative, else 0.</param>
    /// <param name="isCausal">The stripe above is not to know.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint BecomeSignificant(ref uint words, int stride, uint word, int row, uint sign, bool isCausal = false)
    {
        const uint FromWest = 0x08, FromEast = 0x20;
        Unsafe.Add(ref words, -1) |= FromEast << (3 * row);
        Unsafe.Add(ref words, 1) |= FromWest << (3 * row);
        if (row == 0 && !isCausal)
        {
            const uint LastRow = 0x10000;
            ref var above = ref Unsafe.Add(ref words, -stride);
            above |= LastRow | (sign << (SignShift + Rows + 1));
            Unsafe.Add(ref above, -1) |= LastRow << 1;
            Unsafe.Add(ref above, 1) |= LastRow >> 1;
        }
        else if (row == Rows - 1)
        {
            const uint FirstRow = 0x02;
            ref var below = ref Unsafe.Add(ref words, stride);
            below |= FirstRow | (sign << SignShift);
            Unsafe.Add(ref below, -1) |= FirstRow << 1;
            Unsafe.Add(ref below, 1) |= FirstRow >> 1;
        }

        return word | (Own << (3 * row)) | (sign << (OwnSignShift + row));
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

            contexts[i] = Of(band)[neighbours];
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

            contexts[i] = SignOf(known);
        }

        return contexts;
    }
}
