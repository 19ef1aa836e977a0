using System.Net;
using Panal.Swarm.Links;
using Panal.Swarm.Serving;

namespace Panal.Swarm.Transfers.Running;

/// <summary>The lines of this node: which of them leads to a peer, and whether that peer is near.</summary>
internal sealed class NodeLines
{
    /// <summary>Beyond, a peer is not near although it is on a network of ours: that is bridged over a line.</summary>
    private static readonly TimeSpan FarRoundTrip = TimeSpan.FromMilliseconds(20);

    private readonly TransferOptions _options;
    private readonly ILinks _links;
    private readonly Func<IReadOnlyList<LocalNetwork>> _networks;
    private readonly (LineOptions Options, ServedLine Line)[] _named;
    private readonly ServedLine _lan;
    private readonly ServedLine _other;
    private readonly ServedLine[] _all;

    /// <param name="options">The lines, their limits, and who is near.</param>
    /// <param name="links">Know the ways.</param>
    /// <param name="networks">Those that this machine is on.</param>
    /// <param name="time">The clock of the lines.</param>
    public NodeLines(TransferOptions options, ILinks links, Func<IReadOnlyList<LocalNetwork>> networks, TimeProvider time)
    {
        (_options, _links, _networks) = (options, links, networks);
        var all = new RateLimit([.. options.UplinkLimits]);
        _named = [.. options.Lines.Select(line => (line, new ServedLine(NewUplink(), all, new RateLimit([.. line.UplinkLimits]))))];
        _lan = options.LimitsNear ? new ServedLine(all) : new ServedLine();
        _other = new ServedLine(NewUplink(), all);
        _all = [_lan, _other, .. _named.Select(static named => named.Line)];

        Uplink? NewUplink() => options.LineBytesPerSecond is { } rate ? new Uplink(rate, time) : null;
    }

    /// <summary>Sees which lines are open; how long until a limit opens another, or zero if no limit holds one up.</summary>
    public TimeSpan Look(TimeSpan now, int hour)
    {
        var shortest = TimeSpan.Zero;
        foreach (var line in _all)
        {
            var wait = line.Look(now, hour);
            shortest = wait > TimeSpan.Zero && (shortest == TimeSpan.Zero || wait < shortest) ? wait : shortest;
        }

        return shortest;
    }

    /// <summary>The line over which a peer is served: the first that was named for it, else that of our own network, else the one that leads to all others.</summary>
    public ServedLine LineTo(NodeId peer)
    {
        if (_links.RouteTo(peer) is not { } route)
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
    /// afar. Who is reached through a relay is not; nor who is reached over a line that has a name, unless he is named near himself.
    /// </summary>
    public bool IsNear(NodeId peer) => _links.RouteTo(peer) is { } route && (IsNamedNear(route) || LineTo(peer) == _lan);

    private bool IsNamedNear(LinkRoute route) => _options.NearNetworks.Any(network => network.Contains(Plain(route.Remote)));

    private bool IsNear(LinkRoute route)
    {
        if (IsNamedNear(route) || route.LeastRoundTrip <= _options.NearRoundTrip)
        {
            return true;
        }

        return !(route.LeastRoundTrip > FarRoundTrip) && _networks().Any(network => network.IsLan && network.Network.Contains(Plain(route.Remote)));
    }

    private bool IsOn(string? name, IPAddress local) => _networks().Any(network => network.Interface == name && network.Address.Equals(local));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
