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
    /// <summary>Reads a right as people write it: a verb, a colon, <c>all</c> or <c>own</c>.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NetworkGrant? grant)
    {
        var (verb, filter) = text.Split(':') is [var first, var second] ? (first, second) : ("", "");
        var isVerb = verb.All(char.IsAsciiLetter) && Enum.TryParse<NetworkVerb>(verb, ignoreCase: true, out var read) && Enum.IsDefined(read);
        grant = isVerb && filter is ("all" or "own")
            ? new NetworkGrant(Enum.Parse<NetworkVerb>(verb, ignoreCase: true), filter == "own" ? NetworkFilter.OwnInstitution : NetworkFilter.All)
            : null;
        return grant is not null;
    }

    /// <summary>The right as people write it.</summary>
    public string ToText() => $"{Verb.ToString().ToLowerInvariant()}:{(Filter == NetworkFilter.All ? "all" : "own")}";
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

        var filters = FiltersOf(roster, member, verb);
        if (filters.Contains(NetworkFilter.All))
        {
            return new NetworkDecision(true, null);
        }

        return filters.Count > 0 && !string.IsNullOrEmpty(institution) && member.Institution == institution
            ? new NetworkDecision(true, null)
            : new NetworkDecision(false, filters.Count == 0 ? $"It may not {Name(verb)}." : $"It may {Name(verb)} for its own institution only.");
    }

    /// <summary>The widest filter that a member has for a verb; null when it may not do it at all.</summary>
    public static NetworkFilter? WidestFilter(Roster? roster, DenyList? denied, Guid node, NetworkVerb verb)
    {
        if (roster?.Find(node) is not { Revoked: null } member || denied is null || denied.Contains(node))
        {
            return null;
        }

        var filters = FiltersOf(roster, member, verb);
        return filters.Count == 0 ? null : filters.Min();
    }

    private static List<NetworkFilter> FiltersOf(Roster roster, RosterMember member, NetworkVerb verb) =>
    [
        .. member.Groups.SelectMany(g => roster.Groups.GetValueOrDefault(g) ?? []).Where(g => g.Verb == verb).Select(g => g.Filter),
    ];

    private static string Name(NetworkVerb verb) => verb.ToString().ToLowerInvariant();
}
