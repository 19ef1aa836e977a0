using System.Text;

namespace Panal.Dicom.Text;

/// <summary>The graphic sets of PS3.3 §C.12.1.1.2, made when first used; the code pages of the runtime, corrected where they differ from the standard's sets.</summary>
internal static class GraphicSets
{
    public static readonly Lazy<GraphicSet> Ascii = new(() => SevenBit("\x1B(B"u8, []));

    /// <summary>ISO-IR 14 (JIS X 0201): yen sign and overline in the places of backslash and tilde.</summary>
    public static readonly Lazy<GraphicSet> Romaji = new(() => SevenBit("\x1B(J"u8, [(0x5C, '¥'), (0x7E, '‾')]));

    /// <summary>ISO-IR 13 (JIS X 0201).</summary>
    public static readonly Lazy<GraphicSet> Katakana = new(() => new GraphicSet(
        [0x1B, (byte)')', (byte)'I'],
        isG1: true,
        width: 1,
        [.. Enumerable.Range(0, 128).Select(code => code is >= 0x21 and <= 0x5F ? (char)('\uFF61' + code - 0x21) : GraphicSet.Undefined)],
        static _ => false));

    public static readonly Lazy<GraphicSet> Latin1 = EightBit('A', CodePages.Latin1);
    public static readonly Lazy<GraphicSet> Latin2 = EightBit('B', CodePages.Latin2);
    public static readonly Lazy<GraphicSet> Latin3 = EightBit('C', CodePages.Latin3);
    public static readonly Lazy<GraphicSet> Latin4 = EightBit('D', CodePages.Latin4);

    /// <summary>ISO-IR 126 in the edition of 2003, which has other quotation marks than the code page, and the euro.</summary>
    public static readonly Lazy<GraphicSet> Greek =
        EightBit('F', CodePages.Greek, (0x21, '\u2018'), (0x22, '\u2019'), (0x24, '€'), (0x25, '₯'), (0x2A, '\u037A'));

    public static readonly Lazy<GraphicSet> Arabic = EightBit('G', CodePages.Arabic);

    /// <summary>ISO-IR 138 in the edition of 1999, with the marks of direction.</summary>
    public static readonly Lazy<GraphicSet> Hebrew = EightBit('H', CodePages.Hebrew, (0x2F, '\u00AF'), (0x7D, '\u200E'), (0x7E, '\u200F'));

    public static readonly Lazy<GraphicSet> Cyrillic = EightBit('L', CodePages.Cyrillic);
    public static readonly Lazy<GraphicSet> Latin5 = EightBit('M', CodePages.Latin5);
    public static readonly Lazy<GraphicSet> Thai = EightBit('T', CodePages.Thai);
    public static readonly Lazy<GraphicSet> Latin9 = EightBit('b', CodePages.Latin9);

    public static readonly Lazy<GraphicSet> JisX0208 = new(() =>
        new GraphicSet(
            [0x1B, (byte)'$', (byte)'B'],
            isG1: false,
            width: 2,
            Square(CodePages.Get(CodePages.JapaneseEuc), 0x80, (0x213D, '\u2014')),
            // Row 13 and those after the last kanji are additions of vendors.
            static place => place / GraphicSet.Side is 12 or > 0x74 - 0x21)
        .WithAlias('\u2015', 0x213D).WithAlias('\uFF5E', 0x2141).WithAlias('\uFF0D', 0x215D));

    public static readonly Lazy<GraphicSet> JisX0212 = new(() => new GraphicSet(
        [0x1B, (byte)'$', (byte)'(', (byte)'D'],
        isG1: false,
        width: 2,
        Square(CodePages.Get(CodePages.JapaneseEuc), 0, (0x2237, '~'), (0x2271, '№')),
        static place => place / GraphicSet.Side >= 0x73 - 0x21));

    public static readonly Lazy<GraphicSet> KsX1001 = new(() =>
    {
        var encoding = CodePages.Get(CodePages.Korean);
        return new GraphicSet(
            [0x1B, (byte)'$', (byte)')', (byte)'C'],
            isG1: true,
            width: 2,
            Square(encoding, 0x80, (0x2268, '\u327E')),
            static _ => false)
        {
            // Syllables outside of KS X 1001 stand in names; senders on Windows write them as their code page does.
            ReadBeyond = (first, second) => Pair(encoding, first, second),
        };
    });

