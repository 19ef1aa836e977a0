using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Codecs.Jpeg2000.Packets;

/// <summary>Which coding passes of a code-block share a segment, at whose end the coder is terminated (T.800 Table D.8; T.814).</summary>
internal static class BlockSegments
{
    /// <summary>Passes that no style lets bypass the coder: those of the four highest bit-planes.</summary>
    internal const int BeforeBypass = 10;

    private const int PassesOfPlane = 3;

    /// <summary>How many passes follow, from the next one on, before the segment ends; a number that is too large where it does not.</summary>
    /// <param name="passesBefore">Passes of the block so far.</param>
    /// <param name="passes">Passes that come now.</param>
    /// <param name="style">Bits of T.800 Table A.19.</param>
    internal static int PassesFrom(int passesBefore, int passes, int style)
    {
        if ((style & ComponentStyle.HighThroughput) != 0)
        {
            // The cleanup pass has a segment of its own, the two refining passes share one. Sets of three before it that have no
            // bytes only say that its bit-plane is lower.
            return passesBefore % PassesOfPlane == 0 ? ((passes - 1) / PassesOfPlane * PassesOfPlane) + 1 : PassesOfPlane - (passesBefore % PassesOfPlane);
        }

        if ((style & ComponentStyle.TerminateAll) != 0)
        {
            return 1;
        }

        return (style & ComponentStyle.Bypass) == 0 ? int.MaxValue : passesBefore < BeforeBypass ? BeforeBypass - passesBefore : (passesBefore - BeforeBypass) % PassesOfPlane == 0 ? 2 : 1;
    }

    /// <summary>Whether a pass begins a new segment of the code-block's data.</summary>
    /// <param name="passesBefore">Passes of the block before it.</param>
    /// <param name="style">Bits of T.800 Table A.19.</param>
    internal static bool IsBeginning(int passesBefore, int style) =>
        passesBefore == 0 || (style & ComponentStyle.TerminateAll) != 0
        || ((style & ComponentStyle.HighThroughput) != 0 && passesBefore % PassesOfPlane < 2)
        || ((style & ComponentStyle.Bypass) != 0 && passesBefore >= BeforeBypass && (passesBefore - BeforeBypass) % PassesOfPlane != 1);

    /// <summary>Whether a pass bypasses the coder.</summary>
    /// <param name="passesBefore">Passes of the block before it.</param>
    /// <param name="style">Bits of T.800 Table A.19.</param>
    internal static bool IsRaw(int passesBefore, int style) =>
        (style & ComponentStyle.Bypass) != 0 && passesBefore >= BeforeBypass && (passesBefore - BeforeBypass) % PassesOfPlane != 2;
}
