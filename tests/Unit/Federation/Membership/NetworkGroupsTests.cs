using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Membership;
using Panal.Security.Identities;

namespace Panal.Unit.Federation.Membership;

/// <summary>Who may do what is decided at the authority, and holds at every node that has its roster.</summary>
public sealed class NetworkGroupsTests : IDisposable
{
    private readonly SetTime _time = new();
    private readonly SampleMember _centre;
    private readonly SampleMember _node;

    public NetworkGroupsTests()
    {
        _centre = SampleMember.Centre(_time);
        _node = new SampleMember(_time);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NetworkOffice Office => _centre.Office;

    private NetworkMembership Served => _centre.Membership;

    public void Dispose()
    {
        _centre.Dispose();
        _node.Dispose();
    }

    [Fact]
    public async Task A_group_gives_its_members_its_rights_and_nothing_else()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var clinic = _node.Standing.Self;
        Office.SetGroup("readers", [new(NetworkVerb.Query, NetworkFilter.All), new(NetworkVerb.Fetch, NetworkFilter.OwnInstitution)]);
        Assert.Equal(["readers"], Office.SetGroupsOf("clinic-7", ["readers"]).Groups);

        Assert.Equal(FeedFilter.All, Served.FilterFor(clinic));
        Assert.Equal(["Clinica"], Assert.Single(Assert.Single(Served.FetchableBy(clinic)!.Selections).Institutions));
        Assert.Equal(
            [true, false, false, false, false],
            Enum.GetValues<NetworkVerb>().Select(verb => Served.Decide(clinic, verb, "Elsewhere").IsGranted));
        Assert.True(Served.Decide(clinic, NetworkVerb.Fetch, "Clinica").IsGranted);

        // The right is gone with the next roster, at every node that has it.
        Office.SetGroup("readers", []);
        Assert.Null(Served.FilterFor(clinic));
        Assert.Null(Served.FetchableBy(clinic));
        _node.Membership.TakeOver(_centre.Standing.SignedRoster);
        Assert.Null(_node.Membership.FilterFor(clinic));
    }

