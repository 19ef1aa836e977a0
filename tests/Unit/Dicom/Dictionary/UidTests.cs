using Panal.Dicom;

namespace Panal.Unit.Dicom.Dictionary;

public sealed class UidTests
{
    [Theory]
    [InlineData("1.2.840.10008.1.1", true)]
    [InlineData("0", true)]
    [InlineData("1.0.3", true)]
    [InlineData("", false)]
    [InlineData("1..2", false)]
    [InlineData(".1", false)]
    [InlineData("1.", false)]
    [InlineData("1.02", false)]
    [InlineData("01.2", false)]
    [InlineData("1.2a", false)]
    [InlineData("../1", false)]
    [InlineData("1.2 ", false)]
    public void Syntax_is_checked(string uid, bool valid) => Assert.Equal(valid, Uid.IsValid(uid));

    [Fact]
    public void At_most_64_characters_are_allowed()
    {
        Assert.True(Uid.IsValid("1." + new string('2', 62)));
        Assert.False(Uid.IsValid("1." + new string('2', 63)));
    }

    [Fact]
    public void Leading_zeros_are_well_formed_but_not_valid()
    {
        Assert.True(Uid.IsWellFormed("1.02"));
        Assert.False(Uid.IsWellFormed("1.2/3"));
    }

    [Fact]
    public void New_uids_are_valid_and_differ()
    {
        var uids = Enumerable.Range(0, 1000).Select(_ => Uid.NewUid()).ToHashSet();
        Assert.Equal(1000, uids.Count);
        Assert.All(uids, uid => Assert.True(Uid.IsValid(uid) && uid.StartsWith("2.25.", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_uid_of_the_standard_is_found()
    {
        Assert.True(Uids.TryFind(Uids.CTImageStorage, out var entry));
        Assert.Equal(("CTImageStorage", "SOP Class", "CT Image Storage", false), (entry!.Keyword, entry.Type, entry.Name, entry.IsRetired));
        Assert.False(Uids.TryFind("1.2.3", out _));
        Assert.Equal("1.2.3", Uids.NameOf("1.2.3"));
    }

    [Fact]
    public void Every_uid_of_the_standard_is_found_again()
    {
        var all = Uids.All.ToList();
        Assert.True(all.Count > 450);
        Assert.All(all, entry => Assert.True(Uids.TryFind(entry.Uid, out var found) && found == entry));
    }
}
