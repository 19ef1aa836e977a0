using System.Net;
using Panal.Swarm.Links;
using Panal.Swarm.Serving;

namespace Panal.Swarm.Transfers.Running;

/// <summary>The lines of this node: which of them leads to a peer, and whether that peer is near.</summary>
/// <param name="options">The lines, and who is near.</param>
/// <param name="links">Know the ways.</param>
/// <param name="networks">Those that this machine is on.</param>
internal sealed class NodeLines(TransferOptions options, ILinks links, Func<IReadOnlyList<LocalNetwork>> networks)
{
    /// <summary>Beyond, a peer is not near although it is on a network of ours: that is bridged over a line.</summary>
    private static readonly TimeSpan FarRoundTrip = TimeSpan.FromMilliseconds(20);

    private readonly (LineOptions Options, ServedLine Line)[] _named =
        [.. options.Lines.Select(static line => (line, new ServedLine(new RateLimit([.. line.UplinkLimits]))))];

    private readonly ServedLine _lan = new();
    private readonly ServedLine _other = new();

    /// <summary>Sees which lines are open; how long until a limit opens another, or zero if no limit holds one up.</summary>
    public TimeSpan Look(TimeSpan now, int hour)
    {
        var shortest = TimeSpan.Zero;
        _lan.Look(now, hour);
        _other.Look(now, hour);
        foreach (var (_, line) in _named)
        {
            var wait = line.Look(now, hour);
            shortest = wait > TimeSpan.Zero && (shortest == TimeSpan.Zero || wait < shortest) ? wait : shortest;
        }

        return shortest;
    }

    /// <summary>The line over which a peer is served: the first that was named for it, else that of our own network, else the one that leads to all others.</summary>
    public ServedLine LineTo(NodeId peer)
    {
        if (links.RouteTo(peer) is not { } route)
        {
            return _other;
        }

        foreach (var (named, line) in _named)
        {
            if (named.Peers?.Contains(Plain(route.Remote)) ?? IsOn(named.Interface, Plain(route.Local)))
            {
                return line;
            }
        }

        return IsNear(route) ? _lan : _other;
    }

    /// <summary>
    /// Whether a peer is near: it is named so, answers as only those on the same network do, or is on a network of ours and does not answer as from
    /// afar. Who is reached through a relay is not.
    /// </summary>
    public bool IsNear(NodeId peer) => links.RouteTo(peer) is { } route && IsNear(route);

    private bool IsNear(LinkRoute route)
    {
        var remote = Plain(route.Remote);
        if (options.NearNetworks.Any(network => network.Contains(remote)) || route.LeastRoundTrip <= options.NearRoundTrip)
        {
            return true;
        }

        return !(route.LeastRoundTrip > FarRoundTrip) && networks().Any(network => network.IsLan && network.Network.Contains(remote));
    }

    private bool IsOn(string? name, IPAddress local) => networks().Any(network => network.Interface == name && network.Address.Equals(local));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
