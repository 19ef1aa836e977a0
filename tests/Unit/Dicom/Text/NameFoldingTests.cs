using FsCheck;
using FsCheck.Fluent;
using Panal.Dicom.Text;

namespace Panal.Unit.Dicom.Text;

public sealed class NameFoldingTests
{
    [Theory]
    [InlineData("MÜLLER^Jörg", "muller^jorg")]
    [InlineData("Mu\u0308ller", "muller")]
    [InlineData("Straße", "strasse")]
    [InlineData("STRAẞE", "strasse")]
    [InlineData("Ærøskøbing", "aeroskobing")]
    [InlineData("Łódź", "lodz")]
    [InlineData("Ðórþór", "dorthor")]
    [InlineData("İstanbul ILGAZ ığdır", "istanbul ilgaz igdir")]
    [InlineData("Núñez^Çelik^Łukasz", "nunez^celik^lukasz")]
    [InlineData("Nguyễn Văn Đức", "nguyen van duc")]
    [InlineData("Παπαδόπουλος ΓΙΏΡΓΟΣ ᾼ", "παπαδοπουλοσ γιωργοσ α")]
    [InlineData("Фёдор Достоевский", "федор достоевскии")]
    [InlineData("Достоевски\u0438\u0306", "достоевскии")]
    [InlineData("أحمد إبراهيم مُحَمَّد", "احمد ابراهيم محمد")]
    [InlineData("\u212Bngstro\u0308m \u212A", "angstrom k")]
    [InlineData("ﾔﾏﾀﾞ^ﾀﾛｳ ﾊﾟ ｳﾞ", "ヤマダ^タロウ パ ヴ")]
    [InlineData("か\u3099き", "がき")]
    [InlineData("Ｙａｍａｄａ＝山田", "yamada=山田")]
    [InlineData("\u1112\u1169\u11BC^\u1100\u1175\u11AF\u1103\u1169\u11BC", "홍^길동")]
    [InlineData("O’Brien‐Smith *?", "o'brien-smith *?")]
    [InlineData("𐐀𠮷", "𐐨𠮷")]
    public void Names_that_differ_in_case_accents_and_width_only_fold_alike(string name, string folded)
    {
        Assert.Equal(folded, NameFolding.Fold(name));
        Assert.Equal(folded, NameFolding.Fold(name.ToUpperInvariant()));
    }

    [Fact]
    public void Folding_twice_changes_nothing_for_any_character()
    {
        for (var character = 0; character <= char.MaxValue; character++)
        {
            foreach (var text in new[] { $"{(char)character}", $"か{(char)character}\u3099", $"\u1100{(char)character}\u11AF" })
            {
                var folded = NameFolding.Fold(text);
                Assert.Equal(folded, NameFolding.Fold(folded));
            }
        }
    }

    [Fact]
    public void Folding_twice_changes_nothing_for_any_text() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll<string>(text =>
        {
            var folded = NameFolding.Fold(text ?? "");
            return NameFolding.Fold(folded) == folded;
        }));

    [Fact]
    public void A_folded_name_is_not_copied()
    {
        const string name = "muller^jorg 山田";
        Assert.Same(name, NameFolding.Fold(name));
    }
}
