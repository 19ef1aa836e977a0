using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000;

/// <summary>How a codestream is laid out. Whatever is chosen, it is lossless, one tile, RPCL, and has the lengths of its packets in PLT.</summary>
/// <remarks>
/// The defaults are those of the compact form: a precinct of 128 x 128 is one code-block in every subband, which costs a thousandth
/// of the bytes and lets a region be fetched; six layers cost half a hundredth and let a stack be seen after a fortieth of them.
/// </remarks>
public sealed record Jpeg2000Form
{
    internal const int LevelLimit = 32, LayerLimit = 64, PrecinctLimit = 15, SmallestBlock = 2, LargestBlock = 6;

    /// <summary>The form that is meant where nothing else is said.</summary>
    public static Jpeg2000Form Default { get; } = new();

    /// <summary>How often the image is halved, 0 to 32; fewer where it would become smaller than a sample.</summary>
    public int Levels { get; init; } = 5;

    /// <summary>Quality layers, 1 to 64; all together are lossless.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Binary logarithm of the side of precincts, 1 to 15.</summary>
    public int PrecinctLog { get; init; } = 7;

    /// <summary>Binary logarithm of the side of code-blocks, 2 to 6.</summary>
    public int BlockLog { get; init; } = 6;

    /// <summary>Whether three components are red, green and blue and are transformed together (T.800 §G.2); no other number of them is.</summary>
    public bool TransformsColour { get; init; } = true;

    /// <summary>Whether code-blocks are coded in the fast way (T.814), which is larger and knows one layer only.</summary>
    public bool IsHighThroughput { get; init; }

    /// <summary>
    /// Whether the lower bit-planes of a code-block, which are mostly noise, bypass the arithmetic coder but for their cleanup (T.800 §D.6): a quarter
    /// faster, and three hundredths larger.
    /// </summary>
    public bool BypassesCoder { get; init; } = true;

    /// <summary>Style of code-blocks (T.800 Table A.19; T.814).</summary>
    internal byte BlockStyle => (byte)(IsHighThroughput ? ComponentStyle.HighThroughput : BypassesCoder ? ComponentStyle.Bypass : 0);

    /// <summary>Whether the numbers are possible.</summary>
    internal bool IsPossible => (!IsHighThroughput || (Layers == 1 && !BypassesCoder)) && Levels is >= 0 and <= LevelLimit && Layers is >= 1 and <= LayerLimit && PrecinctLog is >= 1 and <= PrecinctLimit
        && BlockLog is >= SmallestBlock and <= LargestBlock;
}
