using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace Panal.Dicom.Text;

/// <summary>The form in which person names are compared: without case, accents and differences of width.</summary>
/// <remarks>PS3.4 §C.2.2.2.1 leaves it to the archive; the stored name and the query are folded alike. The runtime is without ICU, so the tables stand here.</remarks>
public static class NameFolding
{
    /// <summary>The longest form of one character, in characters.</summary>
    private const int LongestForm = 3;

    private const char Dakuten = '\u3099';
    private const char Handakuten = '\u309A';

    /// <summary>The characters U+FF61 to U+FF9F in full width.</summary>
    private const string FullWidth =
        "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u3099\u309A";

    private const string TakesDakuten = "かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ";
    private const string TakesHandakuten = "はひふへほハヒフヘホ";

    /// <summary>Small letters and the form that they are compared in.</summary>
    private static readonly (string Form, string Letters)[] Forms =
    [
        ("'", "ʼ‘’"),
        ("-", "‐‑–"),
        ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặⱥ"),
        ("ae", "æǣǽ"),
        ("b", "ƀɓḃḅḇ"),
        ("c", "çćĉċčƈȼḉ"),
        ("d", "ðďđɖɗḋḍḏḑḓ"),
        ("dz", "ǅǆǲǳ"),
        ("e", "èéêëēĕėęěǝȅȇȩɇəɛḕḗḙḛḝẹẻẽếềểễệ"),
        ("f", "ƒḟ"),
        ("ff", "ﬀ"),
        ("fi", "ﬁ"),
        ("fl", "ﬂ"),
        ("ffi", "ﬃ"),
        ("ffl", "ﬄ"),
        ("g", "ĝğġģǧǵɠḡ"),
        ("h", "ĥħȟḣḥḧḩḫẖ"),
        ("i", "ìíîïĩīĭįİıǐȉȋɨḭḯỉị"),
        ("ij", "\u0133"),
        ("j", "ĵǰɉ"),
        ("k", "ķĸƙǩḱḳḵ"),
        ("l", "ĺļľŀłƚḷḹḻḽ"),
        ("lj", "ǈǉ"),
        ("m", "ḿṁṃ"),
        ("n", "ñńņňŉƞǹɲṅṇṉṋ"),
        ("ng", "ŋ"),
        ("nj", "ǋǌ"),
        ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱɔɵṍṏṑṓọỏốồổỗộớờởỡợ"),
        ("oe", "œ"),
        ("p", "ƥṕṗ"),
        ("r", "ŕŗřȑȓɍṙṛṝṟ"),
        ("s", "śŝşšſșṡṣṥṧṩẛ"),
        ("ss", "ßẞ"),
        ("st", "ﬅﬆ"),
        ("t", "ţťŧƭțʈṫṭṯṱẗ"),
        ("th", "þ"),
        ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗʉṳṵṷṹṻụủứừửữự"),
        ("v", "ʋṽṿ"),
        ("w", "ŵƿẁẃẅẇẉẘ"),
        ("x", "ẋẍ"),
        ("y", "ýÿŷƴȳɏẏẙỳỵỷỹ"),
        ("z", "źżžƶȥẑẓẕ"),
        ("ʒ", "ǯ"),
        ("α", "άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ"),
        ("ε", "έἐἑἒἓἔἕὲέ"),
        ("η", "ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ"),
        ("ι", "ΐίϊἰἱἲἳἴἵἶἷὶίιῐῑῒΐῖῗ"),
        ("ο", "όὀὁὂὃὄὅὸό"),
        ("ρ", "ῤῥ"),
        ("σ", "ς"),
        ("υ", "ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ"),
        ("ω", "ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ"),
        ("а", "ӑӓ"),
        ("г", "ѓґ"),
        ("е", "ѐёӗ"),
        ("ж", "ӂӝ"),
        ("з", "ӟ"),
        ("и", "йѝӣӥ"),
        ("к", "ќ"),
        ("о", "ӧ"),
        ("у", "ўӯӱӳ"),
        ("ч", "ӵ"),
        ("ы", "ӹ"),
        ("э", "ӭ"),
        ("і", "ї"),
        ("ѵ", "ѷ"),
        ("ә", "ӛ"),
        ("ө", "ӫ"),
        ("ا", "آأإ"),
        ("و", "ؤ"),
        ("ي", "ئ"),
        ("ہ", "ۂ"),
        ("ے", "ۓ"),
        ("ە", "ۀ"),
    ];

