namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>In which order packets follow each other (T.800 Table A.16).</summary>
public enum ProgressionOrder
{
    /// <summary>Layer, resolution, component, position.</summary>
    Lrcp = 0,

    /// <summary>Resolution, layer, component, position.</summary>
    Rlcp = 1,

    /// <summary>Resolution, position, component, layer.</summary>
    Rpcl = 2,

    /// <summary>Position, component, resolution, layer.</summary>
    Pcrl = 3,

    /// <summary>Component, position, resolution, layer.</summary>
    Cprl = 4,
}

/// <summary>What holds for all components: the first part of COD (T.800 Tables A.13, A.14).</summary>
/// <param name="Order">Progression order.</param>
/// <param name="Layers">Quality layers, 1 to 65535.</param>
/// <param name="MayHaveStart">Packets may have SOP segments in front.</param>
/// <param name="HasHeaderEnd">Packet headers end with EPH.</param>
/// <param name="HasComponentTransform">The first three components were transformed together.</param>
public sealed record CodingStyle(ProgressionOrder Order, int Layers, bool MayHaveStart, bool HasHeaderEnd, bool HasComponentTransform);

/// <summary>What holds for one component: the second part of COD, or COC (T.800 Table A.15).</summary>
/// <param name="Levels">Decomposition levels, 0 to 32; there is one resolution more.</param>
/// <param name="BlockWidthLog">Binary logarithm of the width of code-blocks.</param>
/// <param name="BlockHeightLog">Binary logarithm of their height.</param>
/// <param name="BlockStyle">Bits of Table A.19; bit 6 is high throughput coding (T.814).</param>
/// <param name="IsReversible">The 5/3 transform; otherwise 9/7.</param>
/// <param name="Precincts">For each resolution, logarithm of the precinct width in the low half byte, of the height in the high one.</param>
public sealed record ComponentStyle(int Levels, int BlockWidthLog, int BlockHeightLog, int BlockStyle, bool IsReversible, IReadOnlyList<byte> Precincts)
{
    internal const int TerminateAll = 0x04, Bypass = 0x01, HighThroughput = 0x40;
    internal const byte HasPrecincts = 1;

    private const int LevelLimit = 32;
    private const int FixedLengthBytes = 5;
    private const byte LargestPrecinct = 0xFF;

    /// <summary>Reads what COD has behind its first part, and COC behind its style byte.</summary>
    /// <exception cref="CodecException">It is damaged.</exception>
    internal static ComponentStyle Read(ReadOnlySpan<byte> content, bool hasPrecincts)
    {
        if (content.Length < FixedLengthBytes || content[0] > LevelLimit || content.Length != FixedLengthBytes + (hasPrecincts ? content[0] + 1 : 0))
        {
            throw new CodecException(CodecFault.Malformed, $"A coding style of {content.Length} bytes.");
        }

        var (width, height) = ((content[1] & 15) + 2, (content[2] & 15) + 2);
        if (width > 10 || height > 10 || width + height > 12 || content[4] > 1)
        {
            throw new CodecException(CodecFault.Malformed, $"Code-blocks of 2^{width} x 2^{height}, transform {content[4]}.");
        }

        var precincts = new byte[content[0] + 1];
        precincts.AsSpan().Fill(LargestPrecinct);
        if (hasPrecincts)
        {
            content[FixedLengthBytes..].CopyTo(precincts);
        }

        // A precinct of one sample would have subbands of half a sample (T.800 §B.6).
        for (var r = 1; r < precincts.Length; r++)
        {
            if ((precincts[r] & 15) == 0 || precincts[r] >> 4 == 0)
            {
                throw new CodecException(CodecFault.Malformed, $"Precincts {precincts[r]:X2} at resolution {r}.");
            }
        }

        return new ComponentStyle(content[0], width, height, content[3], content[4] == 1, precincts);
    }
}
