using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Catalogue.Matching;

/// <summary>A text that a person looks for among studies: each of its words begins a word of the study. See docs/formats/catalogue.md, "Lists of studies".</summary>
/// <remarks>Words end where FTS5's tokenizer "ascii" ends them, so that index and test agree, no word becomes a phrase, and nothing in one has a meaning to FTS5.</remarks>
internal sealed class StudyText
{
    /// <summary>Words of one search at most.</summary>
    internal const int WordLimit = 8;

    /// <summary>Letters of one word that are looked at.</summary>
    internal const int WordLengthLimit = 64;

    private readonly byte[][] _words;

    internal StudyText(string text)
    {
        var words = new List<string>();
        ReadOnlySpan<char> rest = NameFolding.Fold(text).ToLowerInvariant();
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
                words.Add(new string(rest[..(char.IsHighSurrogate(rest[length - 1]) ? length - 1 : length)]));
            }

            rest = rest[Math.Min(end + 1, rest.Length)..];
        }

        words.RemoveAll(static word => word.Length == 0);
        _words = [.. words.Select(Encoding.UTF8.GetBytes)];
        Expression = string.Join(" AND ", words.Select(static word => $"\"{word}\"*"));
    }

    /// <summary>What FTS5 is asked; empty when there is no word in the text.</summary>
    internal string Expression { get; }

    /// <summary>Study Description as lists are sorted by it: no case, no accents.</summary>
    internal static string Description(ReadOnlySpan<byte> study) => NameFolding.Fold(AttributeBlob.FirstText(study, Tags.StudyDescription)).Trim();

    /// <summary>Whether all words begin one in these texts, together; a bit a word says which.</summary>
    internal bool IsAll(uint found) => found == (1u << _words.Length) - 1;

    /// <summary>The words that begin a word of this text.</summary>
    internal uint FoundIn(ReadOnlySpan<byte> utf8)
    {
        uint found = 0;
        for (int start = 0; start < utf8.Length; start++)
        {
            if (!IsOfWord((char)utf8[start]) || (start > 0 && IsOfWord((char)utf8[start - 1])))
            {
                continue;
            }

            for (int word = 0; word < _words.Length; word++)
            {
                found |= Begins(utf8[start..], _words[word]) ? 1u << word : 0;
            }
        }

        return found;
    }

    private static bool Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        if (text.Length < word.Length)
        {
            return false;
        }

        for (int i = 0; i < word.Length; i++)
        {
            byte letter = text[i];
            if ((letter is >= (byte)'A' and <= (byte)'Z' ? letter | 0x20 : letter) != word[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Holds for the bytes of what is not ASCII, too.</summary>
    private static bool IsOfWord(char letter) => !char.IsAscii(letter) || char.IsAsciiLetterOrDigit(letter);
}