    public static readonly Lazy<GraphicSet> Gb2312 = new(() =>
    {
        var encoding = CodePages.Get(CodePages.Gbk);
        return new GraphicSet(
            [0x1B, (byte)'$', (byte)')', (byte)'A'],
            isG1: true,
            width: 2,
            Square(CodePages.Get(CodePages.Gb2312), 0x80, (0x212C, '\u2016')),
            static _ => false)
        {
            ReadBeyond = (first, second) => Pair(encoding, first, second),
        }
        .WithAlias('·', 0x2124).WithAlias('—', 0x212A);
    });

    /// <summary>Finds the set that an escape sequence at the start of the bytes invokes.</summary>
    public static GraphicSet? Find(ReadOnlySpan<byte> sequence)
    {
        if (sequence.Length < 3)
        {
            return null;
        }

        var set = (sequence[1], sequence[2]) switch
        {
            ((byte)'(', (byte)'B') => Ascii,
            ((byte)'(', (byte)'J') => Romaji,
            ((byte)')', (byte)'I') => Katakana,
            ((byte)'$', (byte)'B' or (byte)'@') => JisX0208,
            ((byte)'$', (byte)'(') when sequence.Length > 3 && sequence[3] == 'D' => JisX0212,
            ((byte)'$', (byte)')') when sequence.Length > 3 && sequence[3] == 'C' => KsX1001,
            ((byte)'$', (byte)')') when sequence.Length > 3 && sequence[3] == 'A' => Gb2312,
            ((byte)'-', var final) => FindEightBit(final),
            _ => null,
        };
        return set?.Value;
    }

    private static Lazy<GraphicSet>? FindEightBit(byte final) => final switch
    {
        (byte)'A' => Latin1,
        (byte)'B' => Latin2,
        (byte)'C' => Latin3,
        (byte)'D' => Latin4,
        (byte)'F' => Greek,
        (byte)'G' => Arabic,
        (byte)'H' => Hebrew,
        (byte)'L' => Cyrillic,
        (byte)'M' => Latin5,
        (byte)'T' => Thai,
        (byte)'b' => Latin9,
        _ => null,
    };

    private static GraphicSet SevenBit(ReadOnlySpan<byte> escape, ReadOnlySpan<(int Code, char Character)> corrections)
    {
        var characters = new char[128];
        for (var code = 0; code < characters.Length; code++)
        {
            characters[code] = (char)code;
        }

        foreach (var (code, character) in corrections)
        {
            characters[code] = character;
        }

        return new GraphicSet(escape.ToArray(), isG1: false, width: 1, characters, static code => code < 0x20);
    }

    /// <summary>A set of ISO/IEC 8859; codes below 20H are the controls C1, which the code pages of Windows use otherwise.</summary>
    private static Lazy<GraphicSet> EightBit(char final, int codePage, params (int Code, char Character)[] corrections) => new(() =>
    {
        Span<byte> bytes = stackalloc byte[128];
        for (var code = 0; code < bytes.Length; code++)
        {
            bytes[code] = (byte)(code | 0x80);
        }

        var characters = new char[128];
        CodePages.Get(codePage).GetChars(bytes, characters);
        for (var code = 0; code < characters.Length; code++)
        {
            characters[code] = code < 0x20 ? (char)(code | 0x80) : WithoutPrivateUse(characters[code]);
        }

        foreach (var (code, character) in corrections)
        {
            characters[code] = character;
        }

        return new GraphicSet([0x1B, (byte)'-', (byte)final], isG1: true, width: 1, characters, static _ => false);
    });

    private static char[] Square(Encoding encoding, int highBitOfSecond, params ReadOnlySpan<(int Code, char Character)> corrections)
    {
        var characters = new char[GraphicSet.Side * GraphicSet.Side];
        for (var place = 0; place < characters.Length; place++)
        {
            var (row, cell) = Math.DivRem(place, GraphicSet.Side);
            characters[place] = Pair(encoding, (byte)((row + 0x21) | 0x80), (byte)((cell + 0x21) | highBitOfSecond));
        }

        foreach (var (code, character) in corrections)
        {
            characters[(((code >> 8) - 0x21) * GraphicSet.Side) + (code & 0xFF) - 0x21] = character;
        }

        return characters;
    }

    private static char Pair(Encoding encoding, byte first, byte second)
    {
        Span<char> characters = stackalloc char[8];
        var count = encoding.GetChars([first, second], characters);
        return count == 1 ? WithoutPrivateUse(characters[0]) : GraphicSet.Undefined;
    }

    /// <summary>Code pages fill their holes from the private use area.</summary>
    private static char WithoutPrivateUse(char character) => character is >= '\uE000' and <= '\uF8FF' ? GraphicSet.Undefined : character;
}
