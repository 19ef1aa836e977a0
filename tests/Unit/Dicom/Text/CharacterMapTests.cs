using System.Buffers;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Unit.Dicom.Text;

/// <summary>Every place of every map, read and written.</summary>
public sealed class CharacterMapTests
{
    [Theory]
    [InlineData("ISO-8859-2", "101")]
    [InlineData("ISO-8859-3", "109")]
    [InlineData("ISO-8859-4", "110")]
    [InlineData("ISO-8859-5", "144")]
    [InlineData("ISO-8859-6", "127")]
    [InlineData("ISO-8859-7", "126")]
    [InlineData("ISO-8859-8", "138")]
    [InlineData("ISO-8859-9", "148")]
    [InlineData("ISO-8859-11", "166")]
    [InlineData("ISO-8859-15", "203")]
    public void A_set_of_one_byte_is_its_map_both_ways(string name, string number)
    {
        var map = CharacterMaps.Read(name);
        foreach (var set in new[] { CharacterSets.ForTerms($"ISO_IR {number}"), CharacterSets.ForTerms($"ISO 2022 IR {number}") })
        {
            for (var code = 0x20; code < 0x100; code++)
            {
                var expected = map.GetValueOrDefault(code, '\uFFFD').ToString();
                Assert.Equal(expected, set.Decode([(byte)code], Vr.LO));
                if (map.ContainsKey(code))
                {
                    Assert.Equal([(byte)code], Encode(set, expected));
                }
            }
        }
    }

    [Fact]
    public void Katakana_are_their_map_both_ways()
    {
        var map = CharacterMaps.Read("JISX0201-KANA");
        var set = CharacterSets.ForTerms("ISO_IR 13");
        Assert.Equal(63, map.Count);
        foreach (var (code, character) in map)
        {
            byte[] bytes = [(byte)(code | 0x80)];
            Assert.Equal(character.ToString(), set.Decode(bytes, Vr.LO));
            Assert.Equal(bytes, Encode(set, character.ToString()));
        }
    }

    // Read although the edition of the map lacks them: vendors' rows of JIS, the rest of GBK in the holes of GB 2312.
    [Theory]
    [InlineData("ISO 2022 IR 87", "$B", 6879, 74, "JISX0208_1990")]
    [InlineData("ISO 2022 IR 159", "$(D", 6067, 92, "JISX0212")]
    [InlineData("ISO 2022 IR 149", "$)C", 8227, 0, "KSC5601HANGUL", "KSC5601HANJA")]
    [InlineData("ISO 2022 IR 58", "$)A", 7445, 33, "GB2312")]
    public void A_set_of_two_bytes_is_its_map_both_ways(string term, string escape, int places, int additions, params string[] names)
    {
        var map = names.SelectMany(CharacterMaps.Read).ToDictionary();
        var set = CharacterSets.ForTerms("", term);
        var high = escape.Contains(')', StringComparison.Ordinal) ? 0x80 : 0;
        byte[] start = [0x1B, .. escape.Select(letter => (byte)letter)];
        byte[] end = high == 0 ? [0x1B, (byte)'(', (byte)'B'] : [];
        var more = 0;
        for (var place = 0; place < 94 * 94; place++)
        {
            var code = (((place / 94) + 0x21) << 8) | ((place % 94) + 0x21);
            byte[] bytes = [.. start, (byte)((code >> 8) | high), (byte)(code | high), .. end];
            var read = set.Decode(bytes, Vr.UT);
            if (!map.TryGetValue(code, out var character))
            {
                more += read == "\uFFFD" ? 0 : 1;
                continue;
            }

            Assert.Equal(character.ToString(), read);
            Assert.Equal(character < 0x80 ? [(byte)character] : bytes, Encode(set, read));
        }

        Assert.Equal((places, additions), (map.Count, more));
    }

    [Fact]
    public void GB18030_is_its_map_both_ways()
    {
        var map = CharacterMaps.Read("GB18030");
        var set = CharacterSets.ForTerms("GB18030");
        Assert.Equal(39_418, map.Count);
        foreach (var (code, character) in map)
        {
            byte[] bytes = [(byte)(code >> 24), (byte)(code >> 16), (byte)(code >> 8), (byte)code];
            Assert.Equal(character.ToString(), set.Decode(bytes, Vr.UT));
            Assert.Equal(bytes, Encode(set, character.ToString()));
        }
    }

    [Theory]
    [InlineData("GB18030")]
    [InlineData("GBK")]
    public void GBK_and_GB18030_hold_GB2312(string term)
    {
        var set = CharacterSets.ForTerms(term);
        foreach (var (code, character) in CharacterMaps.Read("GB2312"))
        {
            // GBK has the Chinese middle dot and the em dash where the map of GB 2312 has their neighbours.
            var expected = code switch { 0x2124 => '·', 0x212A => '—', _ => character };
            byte[] bytes = [(byte)((code >> 8) | 0x80), (byte)(code | 0x80)];
            Assert.Equal(expected.ToString(), set.Decode(bytes, Vr.UT));
            Assert.Equal(bytes, Encode(set, expected.ToString()));
        }
    }

    private static byte[] Encode(SpecificCharacterSet set, string text)
    {
        var target = new ArrayBufferWriter<byte>();
        Assert.True(set.Encode(text, Vr.UT, target));
        return target.WrittenSpan.ToArray();
    }
}
