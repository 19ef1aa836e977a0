using System.Net;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Unit.Swarm.Transfers.Running;

public sealed class NodeLinesTests
{
    private static readonly NodeId Peer = NodeId.New();
    private static readonly LocalNetwork[] Ours =
    [
        new("eth0", IPAddress.Parse("192.168.7.2"), IPNetwork.Parse("192.168.7.0/24"), IsLan: true),
        new("ppp0", IPAddress.Parse("10.64.0.9"), IPNetwork.Parse("10.64.0.0/24"), IsLan: false),
    ];

    [Theory]
    [InlineData("192.168.7.9", null, true)]
    [InlineData("::ffff:192.168.7.9", null, true)]
    [InlineData("192.168.7.9", 15.0, true)]
    [InlineData("192.168.7.9", 25.0, false)]
    [InlineData("192.168.8.9", null, false)]
    [InlineData("192.168.8.9", 3.0, false)]
    [InlineData("192.168.8.9", 1.5, true)]
    [InlineData("10.64.0.1", null, false)]
    [InlineData("10.1.2.3", 80.0, true)]
    public void Who_is_on_our_network_or_answers_as_if_or_is_named_is_near(string remote, double? milliseconds, bool isNear)
    {
        var links = new OneLink(new LinkRoute(Ours[0].Address, IPAddress.Parse(remote), milliseconds is { } ms ? TimeSpan.FromMilliseconds(ms) : null));
        Assert.Equal(isNear, Lines(links, near: "10.1.0.0/16").IsNear(Peer));
    }

    [Fact]
    public void Who_is_reached_through_a_relay_is_not_near() => Assert.False(Lines(new OneLink(null), near: "0.0.0.0/0").IsNear(Peer));

    [Fact]
    public void Who_is_reached_over_a_line_that_has_a_name_is_near_only_if_he_is_named_so_himself()
    {
        var links = new OneLink(new LinkRoute(Ours[0].Address, IPAddress.Parse("192.168.7.9"), TimeSpan.FromMilliseconds(0.1)));
        var line = new LineOptions { Interface = "eth0", UplinkLimits = NoLimit };
        Assert.True(Lines(links, null).IsNear(Peer));
        Assert.False(Lines(links, null, line).IsNear(Peer));
        Assert.True(Lines(links, "192.168.7.0/28", line).IsNear(Peer));
    }

    [Fact]
    public void A_peer_is_served_over_the_first_line_that_fits_and_those_nearby_over_one_of_their_own()
    {
        var links = new OneLink(null);
        var lines = Lines(links, null, new LineOptions { Peers = IPNetwork.Parse("10.8.0.0/16"), UplinkLimits = NoLimit }, new LineOptions { Interface = "ppp0", UplinkLimits = NoLimit });
        var other = lines.LineTo(Peer);
        var byPeers = To("192.168.7.2", "10.8.3.3");
        var byInterface = To("10.64.0.9", "203.0.113.5");
        var near = To("192.168.7.2", "192.168.7.3");
        Assert.Equal(4, new[] { other, byPeers, byInterface, near }.Distinct().Count());
        Assert.Same(byPeers, To("10.64.0.9", "10.8.3.3"));
        Assert.Same(other, To("192.168.7.2", "203.0.113.5"));

        Panal.Swarm.Serving.ServedLine To(string local, string remote)
        {
            links.Route = new LinkRoute(IPAddress.Parse(local), IPAddress.Parse(remote), null);
            return lines.LineTo(Peer);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_limit_of_the_node_holds_for_all_lines_together_and_for_its_own_network_if_that_is_wanted(bool limitsNear)
    {
        const int Block = 65_536;
        var links = new OneLink(new LinkRoute(Ours[0].Address, IPAddress.Parse("192.168.7.3"), null));
        var lines = new NodeLines(
            new TransferOptions
            {
                Folder = "",
                LimitsNear = limitsNear,
                UplinkLimits = [.. Enumerable.Repeat((double)Block, 24)],
                Lines = [new LineOptions { Peers = IPNetwork.Parse("10.8.0.0/16"), UplinkLimits = NoLimit }],
            },
            links,
            static () => Ours,
            TimeProvider.System);
        var near = lines.LineTo(Peer);
        links.Route = new LinkRoute(Ours[0].Address, IPAddress.Parse("10.8.3.3"), null);
        var named = lines.LineTo(Peer);
        links.Route = null;
        var other = lines.LineTo(Peer);

        // What goes over a line of its own is owed by the one that leads to all others.
        named.Begin(0, Block, TimeSpan.Zero);
        named.Width.End(0, Block, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(1), lines.Look(TimeSpan.Zero, 0));
        Assert.Equal((false, false, !limitsNear), (named.IsOpen, other.IsOpen, near.IsOpen));
        Assert.Equal(TimeSpan.Zero, lines.Look(TimeSpan.FromSeconds(1), 0));
        Assert.Equal((true, true, true), (named.IsOpen, other.IsOpen, near.IsOpen));
    }

    [Fact]
    public void Links_over_a_line_share_it_if_it_is_known_what_it_carries_and_those_in_the_house_share_nothing()
    {
        var links = new OneLink(null);
        var known = new NodeLines(
            new TransferOptions { Folder = "", LineBytesPerSecond = 151_400, Lines = [new LineOptions { Peers = IPNetwork.Parse("10.8.0.0/16"), UplinkLimits = NoLimit }] },
            links,
            static () => Ours,
            TimeProvider.System);
        var other = known.LineTo(Peer).Uplink;
        Assert.NotNull(other);
        links.Route = new LinkRoute(Ours[0].Address, IPAddress.Parse("10.8.3.3"), null);
        Assert.NotNull(known.LineTo(Peer).Uplink);
        Assert.NotSame(other, known.LineTo(Peer).Uplink);
        links.Route = new LinkRoute(Ours[0].Address, IPAddress.Parse("192.168.7.3"), null);
        Assert.Null(known.LineTo(Peer).Uplink);
        links.Route = null;
        Assert.Null(Lines(links, null).LineTo(Peer).Uplink);
    }

    [Fact]
    public void The_network_of_an_address_has_no_bits_of_the_host()
    {
        Assert.Equal(IPNetwork.Parse("10.1.128.0/17"), LocalNetworks.NetworkOf(IPAddress.Parse("10.1.200.7"), 17));
        Assert.Equal(IPNetwork.Parse("fe80::/64"), LocalNetworks.NetworkOf(IPAddress.Parse("fe80::1"), 64));
        Assert.Contains(new LocalNetworks(TimeProvider.System).Now(), static network => IPAddress.IsLoopback(network.Address));
    }

    private static IReadOnlyList<double> NoLimit => [.. Enumerable.Repeat(double.PositiveInfinity, 24)];

    private static NodeLines Lines(ILinks links, string? near, params LineOptions[] lines) =>
        new(new TransferOptions { Folder = "", Lines = lines, NearNetworks = near is null ? [] : [IPNetwork.Parse(near)] }, links, static () => Ours, TimeProvider.System);

    private sealed class OneLink(LinkRoute? route) : ILinks
    {
        public LinkRoute? Route { get; set; } = route;

        public IReadOnlyCollection<NodeId> Linked => [Peer];

        public LinkRoute? RouteTo(NodeId peer) => Route;

        public ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
