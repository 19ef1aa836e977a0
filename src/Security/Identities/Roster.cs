using System.Net;
using System.Text.Json.Serialization;

namespace Panal.Security.Identities;

/// <summary>One node that is or was a member; see docs/formats/network.md.</summary>
public sealed record RosterMember
{
    /// <summary>Most addresses of links that one member may have.</summary>
    public const int EndpointLimit = 8;

    /// <summary>Most groups that one member may be in.</summary>
    public const int GroupLimit = 8;

    /// <summary>UUID of the node, for life.</summary>
    public required Guid Node { get; init; }

    /// <summary>Its name, unique among members that are not revoked.</summary>
    public required string Name { get; init; }

    /// <summary>What it is meant for.</summary>
    public required NodeRole Role { get; init; }

    /// <summary>Its virtual address, for life and for no other.</summary>
    public required string Address { get; init; }

    /// <summary>SHA-256 of its public key, hexadecimal.</summary>
    public required string Key { get; init; }

    /// <summary>The institution that it belongs to; may be empty.</summary>
    public string Institution { get; init; } = "";

    /// <summary>Where links reach it, <c>host:port</c>, best first; none when it can only dial out.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>Groups of rights that it is in.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>When it was approved.</summary>
    public required DateTimeOffset Joined { get; init; }

    /// <summary>When it was revoked, or null.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Whether it can approve and renew.</summary>
    public bool HoldsAuthority { get; init; }

    /// <summary>Whether it may be asked to relay between others.</summary>
    public bool MayRelay { get; init; }

    internal bool IsValid(AddressRange range, long nextAddress) =>
        Node != Guid.Empty && MemberName.IsValid(Name) && Enum.IsDefined(Role) && Certificates.ParseFingerprint(Key) == Key
        && IPAddress.TryParse(Address, out var address) && address.ToString() == Address && range.IndexOf(address) is { } index && index < nextAddress
        && MemberName.IsTitleOrEmpty(Institution)
        && Endpoints.Count <= EndpointLimit && Endpoints.All(MemberName.IsEndpoint)
        && Groups.Count <= GroupLimit && Groups.All(MemberName.IsValid);
}

/// <summary>Who is a member, what each may do, and which addresses were given: the authority's signed word.</summary>
public sealed record Roster
{
    /// <summary>Most members that a network may ever have had.</summary>
    public const int MemberLimit = 4096;

    private const int GroupLimit = 32;
    private const int GrantLimit = 16;

    /// <summary>UUID of the network.</summary>
    public required Guid Network { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Of two rosters, the one with the higher version holds.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>Range of the virtual addresses, CIDR.</summary>
    public required string Range { get; init; }

    /// <summary>Index of the next address to be given; it never falls.</summary>
    public required long NextAddress { get; init; }

    /// <summary>All that are or were members.</summary>
    public required IReadOnlyList<RosterMember> Members { get; init; }

    /// <summary>Rights by group.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<NetworkGrant>> Groups { get; init; }

    /// <summary>In a payload, and nowhere else: the rights with a selection, which a node that does not know selections must not take for wider ones.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal IReadOnlyDictionary<string, IReadOnlyList<NetworkGrant>>? Selected { get; init; }

    /// <summary>In a payload, and nowhere else: the rights whose selection goes by fixed dates, which a node that knows other selections only must not misread.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal IReadOnlyDictionary<string, IReadOnlyList<NetworkGrant>>? Dated { get; init; }

    /// <summary>The member of an identity, also a revoked one, or null.</summary>
    public RosterMember? Find(Guid node) => Members.FirstOrDefault(m => m.Node == node);

    /// <summary>Reads the payload of a signed roster.</summary>
    /// <exception cref="NetworkDocumentException">It is none, or contradicts itself.</exception>
    public static Roster Read(ReadOnlySpan<byte> payload)
    {
        var roster = DocumentJson.Read(payload, DocumentJson.Format.Roster);
        roster = roster.IsDivided ? roster.Joined() : throw new NetworkDocumentException("The roster is not valid: a right in the wrong place.");
        return roster.Problem() is { } problem ? throw new NetworkDocumentException("The roster is not valid: " + problem) : roster;
    }

    /// <summary>The payload to be signed.</summary>
    /// <exception cref="NetworkDocumentException">The roster contradicts itself.</exception>
    public byte[] ToPayload() => Problem() is { } problem
        ? throw new NetworkDocumentException("The roster is not valid: " + problem)
        : System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Divided(), DocumentJson.Format.Roster);

