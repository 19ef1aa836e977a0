using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Panal.Security.Identities;

/// <summary>What a node may ask of another. The names are in signed rosters and never change.</summary>
public enum NetworkVerb
{
    /// <summary>Search, and follow the feed of the catalogue.</summary>
    Query = 0,

    /// <summary>Have pixels.</summary>
    Fetch = 1,

    /// <summary>Send instances to be kept.</summary>
    Store = 2,

    /// <summary>Have copies of whole archives.</summary>
    Replicate = 3,

    /// <summary>Change how the network is.</summary>
    Administer = 4,
}

/// <summary>On which studies. The names are in signed rosters and never change.</summary>
public enum NetworkFilter
{
    /// <summary>All of them.</summary>
    All = 0,

    /// <summary>Those of the institution that the node belongs to.</summary>
    OwnInstitution = 1,
}

/// <summary>One right of a group.</summary>
/// <param name="Verb">To do what.</param>
/// <param name="Filter">On which studies.</param>
public sealed record NetworkGrant(NetworkVerb Verb, NetworkFilter Filter)
{
    /// <summary>Which of these studies, and without which attributes; null for all of them, whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NetworkSelection? Selection { get; init; }

    /// <summary>Whether it means something, and its selection is within the limits.</summary>
    /// <remarks>Attributes can be left out of what is told, not of files: who has the bytes has all that is in them. To administer is about no studies.</remarks>
    [JsonIgnore]
    public bool IsValid =>
        Enum.IsDefined(Verb) && Enum.IsDefined(Filter)
        && Selection is null or { IsValid: true, IsEmpty: false }
        && (Selection is not { Without.Count: > 0 } || Verb is NetworkVerb.Query)
        && (Selection is null || Verb is not NetworkVerb.Administer);

    /// <summary>Reads a right as people write it: a verb, a colon, <c>all</c> or <c>own</c>, and a comma before each part of a selection.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out NetworkGrant? grant)
    {
        var (verb, studies) = text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? (text[..colon], text[(colon + 1)..]) : ("", "");
        var (filter, rest) = studies.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma ? (studies[..comma], studies[(comma + 1)..]) : (studies, null);
        NetworkSelection? selection = null;
        grant = verb.All(char.IsAsciiLetter) && Enum.TryParse<NetworkVerb>(verb, ignoreCase: true, out var read) && filter is ("all" or "own")
            && (rest is null || NetworkSelection.TryParse(rest, out selection))
                ? new NetworkGrant(read, filter == "own" ? NetworkFilter.OwnInstitution : NetworkFilter.All) { Selection = selection }
                : null;
        grant = grant is { IsValid: true } ? grant : null;
        return grant is not null;
    }

    /// <summary>The right as people write it.</summary>
    public string ToText() =>
        $"{Verb.ToString().ToLowerInvariant()}:{(Filter == NetworkFilter.All ? "all" : "own")}{(Selection is { } selection ? "," + selection.ToText() : "")}";
}

/// <summary>Whether a node may do something here, and why not.</summary>
/// <param name="IsGranted">True when it may.</param>
/// <param name="Refusal">For the audit trail and the peer; null when it may.</param>
public readonly record struct NetworkDecision(bool IsGranted, string? Refusal);

/// <summary>Evaluates the rights of the signed roster, at the node that serves: what is not granted is denied.</summary>
public static class NetworkAccess
{
    /// <summary>The groups that a new network has, one a role.</summary>
    /// <remarks>
    /// A clinic sees all studies because patients move between institutions and that is what the network is for; it sends only its own.
    /// </remarks>
    public static IReadOnlyDictionary<string, IReadOnlyList<NetworkGrant>> DefaultGroups { get; } = new SortedDictionary<string, IReadOnlyList<NetworkGrant>>(StringComparer.Ordinal)
    {
        [GroupOf(NodeRole.Centre)] = [.. Enum.GetValues<NetworkVerb>().Select(verb => new NetworkGrant(verb, NetworkFilter.All))],
        [GroupOf(NodeRole.Replica)] =
        [
            new(NetworkVerb.Query, NetworkFilter.All), new(NetworkVerb.Fetch, NetworkFilter.All),
            new(NetworkVerb.Store, NetworkFilter.All), new(NetworkVerb.Replicate, NetworkFilter.All),
        ],
        [GroupOf(NodeRole.Clinic)] =
        [
            new(NetworkVerb.Query, NetworkFilter.All), new(NetworkVerb.Fetch, NetworkFilter.All), new(NetworkVerb.Store, NetworkFilter.OwnInstitution),
        ],
    };

    /// <summary>The group that members of a role are in when nothing else is said.</summary>
    public static string GroupOf(NodeRole role) => role.ToString().ToLowerInvariant();

    /// <summary>Decides on one request.</summary>
    /// <param name="roster">The newest one; null while there is none.</param>
    /// <param name="denied">The newest one; null while there is none.</param>
    /// <param name="node">Who asks, by its certificate.</param>
    /// <param name="verb">For what.</param>
    /// <param name="institution">Institution of the study that it is about; null when it is about studies in general, empty when unknown.</param>
    public static NetworkDecision Decide(Roster? roster, DenyList? denied, Guid node, NetworkVerb verb, string? institution)
    {
        if (roster is null || denied is null || roster.Find(node) is not { } member)
        {
            return new NetworkDecision(false, "It is not a member.");
        }

        if (member.Revoked is not null || denied.Contains(node))
        {
            return new NetworkDecision(false, "It is revoked.");
        }

        var grants = GrantsOf(roster, member, verb);
        if (grants.Any(static grant => grant.Filter == NetworkFilter.All))
        {
            return new NetworkDecision(true, null);
        }

        return grants.Count > 0 && !string.IsNullOrEmpty(institution) && member.Institution == institution
            ? new NetworkDecision(true, null)
            : new NetworkDecision(false, grants.Count == 0 ? $"It may not {Name(verb)}." : $"It may {Name(verb)} for its own institution only.");
    }

    /// <summary>All that a member was granted of a verb; none when it may not do it at all.</summary>
    public static IReadOnlyList<NetworkGrant> GrantsOf(Roster? roster, DenyList? denied, Guid node, NetworkVerb verb) =>
        roster?.Find(node) is { Revoked: null } member && denied?.Contains(node) == false ? GrantsOf(roster, member, verb) : [];

    private static List<NetworkGrant> GrantsOf(Roster roster, RosterMember member, NetworkVerb verb) =>
        [.. member.Groups.SelectMany(group => roster.Groups.GetValueOrDefault(group) ?? []).Where(grant => grant.Verb == verb)];

    private static string Name(NetworkVerb verb) => verb.ToString().ToLowerInvariant();
}
