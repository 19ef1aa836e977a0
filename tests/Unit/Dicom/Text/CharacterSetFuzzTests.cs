using System.Buffers;
using Panal.Dicom;
using Panal.Dicom.Text;

namespace Panal.Unit.Dicom.Text;

public sealed class CharacterSetFuzzTests
{
    private static readonly string[] Terms =
    [
        "", "ISO_IR 13", "ISO_IR 100", "ISO_IR 144", "ISO_IR 166", "ISO_IR 192", "GB18030", "GBK", "\\ISO 2022 IR 87", "\\ISO 2022 IR 149",
        "\\ISO 2022 IR 58", "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159", "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126", "NONSENSE",
    ];

    private static readonly byte[][] Pieces =
    [
        .. new[] { "\x1B(B", "\x1B(J", "\x1B)I", "\x1B$B", "\x1B$(D", "\x1B$)C", "\x1B$)A", "\x1B-A", "\x1B-L", "\x1B$", "\x1B", "^", "=", "\\", "\r\n", "~", " " }
            .Select(piece => Array.ConvertAll(piece.ToCharArray(), letter => (byte)letter)),
    ];

    [Fact]
    public void Any_bytes_are_read_and_what_was_read_can_be_written_and_read_again()
    {
        var random = new Random(4711);
        var sets = Array.ConvertAll(Terms, term => CharacterSets.ForTerms(term.Split('\\')));
        var vrs = new[] { Vr.PN, Vr.LO, Vr.UT, Vr.CS };
        var target = new ArrayBufferWriter<byte>();
        var rounds = LongRun.IsAsked ? 3_000_000 : 60_000;
        for (var round = 0; round < rounds; round++)
        {
            var bytes = Generate(random);
            var (set, vr) = (sets[round % sets.Length], vrs[random.Next(vrs.Length)]);
            var text = set.Decode(bytes, vr);
            Assert.True(text.Length <= 2 * bytes.Length);
            target.ResetWrittenCount();
            if (set.Encode(text, vr, target))
            {
                Assert.Equal(Neighbours(text), Neighbours(set.Decode(target.WrittenSpan, vr)));
            }

            // Text of one set in another: lost characters are told, the rest stays.
            var other = sets[random.Next(sets.Length)];
            target.ResetWrittenCount();
            if (other.Encode(text, vr, target))
            {
                Assert.Equal(Neighbours(text), Neighbours(other.Decode(target.WrittenSpan, vr)));
            }
        }
    }

    [Fact]
    public void Every_pair_and_triple_of_edge_bytes_is_read()
    {
        byte[] edges = [0x00, 0x1B, 0x20, 0x21, 0x24, 0x28, 0x29, 0x42, 0x5C, 0x5E, 0x7E, 0x7F, 0x80, 0x81, 0xA0, 0xA1, 0xC8, 0xDF, 0xE0, 0xFE, 0xFF];
        foreach (var term in Terms)
        {
            var set = CharacterSets.ForTerms(term.Split('\\'));
            foreach (var first in edges)
            {
                foreach (var second in edges)
                {
                    Assert.InRange(set.Decode([first, second], Vr.PN).Length, 0, 2);
                    foreach (var third in edges)
                    {
                        Assert.InRange(set.Decode([first, second, third], Vr.LO).Length, 0, 3);
                    }
                }
            }
        }
    }

    /// <summary>Characters that Unicode holds twice for one place of JIS X 0208 or GB 2312: middle dot, dash, wave, minus.</summary>
    private static string Neighbours(string text) =>
        text.Replace('·', '・').Replace('\u2015', '\u2014').Replace('\uFF5E', '\u301C').Replace('\uFF0D', '\u2212');

    private static byte[] Generate(Random random)
    {
        var bytes = new List<byte>();
        for (var count = random.Next(12); count > 0; count--)
        {
            if (random.Next(3) == 0)
            {
                bytes.AddRange(Pieces[random.Next(Pieces.Length)]);
            }
            else
            {
                var low = random.Next(3) switch { 0 => 0xA1, 1 => 0x21, _ => 0 };
                for (var i = random.Next(5); i > 0; i--)
                {
                    bytes.Add((byte)random.Next(low, low == 0x21 ? 0x7F : 0x100));
                }
            }
        }

        return [.. bytes];
    }
}
