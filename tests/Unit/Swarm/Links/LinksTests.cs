using System.Net;
using System.Net.Sockets;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Links;

public sealed class LinksTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_can_only_dial_out_is_a_full_member()
    {
        using var network = new Network();
        await using var centre = new LinkedNode(network.Admit());
        await using var clinic = new LinkedNode(network.Admit());
        clinic.Links.SetPeers([centre.AsPeer()]);
        centre.Links.SetPeers([clinic.AsUnreachablePeer()]);
        await clinic.EchoAsync(centre.Id);
        await centre.EchoAsync(clinic.Id, 2_000_000);
        var status = Assert.Single(clinic.Links.Status());
        Assert.Equal((LinkState.Up, true, null), (status.State, status.IsDialledByUs, status.Relay));
        Assert.InRange(status.SentBytes, 2_000_000, 2_300_000);
        Assert.InRange(status.ReceivedBytes, 2_000_000, 2_300_000);
        Assert.NotNull(status.RoundTrip);
        Assert.False(Assert.Single(centre.Links.Status()).IsDialledByUs);
    }

    [Fact(Timeout = 60_000)]
    public async Task Whoever_dials_there_is_one_link_a_pair_and_no_stream_is_lost()
    {
        using var network = new Network();
        for (var round = 0; round < 10; round++)
        {
            await using var one = new LinkedNode(network.Admit());
            await using var other = new LinkedNode(network.Admit());
            one.Links.SetPeers([other.AsPeer()]);
            other.Links.SetPeers([one.AsPeer()]);
            await Task.WhenAll(Enumerable.Range(0, 8).SelectMany(i => new[] { one.EchoAsync(other.Id, 50_000 + i), other.EchoAsync(one.Id, 60_000 + i) }));

            // Of two links made at once one end may still show the one that is going.
            while (Assert.Single(one.Links.Status()).IsDialledByUs == Assert.Single(other.Links.Status()).IsDialledByUs)
            {
                await Task.Yield();
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }

            var lesserDialled = (one.Id.CompareTo(other.Id) < 0) == one.Links.Status()[0].IsDialledByUs;
            TestContext.Current.SendDiagnosticMessage($"round {round}: dialled by the lesser: {lesserDialled}");
        }
    }

    [Fact]
    public async Task A_link_that_is_cut_is_made_again()
    {
        using var network = new Network();
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        one.Links.SetPeers([other.AsPeer()]);
        await one.EchoAsync(other.Id);
        other.Links.Cut(one.Id, LinkCloseReason.Failed);
        Assert.Equal(LinkCloseReason.Failed, await one.Witness.NextAsync("down"));
        await one.EchoAsync(other.Id);
    }

    [Fact]
    public async Task A_revoked_node_is_cut_at_once_and_does_not_come_back()
    {
        using var network = new Network();
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        one.Links.SetPeers([other.AsPeer()]);
        await one.EchoAsync(other.Id);
        await using var stream = await one.Links.OpenAsync(other.Id, "echo/1", LinkPriority.Bulk, Cancelled);
        network.Revoke(one.Id);
        other.Links.Cut(one.Id, LinkCloseReason.Revoked);
        Assert.Equal(LinkCloseReason.Revoked, await one.Witness.NextAsync("down"));
        var failure = await Assert.ThrowsAsync<LinkException>(async () => await stream.Input.ReadAsync(Cancelled));
        Assert.Equal(LinkCloseReason.Revoked, failure.Reason);
        Assert.Equal(LinkCloseReason.Stranger, await other.Witness.NextAsync("refused"));
        Assert.Empty(other.Links.Linked);
    }

    [Fact]
    public async Task Who_cannot_be_reached_fails_the_open_with_the_reason()
    {
        using var network = new Network();
        await using var one = new LinkedNode(network.Admit());
        var nobody = NodeId.New();
        await Assert.ThrowsAsync<LinkException>(async () => await one.Links.OpenAsync(nobody, "echo/1", LinkPriority.Bulk, Cancelled));
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        one.Links.SetPeers([new LinkPeer(nobody, [taken.LocalEndPoint!.ToString()!], MayRelay: false)]);
        var failure = await Assert.ThrowsAsync<LinkException>(async () => await one.Links.OpenAsync(nobody, "echo/1", LinkPriority.Bulk, Cancelled));
        Assert.Contains("refused", failure.Message, StringComparison.OrdinalIgnoreCase);
        one.Links.SetPeers([new LinkPeer(nobody, [], MayRelay: false)]);
        await Assert.ThrowsAsync<LinkException>(async () => await one.Links.OpenAsync(nobody, "echo/1", LinkPriority.Bulk, Cancelled));
    }

    [Fact]
    public async Task Another_node_at_the_address_of_the_one_that_is_dialled_is_refused()
    {
        using var network = new Network();
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        one.Links.SetPeers([other.AsPeer() with { Node = NodeId.New() }]);
        Assert.Equal(LinkCloseReason.Stranger, await one.Witness.NextAsync("refused"));
        Assert.Empty(one.Links.Linked);
    }

    [Fact]
    public async Task The_set_of_linked_nodes_can_be_followed()
    {
        using var network = new Network();
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        var change = one.Links.NextChangeAsync([], Cancelled).AsTask();
        one.Links.SetPeers([other.AsPeer()]);
        Assert.Equal([other.Id], await change);
        var next = one.Links.NextChangeAsync([other.Id], Cancelled).AsTask();
        one.Links.SetPeers([]);
        one.Links.Cut(other.Id, LinkCloseReason.Stopping);
        Assert.Empty(await next);
    }

    [Fact]
    public async Task Two_nodes_that_cannot_reach_one_another_talk_through_a_third_until_they_can()
    {
        using var network = new Network();
        await using var relay = new LinkedNode(network.Admit());
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        other.Links.SetPeers([relay.AsPeer(mayRelay: true)]);
        await other.EchoAsync(relay.Id);
        one.Links.SetPeers([relay.AsPeer(mayRelay: true)]);
        await one.EchoAsync(relay.Id);
        one.Links.SetPeers([relay.AsPeer(mayRelay: true), other.AsUnreachablePeer()]);
        await one.EchoAsync(other.Id, 500_000);
        await other.EchoAsync(one.Id, 500_000);
        Assert.Equal(relay.Id, one.Links.Status().Single(s => s.Peer == other.Id).Relay);
        Assert.Equal(relay.Id, other.Links.Status().Single(s => s.Peer == one.Id).Relay);

        one.Links.SetPeers([relay.AsPeer(mayRelay: true), other.AsPeer()]);
        Assert.Equal(LinkCloseReason.Replaced, await one.Witness.NextAsync("down"));
        Assert.Null(one.Links.Status().Single(s => s.Peer == other.Id).Relay);
        await one.EchoAsync(other.Id);
    }

    [Fact]
    public async Task A_relay_keeps_its_quota()
    {
        using var network = new Network();
        await using var relay = new LinkedNode(network.Admit(), new LinkOptions { Relay = new RelayOptions { MaxLinksOfMember = 0 } });
        await using var one = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(network.Admit());
        other.Links.SetPeers([relay.AsPeer()]);
        await other.EchoAsync(relay.Id);
        one.Links.SetPeers([relay.AsPeer(mayRelay: true)]);
        await one.EchoAsync(relay.Id);
        one.Links.SetPeers([relay.AsPeer(mayRelay: true), other.AsUnreachablePeer()]);
        var failure = await Assert.ThrowsAsync<LinkException>(async () => await one.Links.OpenAsync(other.Id, "echo/1", LinkPriority.Bulk, Cancelled));
        Assert.Contains("carries as many links as its quota allows", failure.Message, StringComparison.Ordinal);
    }
}
