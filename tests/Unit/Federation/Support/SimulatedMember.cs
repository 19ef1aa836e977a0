using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Federation.Support;

/// <summary>A member with its rooms as they run in a node: membership, gossip, the feed's publisher and subscribers; only links are made up.</summary>
internal sealed class SimulatedMember : ILinks, ILinkSteering, IAsyncDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly string _folder;
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<NodeId, (NetworkStanding Ours, NetworkStanding Theirs, DateTimeOffset Day, bool LetsIn)> _verdicts = [];
    private Process? _process;

    private SimulatedMember(SimulatedNetwork network, string folder, NodeId id, SimulatedNode node, FeedOptions options, TimeProvider time)
    {
        (_network, _folder, Id, Node, _options, _time) = (network, folder, id, node, options, time);
    }

    public NodeId Id { get; }

    /// <summary>Its catalogue, and a model of what it holds.</summary>
    public SimulatedNode Node { get; }

    public bool IsRunning => _process is not null;

    public NetworkMembership Membership => Now.Membership;

    public NetworkStanding Standing => Membership.Standing!;

    public NetworkOffice Office => Now.Office;

    public string Name => Standing.Identity.Name;

    public IReadOnlyCollection<NodeId> Linked => _network.LinkedTo(Id);

    private Process Now => _process ?? throw new InvalidOperationException("It does not run.");

    /// <summary>Starts a member whose folder of the network is there.</summary>
    public static async Task<SimulatedMember> StartAsync(SimulatedNetwork network, string folder, NodeId id, FeedOptions options, TimeProvider time)
    {
        var member = new SimulatedMember(network, folder, id, await SimulatedNode.StartAsync(time), options, time);
        await member.RunAsync();
        return member;
    }

    /// <summary>Whether it would take a link of another one, by the certificates that both show.</summary>
    /// <remarks>Called by one at a time; a verdict holds for a day as long as both standings do, and takes a millisecond to find.</remarks>
    public bool LetsIn(SimulatedMember other)
    {
        var (ours, theirs, day) = (Standing, other.Standing, _time.GetUtcNow().Date);
        if (!_verdicts.TryGetValue(other.Id, out var known) || !ReferenceEquals(known.Ours, ours) || !ReferenceEquals(known.Theirs, theirs) || known.Day != day)
        {
            _verdicts[other.Id] = known = (ours, theirs, day, Membership.Judge(theirs.Certificate, [theirs.Issuer]).Member == other.Id);
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

    /// <summary>Starts from what is on disk.</summary>
    public Task RunAsync() => Stillness.AfterAsync(() =>
    {
        _process = new Process(this);
        _network.Start(this);
    });

    /// <summary>Everything that runs is gone in the middle of what it does.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            await Stillness.AfterAsync(() => _network.Stop(this));
            await Stillness.AfterAsync(process.DisposeAsync());
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Node.DisposeAsync();
    }

    /// <summary>What a process of the node has in memory.</summary>
    private sealed class Process : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly FeedMeter _meter;
        private readonly FeedService _feed;
        private readonly Task _following;

        public Process(SimulatedMember member)
        {
            var (catalogue, options, time) = (member.Node.Catalogue, member._options, member._time);
            var folder = new NetworkFolder(member._folder);
            Membership = new NetworkMembership(folder, time);
            Assert.True(Membership.Load());
            Office = new NetworkOffice(Membership, folder, time);
            Exchange = new MembershipExchange(Membership, Office, NullLogger<MembershipExchange>.Instance);
            _meter = new FeedMeter(catalogue);
            Publisher = new FeedPublisher(catalogue, Membership, options, _meter, static () => false, time, NullLogger<FeedPublisher>.Instance);
            var subscriber = new FeedSubscriber(catalogue, member, options, _meter, time, NullLogger<FeedSubscriber>.Instance);
            _feed = new FeedService(catalogue, subscriber, options, time, NullLogger<FeedService>.Instance);
            var follower = new NetworkFollower(Membership, folder, Office, Exchange, member, member, _feed, time, NullLogger<NetworkFollower>.Instance);
            _following = Task.Run(() => follower.RunAsync(_stop.Token), CancellationToken.None);
        }

        public NetworkMembership Membership { get; }

        public NetworkOffice Office { get; }

        public MembershipExchange Exchange { get; }

        public FeedPublisher Publisher { get; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _feed.DisposeAsync();
            _meter.Dispose();
            Office.Dispose();
            _stop.Dispose();
        }
    }
}
