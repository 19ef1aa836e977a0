using System.Net;

namespace Panal.Swarm.Transfers;

/// <summary>One of the lines of a node, and what may be sent over it; it counts for the limit of the node too, whoever is at its end.</summary>
public sealed record LineOptions
{
    /// <summary>The peers that are reached over it; null if the interface says which line it is.</summary>
    public IPNetwork? Peers { get; init; }

    /// <summary>The interface of this machine that its links leave by, such as <c>ppp0</c>; null if the peers say which line it is.</summary>
    public string? Interface { get; init; }

    /// <summary>Most that is sent over it, in bytes a second, for each hour of the local day from midnight; infinity for no limit.</summary>
    public required IReadOnlyList<double> UplinkLimits { get; init; }
}
