using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Unit.Federation.Feed;

namespace Panal.Unit.Federation.Support;

/// <summary>A member with its rooms as they run in a node: membership, gossip, the feed's publisher and subscribers; only links are made up.</summary>
internal sealed class SimulatedMember : ILinks, ILinkSteering, IAsyncDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Dictionary<NodeId, (NetworkStanding Ours, NetworkStanding Theirs, bool LetsIn)> _verdicts = [];
    private CancellationTokenSource _stop = new();
    private Process? _process;

    private SimulatedMember(SimulatedNetwork network, string folder, NodeId id, SimulatedNode node, TimeProvider time)
    {
        (_network, _folder, Id, Node, _time) = (network, folder, id, node, time);
    }

    public NodeId Id { get; }

    /// <summary>Its catalogue, and a model of what it holds.</summary>
    public SimulatedNode Node { get; }

    public NetworkMembership Membership => Now.Membership;

    public NetworkOffice Office => Now.Office;

    public IReadOnlyCollection<NodeId> Linked => _network.LinkedTo(Id);

    private Process Now => _process ?? throw new InvalidOperationException("It does not run.");

    /// <summary>Starts a member whose folder of the network is there.</summary>
    public static async Task<SimulatedMember> StartAsync(SimulatedNetwork network, string folder, TimeProvider time)
    {
        var membership = new NetworkMembership(new NetworkFolder(folder), time);
        Assert.True(membership.Load());
        var self = membership.Standing!.Self;
        var node = await SimulatedNode.StartAsync(self.Value, membership.Standing.Identity.Role == NodeRole.Centre ? 10 : 0);
        var member = new SimulatedMember(network, folder, self, node, time);
        member.Run();
        return member;
    }

    /// <summary>Whether it would take a link of another one, by the certificates that both show.</summary>
    /// <remarks>Called by one at a time; a verdict holds as long as both standings do, and takes a millisecond to find.</remarks>
    public bool LetsIn(SimulatedMember other)
    {
        var (ours, theirs) = (Membership.Standing!, other.Membership.Standing!);
        if (!_verdicts.TryGetValue(other.Id, out var known) || !ReferenceEquals(known.Ours, ours) || !ReferenceEquals(known.Theirs, theirs))
        {
            _verdicts[other.Id] = known = (ours, theirs, Membership.Judge(theirs.Certificate, [theirs.Issuer]).Member == other.Id);
        }

        return known.LetsIn;
    }

    public ILinkService ServiceOf(string protocol) => protocol == FeedPublisher.ProtocolName ? Now.Publisher : Now.Exchange;

    public ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_network.Open(Id, peer, protocol, priority));

    public ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken) =>
        _network.NextChangeAsync(Id, known, cancellationToken);

    public void SetPeers(IReadOnlyList<LinkPeer> peers) => _network.Change();

    public void Cut(NodeId node, LinkCloseReason reason) => _network.Cut(Id, node);

    /// <summary>Everything that runs is gone in the middle of what it does, and starts again from what is on disk.</summary>
    public async Task CrashAsync()
    {
        await StopAsync();
        await Node.KillAsync();
        Run();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Node.DisposeAsync();
    }

    private void Run()
    {
        _stop = new CancellationTokenSource();
        _process = new Process(this, _stop.Token);
        _network.Start(this);
    }

    private async Task StopAsync()
    {
        await _network.StopAsync(this);
        await _stop.CancelAsync();
        await Now.DisposeAsync();
        _process = null;
        _stop.Dispose();
    }

    /// <summary>What a process of the node has in memory.</summary>
    private sealed class Process : IAsyncDisposable
    {
        // Short waits for lack of a line; heads and silence as in a node.
        private static readonly FeedOptions Options = new() { Gathering = TimeSpan.FromMilliseconds(100), LongestRetry = TimeSpan.FromSeconds(4) };

        private readonly FeedMeter _meter;
        private readonly FeedService _feed;
        private readonly Task _following;

        public Process(SimulatedMember member, CancellationToken stop)
        {
            var (catalogue, time) = (member.Node.Catalogue, member._time);
            var folder = new NetworkFolder(member._folder);
            Membership = new NetworkMembership(folder, time);
            Assert.True(Membership.Load());
            Office = new NetworkOffice(Membership, folder, time);
            Exchange = new MembershipExchange(Membership, Office, NullLogger<MembershipExchange>.Instance);
            _meter = new FeedMeter(catalogue);
            Publisher = new FeedPublisher(catalogue, Membership, Options, _meter, time, NullLogger<FeedPublisher>.Instance);
            var subscriber = new FeedSubscriber(catalogue, member, Options, _meter, time, NullLogger<FeedSubscriber>.Instance);
            _feed = new FeedService(catalogue, subscriber, Options, time, NullLogger<FeedService>.Instance);
            var follower = new NetworkFollower(Membership, folder, Office, Exchange, member, member, _feed, time, NullLogger<NetworkFollower>.Instance);
            _following = Task.Run(() => follower.RunAsync(stop), CancellationToken.None);
        }

        public NetworkMembership Membership { get; }

        public NetworkOffice Office { get; }

        public MembershipExchange Exchange { get; }

        public FeedPublisher Publisher { get; }

        public async ValueTask DisposeAsync()
        {
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _feed.DisposeAsync();
            _meter.Dispose();
            Office.Dispose();
        }
    }
}
