using System.Collections.Frozen;
using System.Text;

namespace Panal.Dicom.Text;

/// <summary>One defined term: either sets for the code elements G0 and G1, or an encoding that stands alone.</summary>
/// <remarks>PS3.3 §C.12.1.1.2, Tables C.12-2 to C.12-5.</remarks>
internal sealed class CharacterSetTerm
{
    private static readonly CharacterSetTerm[] All =
    [
        new("", GraphicSets.Ascii),
        new("ISO_IR 6", GraphicSets.Ascii),
        new("ISO 2022 IR 6", GraphicSets.Ascii),
        .. BothForms("13", GraphicSets.Romaji, GraphicSets.Katakana),
        .. BothForms("100", GraphicSets.Ascii, GraphicSets.Latin1),
        .. BothForms("101", GraphicSets.Ascii, GraphicSets.Latin2),
        .. BothForms("109", GraphicSets.Ascii, GraphicSets.Latin3),
        .. BothForms("110", GraphicSets.Ascii, GraphicSets.Latin4),
        .. BothForms("126", GraphicSets.Ascii, GraphicSets.Greek),
        .. BothForms("127", GraphicSets.Ascii, GraphicSets.Arabic),
        .. BothForms("138", GraphicSets.Ascii, GraphicSets.Hebrew),
        .. BothForms("144", GraphicSets.Ascii, GraphicSets.Cyrillic),
        .. BothForms("148", GraphicSets.Ascii, GraphicSets.Latin5),
        .. BothForms("166", GraphicSets.Ascii, GraphicSets.Thai),
        .. BothForms("203", GraphicSets.Ascii, GraphicSets.Latin9),
        new("ISO 2022 IR 58", g0: null, GraphicSets.Gb2312),
        new("ISO 2022 IR 87", GraphicSets.JisX0208),
        new("ISO 2022 IR 149", g0: null, GraphicSets.KsX1001),
        new("ISO 2022 IR 159", GraphicSets.JisX0212),
        new("ISO_IR 192", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)),
        new("GB18030", CodePages.Get(CodePages.Gb18030)),
        new("GBK", CodePages.Get(CodePages.Gbk)),
    ];

    private static readonly FrozenDictionary<string, CharacterSetTerm> ByName = All.ToFrozenDictionary(term => term.Name, StringComparer.Ordinal);

    /// <summary>Terms by their letters and digits alone, and what implementations have written instead of them.</summary>
    private static readonly FrozenDictionary<string, CharacterSetTerm> BySkeleton = Skeletons().ToFrozenDictionary(StringComparer.Ordinal);

    private CharacterSetTerm(string name, Lazy<GraphicSet>? g0, Lazy<GraphicSet>? g1 = null) => (Name, G0, G1) = (name, g0, g1);

    private CharacterSetTerm(string name, Encoding encoding) => (Name, Encoding) = (name, encoding);

    public string Name { get; }

    public Lazy<GraphicSet>? G0 { get; }

    public Lazy<GraphicSet>? G1 { get; }

    public Encoding? Encoding { get; }

    public bool HasCodeExtensions => Name.StartsWith("ISO 2022", StringComparison.Ordinal);

    /// <summary>Whether it may not be the first term: sets of two bytes are in force after an escape sequence only.</summary>
    public bool IsOnlyExtension => Encoding is null && (G0 is null || G0 == GraphicSets.JisX0208 || G0 == GraphicSets.JisX0212);

    public static CharacterSetTerm? Find(string text, out bool misspelt)
    {
        misspelt = false;
        if (ByName.TryGetValue(text, out var term))
        {
            return term;
        }

        misspelt = BySkeleton.TryGetValue(Skeleton(text), out term);
        return term;
    }

    private static CharacterSetTerm[] BothForms(string number, Lazy<GraphicSet> g0, Lazy<GraphicSet> g1) =>
        [new($"ISO_IR {number}", g0, g1), new($"ISO 2022 IR {number}", g0, g1)];

    private static string Skeleton(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant));

    private static Dictionary<string, CharacterSetTerm> Skeletons()
    {
        var skeletons = All.Where(term => term.Name.Length > 0).ToDictionary(term => Skeleton(term.Name), StringComparer.Ordinal);
        foreach (var term in All.Where(term => term.HasCodeExtensions))
        {
            var number = term.Name["ISO 2022 IR ".Length..];
            skeletons.TryAdd($"ISOIR{number}", term);
            skeletons[$"ISO2022{number}"] = term;
            skeletons[$"2022IR{number}"] = term;
            skeletons[$"IR{number}"] = term;
        }

        ReadOnlySpan<(string Alias, string Name)> aliases =
        [
            ("ASCII", "ISO_IR 6"), ("ISO646", "ISO_IR 6"), ("UTF8", "ISO_IR 192"), ("ISO2022IR192", "ISO_IR 192"), ("ISO10646", "ISO_IR 192"),
            ("IR192", "ISO_IR 192"), ("UNICODE", "ISO_IR 192"), ("LATIN1", "ISO_IR 100"), ("ISO88591", "ISO_IR 100"), ("ISO88592", "ISO_IR 101"),
            ("ISO88593", "ISO_IR 109"), ("ISO88594", "ISO_IR 110"), ("ISO88595", "ISO_IR 144"), ("ISO88596", "ISO_IR 127"),
            ("ISO88597", "ISO_IR 126"), ("ISO88598", "ISO_IR 138"), ("ISO88599", "ISO_IR 148"), ("ISO885911", "ISO_IR 166"),
            ("ISO885915", "ISO_IR 203"), ("ISO2022GBK", "GBK"), ("ISO2022GB18030", "GB18030"), ("GB2312", "GBK"), ("ISOIRGBK", "GBK"),
            ("EUCKR", "ISO 2022 IR 149"), ("KSX1001", "ISO 2022 IR 149"), ("KSC5601", "ISO 2022 IR 149"),
        ];
        foreach (var (alias, name) in aliases)
        {
            skeletons[alias] = ByName[name];
        }

        return skeletons;
    }
}
