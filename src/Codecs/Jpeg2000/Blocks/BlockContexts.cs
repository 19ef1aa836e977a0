namespace Panal.Codecs.Jpeg2000.Blocks;

/// <summary>Which of the four subbands, as contexts tell them apart.</summary>
internal enum BandKind
{
    /// <summary>LL, low in both directions.</summary>
    Low,

    /// <summary>HL, high from left to right.</summary>
    HighX,

    /// <summary>LH, high from top to bottom.</summary>
    HighY,

    /// <summary>HH.</summary>
    HighBoth,
}

/// <summary>Contexts of the coding passes (T.800 §D.3), looked up by what is known of the eight neighbours.</summary>
internal static class BlockContexts
{
    internal const int Count = 19;

    /// <summary>Bits of a coefficient's flags: which neighbours are significant.</summary>
    internal const int North = 1, South = 2, West = 4, East = 8, NorthWest = 16, NorthEast = 32, SouthWest = 64, SouthEast = 128, AnyNeighbour = 255;

    /// <summary>Bits of a coefficient's flags: itself.</summary>
    internal const int IsSignificant = 256, IsVisited = 512, IsRefined = 1024, IsNegative = 2048;

    /// <summary>Bits of a coefficient's flags: which significant neighbours are negative.</summary>
    internal const int NegativeShift = 12, NorthNegative = 1 << 12, SouthNegative = 2 << 12, WestNegative = 4 << 12, EastNegative = 8 << 12;

    internal const int FirstSign = 9, FirstRefinement = 14, Run = 17, Uniform = 18;

    private static readonly byte[][] Significance = [MakeSignificance(BandKind.Low), MakeSignificance(BandKind.HighX), MakeSignificance(BandKind.HighY), MakeSignificance(BandKind.HighBoth)];

    private static readonly byte[] Signs = MakeSigns();

    /// <summary>Contexts of significance for every set of neighbours (T.800 Table D.1).</summary>
    internal static ReadOnlySpan<byte> Of(BandKind band) => Significance[(int)band];

    /// <summary>Context of a sign, and in the highest bit whether the sign is to be turned round (T.800 Table D.3).</summary>
    internal static byte SignOf(int flags) => Signs[(flags & 15) | ((flags >> NegativeShift) << 4)];

    /// <summary>The states that passes begin with (T.800 Table D.7).</summary>
    internal static void Reset(Span<uint> contexts)
    {
        contexts.Fill(MqStates.Of(0));
        contexts[0] = MqStates.Of(4);
        contexts[Run] = MqStates.Of(3);
        contexts[Uniform] = MqStates.Of(46);
    }

    private static byte[] MakeSignificance(BandKind band)
    {
        var contexts = new byte[AnyNeighbour + 1];
        for (var flags = 0; flags < contexts.Length; flags++)
        {
            var h = Bits(flags & (West | East));
            var v = Bits(flags & (North | South));
            var d = Bits(flags & (NorthWest | NorthEast | SouthWest | SouthEast));
            contexts[flags] = (byte)(band switch
            {
                BandKind.HighBoth => Diagonal(h + v, d),
                BandKind.HighX => Straight(v, h, d),
                _ => Straight(h, v, d),
            });
        }

        return contexts;
    }

    private static int Bits(int flags) => System.Numerics.BitOperations.PopCount((uint)flags);

    private static int Straight(int h, int v, int d) => h switch
    {
        2 => 8,
        1 => v >= 1 ? 7 : d >= 1 ? 6 : 5,
        _ => v == 2 ? 4 : v == 1 ? 3 : Math.Min(d, 2),
    };

    private static int Diagonal(int hv, int d) => d switch
    {
        >= 3 => 8,
        2 => hv >= 1 ? 7 : 6,
        1 => 3 + Math.Min(hv, 2),
        _ => Math.Min(hv, 2),
    };

    private static byte[] MakeSigns()
    {
        var contexts = new byte[256];
        for (var flags = 0; flags < contexts.Length; flags++)
        {
            var h = Contribution(flags, West) + Contribution(flags, East);
            var v = Contribution(flags, North) + Contribution(flags, South);
            (h, v) = (Math.Sign(h), Math.Sign(v));
            var isTurned = h < 0 || (h == 0 && v < 0);
            (h, v) = isTurned ? (-h, -v) : (h, v);
            contexts[flags] = (byte)((h == 0 ? FirstSign + v : FirstSign + 3 + v) | (isTurned ? 0x80 : 0));
        }

        return contexts;

        static int Contribution(int flags, int neighbour) => (flags & neighbour) == 0 ? 0 : (flags & (neighbour << 4)) != 0 ? -1 : 1;
    }
}