    private static readonly FrozenDictionary<char, string> FormByLetter = Forms
        .SelectMany(row => row.Letters.Select(letter => KeyValuePair.Create(letter, row.Form)))
        .ToFrozenDictionary();

    /// <summary>Folds a name or any part of it; the delimiters <c>^</c> and <c>=</c> and the wildcards stay. Folding twice changes nothing.</summary>
    public static string Fold(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.AsSpan().ContainsAnyInRange('A', 'Z') ? text.ToLowerInvariant() : text;
        }

        var folded = ArrayPool<char>.Shared.Rent(text.Length * LongestForm);
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune) && !rune.IsBmp)
            {
                length += Rune.ToLowerInvariant(rune).EncodeToUtf16(folded.AsSpan(length));
                i++;
                continue;
            }

            var character = char.ToLowerInvariant(Narrow(text[i]));
            if (character is Dakuten or Handakuten)
            {
                Voice(folded, ref length, character);
            }
            else if (FormByLetter.TryGetValue(character, out var form))
            {
                form.CopyTo(folded.AsSpan(length));
                length += form.Length;
            }
            else if (!IsMark(character) && !TryJoinSyllable(folded, length, character))
            {
                folded[length++] = character;
            }
        }

        var result = folded.AsSpan(0, length).SequenceEqual(text) ? text : new string(folded, 0, length);
        ArrayPool<char>.Shared.Return(folded);
        return result;
    }

    /// <summary>Full-width Latin letters and half-width kana in the width that most senders use.</summary>
    private static char Narrow(char character) => character switch
    {
        >= '\uFF01' and <= '\uFF5E' => (char)(character - '\uFF01' + '!'),
        >= '\uFF61' and <= '\uFF9F' => FullWidth[character - '\uFF61'],
        '\u3000' or '\u00A0' => ' ',
        '\u309B' => Dakuten,
        '\u309C' => Handakuten,
        _ => character,
    };

    /// <summary>Accents and vowel points that combine with the letter before: Latin, Greek, Cyrillic, Hebrew, Arabic, symbols.</summary>
    private static bool IsMark(char character) => character
        is (>= '\u0300' and <= '\u036F') or (>= '\u0483' and <= '\u0487') or (>= '\u0591' and <= '\u05BD')
        or '\u05BF' or '\u05C1' or '\u05C2' or '\u05C4' or '\u05C5' or '\u05C7' or '\u0640' or (>= '\u064B' and <= '\u065F') or '\u0670'
        or (>= '\u1AB0' and <= '\u1AFF') or (>= '\u1DC0' and <= '\u1DFF') or (>= '\u20D0' and <= '\u20FF') or (>= '\uFE20' and <= '\uFE2F');

    /// <summary>Writes a sound mark into the kana before it; alone it stays, because it changes the sound.</summary>
    private static void Voice(char[] folded, ref int length, char mark)
    {
        var before = length > 0 ? folded[length - 1] : '\0';
        var isDakuten = mark == Dakuten;
        if ((isDakuten ? TakesDakuten : TakesHandakuten).Contains(before))
        {
            folded[length - 1] = (char)(before + (isDakuten ? 1 : 2));
        }
        else if (isDakuten && before is 'う' or 'ウ')
        {
            folded[length - 1] = before == 'う' ? 'ゔ' : 'ヴ';
        }
        else
        {
            folded[length++] = mark;
        }
    }

    /// <summary>Joins Hangul letters to syllables (The Unicode Standard §3.12), as those arrive that a Mac has taken apart.</summary>
    private static bool TryJoinSyllable(char[] folded, int length, char character)
    {
        const int firstSyllable = 0xAC00, lastSyllable = 0xD7A3, leads = 19, vowels = 21, tails = 28;
        if (length == 0 || character is < '\u1161' or > '\u11C2')
        {
            return false;
        }

        var (before, vowel, tail) = ((int)folded[length - 1], character - 0x1161, character - 0x11A7);
        if (vowel < vowels && before - 0x1100 is >= 0 and < leads)
        {
            folded[length - 1] = (char)(firstSyllable + ((((before - 0x1100) * vowels) + vowel) * tails));
            return true;
        }

        if (tail is > 0 and < tails && before is >= firstSyllable and <= lastSyllable && (before - firstSyllable) % tails == 0)
        {
            folded[length - 1] = (char)(before + tail);
            return true;
        }

        return false;
    }
}