    [Fact]
    public async Task In_no_group_a_member_may_do_nothing()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        Office.SetGroupsOf(_node.Standing.Identity.Address.ToString(), []);
        Assert.All(Enum.GetValues<NetworkVerb>(), verb => Assert.False(Served.Decide(_node.Standing.Self, verb, null).IsGranted));
        Assert.Null(Served.FilterFor(_node.Standing.Self));
        // It is a member all the same: links and gossip go on.
        Assert.NotNull(Served.Judge(_node.Standing.Certificate, [_node.Standing.Issuer]).Member);
    }

    [Fact]
    public async Task A_group_that_somebody_is_in_is_not_removed()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        Assert.Contains("CLINIC-7", Assert.Throws<JoinRefusedException>(() => Office.RemoveGroup("clinic")).Message, StringComparison.Ordinal);
        Office.SetGroupsOf("CLINIC-7", ["replica"]);
        Assert.False(Office.RemoveGroup("clinic").Groups.ContainsKey("clinic"));
        Assert.Equal(JoinRefusal.Unknown, Assert.Throws<JoinRefusedException>(() => Office.RemoveGroup("clinic")).Refusal);
    }

    [Fact]
    public void Names_limits_and_strangers_are_refused_and_the_roster_stays()
    {
        var before = _centre.Standing.Roster;
        Assert.Equal(JoinRefusal.Malformed, Assert.Throws<JoinRefusedException>(() => Office.SetGroup("two words", [])).Refusal);
        Assert.Equal(JoinRefusal.Unknown, Assert.Throws<JoinRefusedException>(() => Office.SetGroupsOf("NOBODY", ["clinic"])).Refusal);
        Assert.Equal(JoinRefusal.Unknown, Assert.Throws<JoinRefusedException>(() => Office.SetGroupsOf("CENTRE", ["nothing"])).Refusal);
        Assert.Throws<JoinRefusedException>(() => Office.SetGroup("wrong", [new((NetworkVerb)9, NetworkFilter.All)]));
        Assert.Same(before, _centre.Standing.Roster);
        Assert.Equal(JoinRefusal.NoAuthority, Assert.Throws<JoinRefusedException>(() => _node.Office.SetGroup("a", [])).Refusal);

        // 32 groups are the most; three are there.
        for (var i = 4; i <= 32; i++)
        {
            Office.SetGroup($"group-{i}", []);
        }

        Assert.Throws<JoinRefusedException>(() => Office.SetGroup("group-33", []));
        Assert.Throws<JoinRefusedException>(() => Office.SetGroupsOf("CENTRE", [.. _centre.Standing.Roster.Groups.Keys.Take(9)]));
        Assert.Equal(8, Office.SetGroupsOf("CENTRE", [.. _centre.Standing.Roster.Groups.Keys.Take(8)]).Groups.Count);
    }

    [Fact]
    public void A_roster_with_other_groups_is_read_back_from_disk()
    {
        Office.SetGroup("readers", [new(NetworkVerb.Query, NetworkFilter.OwnInstitution)]);
        var again = new NetworkMembership(_centre.Folder, _time);
        Assert.True(again.Load());
        Assert.Equal([new NetworkGrant(NetworkVerb.Query, NetworkFilter.OwnInstitution)], again.Standing!.Roster.Groups["readers"]);
    }

    [Fact]
    public async Task A_selection_narrows_a_right_to_institutions_modalities_and_days_and_leaves_attributes_out()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var clinic = _node.Standing.Self;
        Office.SetGroup("readers", [Right("query:own,modality=CT+MR,days=365,without=PatientName"), Right("query:all,institution=North"), Right("fetch:all,days=30")]);
        Office.SetGroupsOf("CLINIC-7", ["readers"]);
        _node.Membership.TakeOver(_centre.Standing.SignedRoster);

        var filter = _node.Membership.FilterFor(clinic)!;
        Assert.Equal(2, filter.Selections.Count);
        Assert.Equal(["Clinica"], Assert.Single(filter.Selections[0].Institutions));
        Assert.Equal((365, "PatientName"), (filter.Selections[0].Days, DataDictionary.KeywordOf(Assert.Single(filter.Selections[0].Withheld))));
        Assert.Equal(["CT", "MR"], filter.Selections[0].Modalities);
        Assert.Equal(["North"], Assert.Single(filter.Selections[1].Institutions));
        Assert.Equal(DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime), filter.Today);
        Assert.Equal(30, Assert.Single(_node.Membership.FetchableBy(clinic)!.Selections).Days);

        // Together with everything, everything.
        Office.SetGroup("readers", [Right("query:own,modality=CT"), Right("query:all")]);
        Assert.Same(FeedFilter.All, Served.FilterFor(clinic));
    }

    [Fact]
    public async Task To_replicate_is_to_be_told_and_given_all_that_it_grants_and_no_other_right_is_that()
    {
        await _node.JoinAsync(_centre, "CLINIC-7", Ct);
        var clinic = _node.Standing.Self;
        Office.SetGroup("readers", [Right("replicate:all,modality=CT")]);
        Office.SetGroupsOf("CLINIC-7", ["readers"]);
        Assert.Equal(["CT"], Assert.Single(Served.FilterFor(clinic)!.Selections).Modalities);
        Assert.Equal(["CT"], Assert.Single(Served.FetchableBy(clinic)!.Selections).Modalities);
        Assert.Null(Served.FilterFor(clinic, NetworkVerb.Store));

        Office.SetGroup("readers", [Right("replicate:all,modality=CT"), Right("query:own")]);
        Assert.Equal(2, Served.FilterFor(clinic)!.Selections.Count);
        Office.SetGroup("readers", [Right("query:all"), Right("fetch:all"), Right("store:all")]);
        Assert.Null(Served.FilterFor(clinic, NetworkVerb.Replicate));
    }

    [Fact]
    public void A_node_that_knows_no_selections_takes_such_a_right_for_none()
    {
        Office.SetGroup("readers", [Right("query:all,modality=CT"), Right("fetch:own")]);
        using var payload = System.Text.Json.JsonDocument.Parse(_centre.Standing.SignedRoster.Payload.ToArray());
        Assert.Equal("fetch", Assert.Single(payload.RootElement.GetProperty("groups").GetProperty("readers").EnumerateArray()).GetProperty("verb").GetString());
        var selected = Assert.Single(payload.RootElement.GetProperty("selected").GetProperty("readers").EnumerateArray());
        Assert.Equal(("query", "CT"), (selected.GetProperty("verb").GetString(), selected.GetProperty("selection").GetProperty("modalities")[0].GetString()));
        Assert.Equal(["fetch:own", "query:all,modality=CT"], _centre.Standing.Roster.Groups["readers"].Select(grant => grant.ToText()));
    }

    private static NetworkGrant Right(string text) => NetworkGrant.TryParse(text, out var grant) ? grant : throw new FormatException(text);
}
