using System.Collections.Concurrent;
using System.Text;

namespace Panal.Dicom.Text;

/// <summary>What was wrong with the terms of a Specific Character Set (0008,0005); the text is read all the same.</summary>
[Flags]
public enum CharacterSetDefects
{
    None = 0,

    /// <summary>A term was recognised although it is not written as PS3.3 §C.12.1.1.2 writes it.</summary>
    Misspelt = 1,

    /// <summary>A term was not recognised and counts for nothing.</summary>
    Unknown = 2,

    /// <summary>Terms that may not stand together, or a term without code extensions where they are needed.</summary>
    Combination = 4,
}

/// <summary>The character sets of DICOM text, by the terms of Specific Character Set (0008,0005).</summary>
/// <remarks>PS3.3 §C.12.1.1.2, Tables C.12-2 to C.12-5; PS3.5 §6.1.</remarks>
public static class CharacterSets
{
    /// <summary>Different combinations of terms that are kept; the rest are built anew each time, so that a peer cannot fill the memory.</summary>
    private const int CacheLimit = 256;

    /// <summary>Longest value of (0008,0005) that is looked at, in bytes: more than all terms together.</summary>
    private const int ValueLimitBytes = 1024;

    private static readonly ConcurrentDictionary<string, SpecificCharacterSet> Cache = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, SpecificCharacterSet>.AlternateLookup<ReadOnlySpan<char>> CacheByValue =
        Cache.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>ISO_IR 6, in force where no term is given.</summary>
    public static SpecificCharacterSet Default { get; } = ForTerms([]);

    /// <summary>ISO_IR 192.</summary>
    public static SpecificCharacterSet Utf8 { get; } = ForTerms(["ISO_IR 192"]);

    /// <summary>The character set of the values of (0008,0005), in their order; an empty list is the default repertoire. Never fails.</summary>
    public static SpecificCharacterSet ForTerms(params ReadOnlySpan<string> terms)
    {
        switch (terms.Length)
        {
            case 0:
                return ForJoined("");
            case 1:
                return ForJoined(terms[0]);
        }

        Span<char> joined = stackalloc char[ValueLimitBytes];
        var length = 0;
        foreach (var term in terms)
        {
            if (term.Length >= joined.Length - length)
            {
                break;
            }

            term.CopyTo(joined[length..]);
            length += term.Length;
            joined[length++] = '\\';
        }

        return ForJoined(joined[..Math.Max(length - 1, 0)]);
    }

    /// <summary>The character set of a value of (0008,0005) as it stands in the data set, with its padding. Never fails.</summary>
    public static SpecificCharacterSet ForValue(ReadOnlySpan<byte> value)
    {
        Span<char> text = stackalloc char[ValueLimitBytes];
        value = value[..Math.Min(value.Length, ValueLimitBytes)].TrimEnd(" \0"u8);
        return ForJoined(text[..Encoding.Latin1.GetChars(value, text)]);
    }

    private static SpecificCharacterSet ForJoined(ReadOnlySpan<char> joined)
    {
        if (CacheByValue.TryGetValue(joined, out var known))
        {
            return known;
        }

        var key = joined.ToString();
        var built = Build(key.Split('\\', StringSplitOptions.TrimEntries));
        if (Cache.Count < CacheLimit && key.Length <= ValueLimitBytes)
        {
            Cache.TryAdd(key, built);
        }

        return built;
    }

    private static SpecificCharacterSet Build(string[] terms)
    {
        var defects = CharacterSetDefects.None;
        var found = new List<CharacterSetTerm>(terms.Length);
        foreach (var text in terms)
        {
            if (CharacterSetTerm.Find(text, out var misspelt) is { } term)
            {
                found.Add(term);
                defects |= misspelt ? CharacterSetDefects.Misspelt : CharacterSetDefects.None;
            }
            else
            {
                defects |= CharacterSetDefects.Unknown;
            }
        }

        if (found.Count > 1 && found.Exists(term => !term.HasCodeExtensions && term.Name.Length > 0))
        {
            defects |= CharacterSetDefects.Combination;
        }

        // A set that stands alone holds ASCII too, so it reads whatever the terms beside it could mean without escape sequences.
        var alone = found.Find(term => term.Encoding is not null);
        if (alone is not null && (found[0] == alone || found.TrueForAll(term => term == alone || term.G1 is null)))
        {
            return new WholeCharacterSet(terms, defects, alone.Encoding!);
        }

        found.RemoveAll(term => term.Encoding is not null);
        if (found.Count > 0 && found[0].IsOnlyExtension)
        {
            defects |= CharacterSetDefects.Combination;
        }

        return new CodeExtensionCharacterSet(terms, defects, found);
    }
}
