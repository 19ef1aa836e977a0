using System.Text;

namespace Panal.Catalogue.Matching;

/// <summary>A single value or a wildcard value of a key: "*" stands for any characters, "?" for exactly one (PS3.4 §C.2.2.2.4).</summary>
internal sealed class TextPattern
{
    private const int ComponentLimit = 5;

    private readonly bool _isName;

    internal TextPattern(string text, bool allowsWildcards, bool isName)
    {
        _isName = isName;
        int wildcard = allowsWildcards ? text.AsSpan().IndexOfAny('*', '?') : -1;
        HasWildcards = wildcard >= 0;
        Text = HasWildcards ? Collapse(text) : text;
        string literal = HasWildcards ? text[..wildcard] : text;
        Prefix = isName ? literal.TrimEnd('^', ' ') : literal;
        IsPrefixOnly = HasWildcards && wildcard == text.Length - 1 && text[wildcard] == '*' && Prefix.Length == literal.Length;
    }

    internal string Text { get; }

    internal bool HasWildcards { get; }

    /// <summary>What every match starts with: lets an index be used.</summary>
    internal string Prefix { get; }

    /// <summary>Whether every text with the prefix matches.</summary>
    internal bool IsPrefixOnly { get; }

    internal bool Matches(ReadOnlySpan<byte> utf8)
    {
        const int StackChars = 512;
        Span<char> buffer = utf8.Length <= StackChars ? stackalloc char[StackChars] : new char[utf8.Length];
        int length = Encoding.UTF8.GetChars(utf8, buffer);
        return Matches(buffer[..length]);
    }

    internal bool Matches(ReadOnlySpan<char> value)
    {
        if (!HasWildcards)
        {
            return value.SequenceEqual(Text);
        }

        if (MatchesLiterally(Text, value))
        {
            return true;
        }

        // "A^B" is the same name as "A^B^^^" (PS3.5 §6.2.1.2): the key may ask for as many components as it names.
        return _isName && MatchesWithEmptyComponents(value);
    }

    private bool MatchesWithEmptyComponents(ReadOnlySpan<char> value)
    {
        int missing = Math.Min(ComponentLimit - 1, Text.AsSpan().Count('^')) - value.Count('^');
        if (missing <= 0)
        {
            return false;
        }

        Span<char> padded = value.Length <= 512 ? stackalloc char[512 + ComponentLimit] : new char[value.Length + ComponentLimit];
        value.CopyTo(padded);
        for (int added = 1; added <= missing; added++)
        {
            padded[value.Length + added - 1] = '^';
            if (MatchesLiterally(Text, padded[..(value.Length + added)]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Linear in the text for each "*": goes back to the latest one only, so no key can be slow.</summary>
    private static bool MatchesLiterally(ReadOnlySpan<char> pattern, ReadOnlySpan<char> value)
    {
        int p = 0, v = 0, star = -1, resume = 0;
        while (v < value.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = v;
            }
            else if (p < pattern.Length && pattern[p] == '?')
            {
                p++;
                v += CharacterLength(value, v);
            }
            else if (p < pattern.Length && pattern[p] == value[v])
            {
                p++;
                v++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                resume += CharacterLength(value, resume);
                v = resume;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimEnd('*').IsEmpty;
    }

    private static int CharacterLength(ReadOnlySpan<char> value, int index) =>
        char.IsHighSurrogate(value[index]) && index + 1 < value.Length && char.IsLowSurrogate(value[index + 1]) ? 2 : 1;

    /// <summary>"**" says no more than "*".</summary>
    private static string Collapse(string text)
    {
        var collapsed = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            if (character != '*' || collapsed.Length == 0 || collapsed[^1] != '*')
            {
                collapsed.Append(character);
            }
        }

        return collapsed.ToString();
    }
}