    /// <summary>Whether the rights stand as in a payload: each where a node of an older release takes it for no more than it is.</summary>
    private bool IsDivided =>
        Groups.Values.All(static grants => grants?.All(IsPlain) ?? true) && HasOnly(Selected, IsSelected) && HasOnly(Dated, IsDated);

    private static bool IsPlain(NetworkGrant? grant) => grant?.Selection is null;

    private static bool IsSelected(NetworkGrant? grant) => grant?.Selection is { IsDated: false };

    private static bool IsDated(NetworkGrant? grant) => grant?.Selection is { IsDated: true };

    private bool HasOnly(IReadOnlyDictionary<string, IReadOnlyList<NetworkGrant>>? groups, Func<NetworkGrant?, bool> isMeant) =>
        groups?.All(group => group.Value is not null && Groups.ContainsKey(group.Key) && group.Value.All(isMeant)) ?? true;

    private Roster Divided() => this with { Groups = Which(IsPlain), Selected = WhichOrNone(IsSelected), Dated = WhichOrNone(IsDated) };

    private Roster Joined() => (Selected ?? Dated) is null ? this : this with
    {
        Groups = new SortedDictionary<string, IReadOnlyList<NetworkGrant>>(
            Groups.ToDictionary(
                static group => group.Key,
                IReadOnlyList<NetworkGrant> (group) => [.. group.Value ?? [], .. Selected?.GetValueOrDefault(group.Key) ?? [], .. Dated?.GetValueOrDefault(group.Key) ?? []]),
            StringComparer.Ordinal),
        Selected = null,
        Dated = null,
    };

    private SortedDictionary<string, IReadOnlyList<NetworkGrant>>? WhichOrNone(Func<NetworkGrant?, bool> isMeant) =>
        Groups.Values.Any(grants => grants.Any(isMeant)) ? Which(isMeant) : null;

    private SortedDictionary<string, IReadOnlyList<NetworkGrant>> Which(Func<NetworkGrant?, bool> isMeant) => new(
        Groups.ToDictionary(static group => group.Key, IReadOnlyList<NetworkGrant> (group) => [.. group.Value.Where(isMeant)]), StringComparer.Ordinal);

    private string? Problem()
    {
        if (Network == Guid.Empty || !MemberName.IsTitle(Name) || Version < 1 || !AddressRange.TryParse(Range, out var range)
            || NextAddress < 1 || NextAddress > range.Capacity + 1)
        {
            return "network, name, version or range.";
        }

        if (Members.Count > MemberLimit || Members.FirstOrDefault(m => m is null || !m.IsValid(range, NextAddress)) is not null || Members.Contains(null!))
        {
            return "a member.";
        }

        var standing = Members.Where(m => m.Revoked is null).ToArray();
        if (HasTwice(Members.Select(m => m.Node)) || HasTwice(Members.Select(m => m.Address))
            || HasTwice(standing.Select(m => m.Key)) || HasTwice(standing.Select(m => m.Name.ToUpperInvariant())))
        {
            return "an identity, address, key or name is there twice.";
        }

        return Groups.Count > GroupLimit || Groups.Any(g => !MemberName.IsValid(g.Key) || g.Value is null || g.Value.Count > GrantLimit || !g.Value.All(static grant => grant is { IsValid: true }))
            ? "a group."
            : null;
    }

    private static bool HasTwice<T>(IEnumerable<T> values)
    {
        var seen = new HashSet<T>();
        return !values.All(seen.Add);
    }
}
