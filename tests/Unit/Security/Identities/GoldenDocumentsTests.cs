using System.Security.Cryptography;
using Panal.Security.Identities;
using Panal.Unit.Dimse;

namespace Panal.Unit.Security.Identities;

/// <summary>Documents that another program made from docs/formats/network.md: what is on disks and on the wire is read for ever.</summary>
public sealed class GoldenDocumentsTests
{
    private static readonly Guid Network = new("6f1d2c3b-4a59-4687-90ab-cdef01234567");
    private static readonly Guid Centre = new("00000001-0000-4000-8000-000000000001");
    private static readonly Guid Clinic = new("00000002-0000-4000-8000-000000000002");
    private static readonly Guid Lost = new("00000003-0000-4000-8000-000000000003");
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static TrustBundle First => TrustBundle.ReadFirst(Document("bundle-1"), Convert.ToHexStringLower(SHA256.HashData(Bytes("root"))));

    [Fact]
    public void A_roster_says_who_is_a_member_and_what_each_may_do()
    {
        var roster = First.ReadRoster(Document("roster-7"));
        Assert.Equal((Network, "Red Andina", 7L, Start, "10.77.0.0/16", 4L), (roster.Network, roster.Name, roster.Version, roster.Issued, roster.Range, roster.NextAddress));
        Assert.Equal(
            [(Centre, "CENTRE", NodeRole.Centre, "10.77.0.1"), (Clinic, "CLINIC-7", NodeRole.Clinic, "10.77.0.2"), (Lost, "LOST", NodeRole.Replica, "10.77.0.3")],
            roster.Members.Select(m => (m.Node, m.Name, m.Role, m.Address)));
        var centre = roster.Find(Centre)!;
        Assert.Equal(["192.0.2.1:7700", "[2001:db8::1]:7700"], centre.Endpoints);
        Assert.True(centre is { HoldsAuthority: true, MayRelay: true, Revoked: null });
        Assert.Equal(("Clínica Ñandú", Start), (roster.Find(Clinic)!.Institution, roster.Find(Clinic)!.Joined));
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 8, 30, 0, TimeSpan.Zero), roster.Find(Lost)!.Revoked);
        Assert.Equal([new NetworkGrant(NetworkVerb.Store, NetworkFilter.OwnInstitution)], roster.Groups["clinic"]);
        Assert.Equal(Enum.GetValues<NetworkVerb>().Select(verb => new NetworkGrant(verb, NetworkFilter.All)), roster.Groups["centre"]);
        Assert.Empty(roster.Groups["replica"]);
        Assert.True(NetworkAccess.Decide(roster, First.ReadDenyList(Document("denied-3")), Clinic, NetworkVerb.Query, null).IsGranted);
    }

    [Fact]
    public void A_roster_with_selections_narrows_rights_by_them()
    {
        var roster = First.ReadRoster(Document("roster-9"));
        Assert.Equal(
            ["query:all", "query:own,institution=Clínica Ñandú,institution=Norte,modality=CT+MR,days=365,without=PatientName+00100030"],
            roster.Groups["readers"].Select(grant => grant.ToText()));
        Assert.Equal(["fetch:all,days=30"], roster.Groups["replica"].Select(grant => grant.ToText()));
    }

    [Fact]
    public void A_roster_with_selections_by_dates_narrows_rights_by_them()
    {
        var roster = First.ReadRoster(Document("roster-10"));
        Assert.Equal(
            ["query:all", "query:all,modality=CT", "query:all,from=2024-01-01,until=2024-12-31,without=PatientName"], roster.Groups["readers"].Select(grant => grant.ToText()));
        Assert.Equal(["store:own", "fetch:own,institution=Norte,days=365,from=2025-06-01"], roster.Groups["clinic"].Select(grant => grant.ToText()));
    }

    [Fact]
    public void A_deny_list_says_who_is_refused_since_when_and_why()
    {
        var list = First.ReadDenyList(Document("denied-3"));
        Assert.Equal((Network, 3L), (list.Network, list.Version));
        Assert.Equal(new DenyEntry(Lost, new DateTimeOffset(2026, 3, 2, 8, 30, 0, TimeSpan.Zero), "stolen"), Assert.Single(list.Entries));
    }

    [Fact]
    public void Bundles_lead_from_one_authority_to_the_next_and_end_trust_in_the_first()
    {
        var first = First;
        Assert.Throws<NetworkDocumentException>(() => first.ReadRoster(Document("roster-8")));
        Assert.Throws<NetworkDocumentException>(() => first.ReadNext(Document("bundle-3")));
        var second = first.ReadNext(Document("bundle-2"))!;
        Assert.Equal(8, second.ReadRoster(Document("roster-8")).Version);
        Assert.Equal(7, second.ReadRoster(Document("roster-7")).Version);
        var last = second.ReadNext(Document("bundle-3"))!.ReadNext(Document("bundle-4"))!;
        Assert.Equal((4L, 1), (last.Sequence, last.Roots.Count));
        Assert.Equal(8, last.ReadRoster(Document("roster-8")).Version);
        Assert.Throws<NetworkDocumentException>(() => last.ReadRoster(Document("roster-7")));
        Assert.Null(last.ReadNext(Document("bundle-3")));
    }

    [Fact]
    public void A_certificate_names_the_node_its_role_and_its_address()
    {
        using var node = Certificates.Read(Bytes("node"));
        using var issuer = Certificates.Read(Bytes("issuer"));
        var identity = First.Identify(node, [issuer], Start, out var refusal);
        Assert.Null(refusal);
        Assert.Equal((Network, Clinic, "CLINIC-7", NodeRole.Clinic, "10.77.0.2"), (identity!.Network, identity.Node, identity.Name, identity.Role, identity.Address.ToString()));
        Assert.Equal(First.ReadRoster(Document("roster-7")).Find(Clinic)!.Key, Certificates.KeyHash(node.PublicKey));
    }

    /// <summary>Names of JSON, kinds and numbers must stay: what we write today, the same reader of the page understands.</summary>
    [Theory]
    [InlineData("roster-7")]
    [InlineData("roster-9")]
    [InlineData("roster-10")]
    [InlineData("denied-3")]
    public void What_we_write_of_it_has_the_same_names_in_it(string name)
    {
        var document = Document(name);
        var ours = document.Kind == DocumentKind.Roster ? First.ReadRoster(document).ToPayload() : First.ReadDenyList(document).ToPayload();
        using var written = System.Text.Json.JsonDocument.Parse(ours);
        using var golden = System.Text.Json.JsonDocument.Parse(document.Payload.ToArray());
        Assert.Equal(NamesOf(golden.RootElement).Except(["later"]).Order(StringComparer.Ordinal), NamesOf(written.RootElement).Order(StringComparer.Ordinal));
    }

    private static HashSet<string> NamesOf(System.Text.Json.JsonElement element) => element.ValueKind switch
    {
        System.Text.Json.JsonValueKind.Object => [.. element.EnumerateObject().SelectMany(p => NamesOf(p.Value).Append(p.Name))],
        System.Text.Json.JsonValueKind.Array => [.. element.EnumerateArray().SelectMany(NamesOf)],
        System.Text.Json.JsonValueKind.String when element.GetString() is "all" or "ownInstitution" or "query" or "fetch" or "store" or "replicate" or "administer"
            or "centre" or "replica" or "clinic" => ["=" + element.GetString()],
        _ => [],
    };

    private static byte[] Bytes(string name) => Vectors.Read("network-documents.txt", name);

    private static SignedDocument Document(string name) => SignedDocument.Read(Bytes(name));
}
