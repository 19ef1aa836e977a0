using System.Buffers;
using System.Text;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Unit.Dicom.Text;

public sealed class CharacterSetsTests
{
    private const string Yamada = "Yamada^Tarou=山田^太郎=やまだ^たろう";

    /// <summary>The examples of PS3.5 Annexes H, I, J, K: terms, the bytes with those above 7FH as Latin-1, the text.</summary>
    public static TheoryData<string[], string, string> Examples => new()
    {
        { [], "Doe^John", "Doe^John" },
        { ["ISO_IR 100"], "Buc^J\u00E9r\u00F4me", "Buc^Jérôme" },
        { ["ISO_IR 144"], "\u00BB\u00EEc\u00D5\u00DC\u00D1\u00E3\u00E0\u00D3", "Люcембург" },
        { ["", "ISO 2022 IR 87"], "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B", Yamada },
        {
            ["ISO 2022 IR 13", "ISO 2022 IR 87"],
            "\u00D4\u00CF\u00C0\u00DE^\u00C0\u00DB\u00B3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
        },
        {
            ["", "ISO 2022 IR 149"],
            "Hong^Gildong=\x1B$)C\u00FB\u00F3^\x1B$)C\u00D1\u00CE\u00D4\u00D7=\x1B$)C\u00C8\u00AB^\x1B$)C\u00B1\u00E6\u00B5\u00BF",
            "Hong^Gildong=洪^吉洞=홍^길동"
        },
        { ["", "ISO 2022 IR 58"], "Zhang^XiaoDong=\x1B$)A\u00D5\u00C5^\x1B$)A\u00D0\u00A1\u00B6\u00AB=", "Zhang^XiaoDong=张^小东=" },
        { ["ISO_IR 192"], "Wang^XiaoDong=\u00E7\u008E\u008B^\u00E5\u00B0\u008F\u00E6\u009D\u00B1=", "Wang^XiaoDong=王^小東=" },
        { ["GB18030"], "Wang^XiaoDong=\u00CD\u00F5^\u00D0\u00A1\u00B6\u00AB=", "Wang^XiaoDong=王^小东=" },
        { ["GBK"], "Wang^XiaoDong=\u00CD\u00F5^\u00D0\u00A1\u00B6\u00AB=", "Wang^XiaoDong=王^小东=" },
        { ["ISO 2022 IR 100", "ISO 2022 IR 144"], "J\u00E9r\u00F4me=\x1B-L\u00B8\u00D2\u00D0\u00DD\x1B-A=\u00E9", "Jérôme=Иван=é" },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void The_examples_of_the_standard_are_read_and_written(string[] terms, string bytes, string text)
    {
        var set = CharacterSets.ForTerms(terms);
        Assert.Equal(CharacterSetDefects.None, set.Defects);
        Assert.Equal(text, set.Decode(Encoding.Latin1.GetBytes(bytes), Vr.PN));
        Assert.Equal(bytes, Encoding.Latin1.GetString(Encode(set, text, Vr.PN)));
        Assert.True(set.CanEncode(text, Vr.PN));
    }

    [Theory]
    [InlineData("ISO_IR_100", "ISO_IR 100", CharacterSetDefects.Misspelt)]
    [InlineData("iso ir 100", "ISO_IR 100", CharacterSetDefects.Misspelt)]
    [InlineData("ISO-IR 144", "ISO_IR 144", CharacterSetDefects.Misspelt)]
    [InlineData("ISO 8859-5", "ISO_IR 144", CharacterSetDefects.Misspelt)]
    [InlineData("UTF-8", "ISO_IR 192", CharacterSetDefects.Misspelt)]
    [InlineData("ISO 2022 IR 192", "ISO_IR 192", CharacterSetDefects.Misspelt)]
    [InlineData("ISO 2022 GBK", "GBK", CharacterSetDefects.Misspelt)]
    [InlineData("\\ISO 2022 58", "\\ISO 2022 IR 58", CharacterSetDefects.Misspelt)]
    [InlineData("\\ISO_IR 149", "\\ISO 2022 IR 149", CharacterSetDefects.Misspelt | CharacterSetDefects.None)]
    [InlineData("ISO_IR 6\\ISO 2022 IR 87", "\\ISO 2022 IR 87", CharacterSetDefects.Combination)]
    [InlineData("ISO 2022 IR 87", "\\ISO 2022 IR 87", CharacterSetDefects.Combination)]
    [InlineData("ISO_IR 192\\ISO_IR 100", "ISO_IR 192", CharacterSetDefects.Combination)]
    [InlineData("\\ISO_IR 192", "ISO_IR 192", CharacterSetDefects.Combination)]
    [InlineData("KLINGON", "", CharacterSetDefects.Unknown)]
    [InlineData("ISO_IR 101\\KLINGON", "ISO_IR 101", CharacterSetDefects.Unknown)]
    public void Wrong_terms_are_understood_and_reported(string given, string meant, CharacterSetDefects defects)
    {
        var set = CharacterSets.ForValue(Encoding.Latin1.GetBytes(given + " "));
        var right = CharacterSets.ForTerms(meant.Split('\\'));
        Assert.Equal(defects, set.Defects);
        Assert.Equal(CharacterSetDefects.None, right.Defects);
        foreach (var bytes in new byte[][] { [0xC4, 0xE3], [0xD0, 0x90], [0x1B, (byte)'$', (byte)'B', 0x3B, 0x33], [0xFB, 0xF3], "~\\"u8.ToArray() })
        {
            Assert.Equal(right.Decode(bytes, Vr.LT), set.Decode(bytes, Vr.LT));
        }
    }

    [Fact]
    public void The_same_terms_give_the_same_object()
    {
        Assert.Same(CharacterSets.ForTerms("", "ISO 2022 IR 87"), CharacterSets.ForValue("\\ISO 2022 IR 87"u8));
        Assert.Same(CharacterSets.Default, CharacterSets.ForValue("  "u8));
        Assert.Equal(["", "ISO 2022 IR 87"], CharacterSets.ForValue("\\ISO 2022 IR 87 "u8).Terms.ToArray());
    }

    [Fact]
    public void Terms_that_a_peer_invents_do_not_fill_the_memory()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(CharacterSetDefects.Unknown, CharacterSets.ForTerms($"INVENTED {i}").Defects);
        }
    }

    [Fact]
    public void Undeclared_bytes_are_UTF_8_or_else_Latin_1()
    {
        Assert.Equal("Jérôme", CharacterSets.Default.Decode("Jérôme"u8, Vr.PN));
        Assert.Equal("Jérôme", CharacterSets.Default.Decode(Encoding.Latin1.GetBytes("Jérôme"), Vr.PN));
        Assert.Equal("Jérôme", CharacterSets.ForTerms("ISO_IR 144").Decode("Jérôme"u8, Vr.CS));
    }

    [Theory]
    [InlineData("\\")]
    [InlineData("^")]
    [InlineData("=")]
    [InlineData("\r\n")]
    [InlineData("\f")]
    [InlineData("\t")]
    public void A_delimiter_puts_the_first_sets_back(string delimiter)
    {
        var set = CharacterSets.ForTerms("ISO 2022 IR 100", "ISO 2022 IR 144");
        Assert.Equal($"И{delimiter}é", set.Decode(Encoding.Latin1.GetBytes($"\x1B-L\u00B8{delimiter}\u00E9"), Vr.PN));
    }

    [Fact]
    public void A_delimiter_of_another_VR_is_a_character()
    {
        var set = CharacterSets.ForTerms("ISO 2022 IR 100", "ISO 2022 IR 144");
        Assert.Equal("И^=щ", set.Decode(Encoding.Latin1.GetBytes("\x1B-L\u00B8^=\u00E9"), Vr.LO));
        Assert.Equal("И\\щ", set.Decode(Encoding.Latin1.GetBytes("\x1B-L\u00B8\\\u00E9"), Vr.UT));
    }

    [Theory]
    [InlineData("GBK", "\u0081\u005C", "乗")]
    [InlineData("GB18030", "\u0081\u005C", "乗")]
    [InlineData("ISO_IR 13", "\u0095\u005C\u008E\u00A6", "表示")]
    public void A_backslash_inside_of_a_character_is_no_delimiter(string term, string bytes, string text) =>
        Assert.Equal($"{text}\\A", CharacterSets.ForTerms(term).Decode(Encoding.Latin1.GetBytes(bytes + "\\A"), Vr.LO));

    [Fact]
    public void The_yen_sign_is_a_backslash_where_values_are_separated()
    {
        var set = CharacterSets.ForTerms("ISO_IR 13");
        Assert.Equal("A\\B", set.Decode("A\\B"u8, Vr.LO));
        Assert.Equal("A¥B‾", set.Decode("A\\B~"u8, Vr.LT));
        Assert.Equal("A\\B~"u8, Encode(set, "A¥B‾", Vr.LT));
        Assert.False(set.CanEncode("¥", Vr.LO));
        Assert.Equal("\x1B(B~\x1B(J"u8, Encode(CharacterSets.ForTerms("ISO 2022 IR 13", "ISO 2022 IR 87"), "~", Vr.LO));
    }

    [Fact]
    public void Korean_that_is_not_invoked_again_and_beyond_its_set_is_read()
    {
        var set = CharacterSets.ForTerms("", "ISO 2022 IR 149");
        Assert.Equal("홍^길동", set.Decode(Encoding.Latin1.GetBytes("\x1B$)C\u00C8\u00AB^\u00B1\u00E6\u00B5\u00BF"), Vr.PN));
        Assert.Equal("펲", set.Decode(Encoding.Latin1.GetBytes("\x1B$)C\u00BC\u0084"), Vr.PN));
    }

    [Fact]
    public void What_has_no_place_becomes_one_question_mark()
    {
        Assert.False(CharacterSets.Default.CanEncode("é", Vr.LO));
        Assert.False(CharacterSets.Utf8.CanEncode("\uD800", Vr.LO));
        Assert.True(CharacterSets.Utf8.CanEncode("𠮷", Vr.LO));
        Assert.Equal("?^山"u8.ToArray().Length - 3, Lossy(CharacterSets.Default, "𠮷^", Vr.PN).Length);
        Assert.Equal("\x1B$B;3\x1B(B?"u8.ToArray(), Lossy(CharacterSets.ForTerms("", "ISO 2022 IR 87"), "山€", Vr.PN));
        Assert.Equal("a?b"u8.ToArray(), Lossy(CharacterSets.ForTerms("ISO_IR 100"), "a\x1B" + "b", Vr.PN));
    }

    [Fact]
    public void Long_text_is_written_in_pieces_without_a_seam()
    {
        var text = string.Concat(Enumerable.Repeat("山田éЖ\n", 1000));
        var set = CharacterSets.ForTerms("ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 87");
        Assert.Equal(text, set.Decode(Encode(set, text, Vr.UT), Vr.UT));
    }

    private static byte[] Encode(SpecificCharacterSet set, string text, Vr vr)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.True(set.Encode(text, vr, target));
        return target.WrittenSpan.ToArray();
    }

    private static byte[] Lossy(SpecificCharacterSet set, string text, Vr vr)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.False(set.Encode(text, vr, target));
        return target.WrittenSpan.ToArray();
    }
}
