using System.Text.RegularExpressions;

namespace Panal.Unit.Architecture;

/// <summary>Measures the bodies of methods in C# text: a brace whose head is neither a type, a namespace nor a property list.</summary>
internal static partial class MethodScanner
{
    private sealed record Block(string Head, int Line, bool HoldsMembers);

    /// <summary>Each member with a block body: its first line and how many lines the body takes.</summary>
    public static IEnumerable<(int Line, int Lines)> Measure(string text)
    {
        var code = Blank(text);
        var blocks = new Stack<Block>();
        var head = 0;
        var line = 1;
        for (var i = 0; i < code.Length; i++)
        {
            switch (code[i])
            {
                case '\n':
                    line++;
                    break;
                case '{':
                    var text2 = code[head..i];
                    blocks.Push(new Block(text2, line, TypeHead().IsMatch(text2)));
                    head = i + 1;
                    break;
                case '}':
                    if (blocks.TryPop(out var block) && !block.HoldsMembers && blocks.TryPeek(out var parent) && parent.HoldsMembers)
                    {
                        yield return (block.Line, line - block.Line + 1);
                    }

                    head = i + 1;
                    break;
                case ';':
                    head = i + 1;
                    break;
            }
        }
    }

    /// <summary>The text with everything inside comments, strings and characters replaced by spaces; lines stay.</summary>
    internal static string Blank(string text)
    {
        var code = text.ToCharArray();
        var i = 0;
        while (i < code.Length)
        {
            i = EndOfLiteral(text, i) is var end && end > i ? BlankOut(code, i, end) : i + 1;
        }

        return new string(code);
    }

    private static int BlankOut(char[] code, int from, int to)
    {
        for (var i = from; i < to && i < code.Length; i++)
        {
            code[i] = code[i] == '\n' ? '\n' : ' ';
        }

        return to;
    }

    /// <summary>Where the comment or literal that begins at <paramref name="i"/> ends; the same place when none does.</summary>
    private static int EndOfLiteral(string text, int i)
    {
        var rest = text.AsSpan(i);
        if (rest.StartsWith("//"))
        {
            return After(text, i, "\n") - 1;
        }

        if (rest.StartsWith("/*"))
        {
            return After(text, i + 2, "*/");
        }

        if (rest[0] == '\'')
        {
            return rest.StartsWith("'\\") ? After(text, i + 3, "'") : i + 3;
        }

        var prefix = 0;
        while (prefix < rest.Length && rest[prefix] is '$' or '@')
        {
            prefix++;
        }

        var quotes = 0;
        while (prefix + quotes < rest.Length && rest[prefix + quotes] == '"')
        {
            quotes++;
        }

        if (quotes == 0)
        {
            return i;
        }

        if (quotes >= 3)
        {
            return After(text, i + prefix + quotes, new string('"', quotes));
        }

        return quotes == 2 ? i + prefix + 2 : EndOfString(text, i + prefix + 1, rest[..prefix].Contains('@'), rest[..prefix].Contains('$'));
    }

    private static int EndOfString(string text, int i, bool isVerbatim, bool isInterpolated)
    {
        while (i < text.Length && text[i] != '"')
        {
            if (text[i] == '\\' && !isVerbatim)
            {
                i += 2;
            }
            else if (isInterpolated && text[i] == '{' && text[i + 1] == '{')
            {
                i += 2;
            }
            else if (isInterpolated && text[i] == '{')
            {
                i = EndOfHole(text, i + 1);
            }
            else
            {
                i++;
            }

            if (isVerbatim && i + 1 < text.Length && text[i] == '"' && text[i + 1] == '"')
            {
                i += 2;
            }
        }

        return i + 1;
    }

    private static int EndOfHole(string text, int i)
    {
        for (var depth = 1; i < text.Length && depth > 0;)
        {
            var end = EndOfLiteral(text, i);
            depth += end > i ? 0 : text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            i = Math.Max(end, i + 1);
        }

        return i;
    }

    private static int After(string text, int from, string end)
    {
        var at = text.IndexOf(end, Math.Min(from, text.Length), StringComparison.Ordinal);
        return at < 0 ? text.Length + 1 : at + end.Length;
    }

    [GeneratedRegex(@"\b(class|struct|interface|enum|namespace|record|extension)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeHead();
}
