using Panal.Catalogue.Attributes;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Catalogue.Matching;

/// <summary>The words of a study that a person looks for: see docs/formats/catalogue.md, "Lists of studies".</summary>
internal static class StudyText
{
    /// <summary>Words of one search at most.</summary>
    internal const int WordLimit = 8;

    /// <summary>Letters of one word that are looked at.</summary>
    internal const int WordLengthLimit = 64;

    /// <summary>Study Description as lists are sorted by it: no case, no accents.</summary>
    internal static string Description(ReadOnlySpan<byte> study) => NameFolding.Fold(AttributeBlob.FirstText(study, Tags.StudyDescription)).Trim();

    /// <summary>What FTS5 is asked so that each word of the text begins a word of the study; empty when there is no word in it.</summary>
    /// <remarks>Words end where FTS5's tokenizer "ascii" ends them, so that none becomes a phrase, and nothing in them has a meaning to FTS5.</remarks>
    internal static string Expression(string text)
    {
        var words = new List<string>();
        ReadOnlySpan<char> rest = NameFolding.Fold(text);
        while (!rest.IsEmpty && words.Count < WordLimit)
        {
            int end = 0;
            while (end < rest.Length && IsOfWord(rest[end]))
            {
                end++;
            }

            if (end > 0)
            {
                int length = Math.Min(end, WordLengthLimit);
                words.Add(string.Concat("\"", rest[..(char.IsHighSurrogate(rest[length - 1]) ? length - 1 : length)], "\"*"));
            }

            rest = rest[Math.Min(end + 1, rest.Length)..];
        }

        return string.Join(" AND ", words);
    }

    private static bool IsOfWord(char letter) => !char.IsAscii(letter) || char.IsAsciiLetterOrDigit(letter);
}
