using Panal.Dicom.Text;

namespace Panal.Catalogue.Matching;

/// <summary>The component groups of a person name, folded (PS3.5 §6.2.1): no case, no accents, no empty components at the end.</summary>
/// <param name="Alphabetic">Empty when absent.</param>
/// <param name="Ideographic">Null when absent.</param>
/// <param name="Phonetic">Null when absent.</param>
internal readonly record struct FoldedName(string Alphabetic, string? Ideographic, string? Phonetic)
{
    internal bool IsUnknown => Alphabetic.Length == 0 && Ideographic is null && Phonetic is null;

    internal static FoldedName Fold(string value)
    {
        string[] groups = value.Split('=', 4);
        return new FoldedName(
            FoldGroup(groups[0]),
            groups.Length > 1 && FoldGroup(groups[1]) is { Length: > 0 } ideographic ? ideographic : null,
            groups.Length > 2 && FoldGroup(groups[2]) is { Length: > 0 } phonetic ? phonetic : null);
    }

    /// <summary>Folds one group; empty components at the end and spaces around components do not count.</summary>
    internal static string FoldGroup(string group)
    {
        string folded = NameFolding.Fold(group).Trim();
        if (folded.Contains(" ^", StringComparison.Ordinal) || folded.Contains("^ ", StringComparison.Ordinal))
        {
            folded = string.Join('^', folded.Split('^', StringSplitOptions.TrimEntries));
        }

        return folded.TrimEnd('^', ' ');
    }
}
