using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

public sealed class NetworkAccessTests : IDisposable
{
    private readonly SampleNetwork _network = new();

    public void Dispose() => _network.Dispose();

    // Roles by verbs as the decision on rights lists them: - denied, o own institution, a all.
    [Theory]
    [InlineData(NodeRole.Centre, "aaaaa")]
    [InlineData(NodeRole.Replica, "aaaa-")]
    [InlineData(NodeRole.Clinic, "aao--")]
    public void Roles_have_their_default_rights(NodeRole role, string expected)
    {
        var member = SampleNetwork.Member(2, "A", role);
        var roster = _network.Roster(1, member);
        foreach (var verb in Enum.GetValues<NetworkVerb>())
        {
            bool Decide(string? institution) => NetworkAccess.Decide(roster, _network.Denied(1), member.Node, verb, institution).IsGranted;
            var found = Decide("Elsewhere") ? 'a' : Decide(member.Institution) ? 'o' : '-';
            Assert.Equal(expected[(int)verb], found);
        }
    }

    [Fact]
    public void Nobody_may_anything_before_there_is_a_roster_and_a_deny_list()
    {
        var member = SampleNetwork.Member(2, "A", NodeRole.Centre);
        Assert.False(NetworkAccess.Decide(null, _network.Denied(1), member.Node, NetworkVerb.Query, null).IsGranted);
        Assert.False(NetworkAccess.Decide(_network.Roster(1, member), null, member.Node, NetworkVerb.Query, null).IsGranted);
    }

    [Fact]
    public void Strangers_and_revoked_members_may_nothing()
    {
        var member = SampleNetwork.Member(2, "A", NodeRole.Centre);
        var gone = SampleNetwork.Member(3, "B", NodeRole.Centre) with { Revoked = SampleNetwork.Start };
        var roster = _network.Roster(1, member, gone);
        foreach (var verb in Enum.GetValues<NetworkVerb>())
        {
            Assert.False(NetworkAccess.Decide(roster, _network.Denied(1), Guid.NewGuid(), verb, null).IsGranted);
            Assert.False(NetworkAccess.Decide(roster, _network.Denied(1), gone.Node, verb, null).IsGranted);
            Assert.False(NetworkAccess.Decide(roster, _network.Denied(1, member.Node), member.Node, verb, null).IsGranted);
            Assert.Empty(NetworkAccess.GrantsOf(roster, _network.Denied(1, member.Node), member.Node, verb));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void Own_institution_does_not_match_an_unknown_one(string? institution)
    {
        var member = SampleNetwork.Member(2, "A") with { Institution = "" };
        Assert.False(NetworkAccess.Decide(_network.Roster(1, member), _network.Denied(1), member.Node, NetworkVerb.Store, institution).IsGranted);
    }

    [Fact]
    public void Of_several_groups_all_rights_count_and_an_unknown_group_gives_none()
    {
        var member = SampleNetwork.Member(2, "A") with { Groups = ["clinic", "replica", "unknown"] };
        var roster = _network.Roster(1, member, SampleNetwork.Member(3, "B") with { Groups = ["unknown"] });
        Assert.Equal(
            [NetworkFilter.OwnInstitution, NetworkFilter.All],
            NetworkAccess.GrantsOf(roster, _network.Denied(1), member.Node, NetworkVerb.Store).Select(grant => grant.Filter));
        Assert.Empty(NetworkAccess.GrantsOf(roster, _network.Denied(1), roster.Members[1].Node, NetworkVerb.Query));
    }

    [Theory]
    [InlineData("query:all", true)]
    [InlineData("Store:own", true)]
    [InlineData("administer:all", true)]
    [InlineData("query", false)]
    [InlineData("query:", false)]
    [InlineData("query:some", false)]
    [InlineData("delete:all", false)]
    [InlineData("3:all", false)]
    [InlineData("query:all:all", false)]
    [InlineData("", false)]
    public void A_right_is_written_as_verb_and_filter_and_read_back(string text, bool isRight)
    {
        Assert.Equal(isRight, NetworkGrant.TryParse(text, out var grant));
        if (isRight)
        {
            Assert.Equal(text.ToLowerInvariant(), grant!.ToText());
        }
    }
}
