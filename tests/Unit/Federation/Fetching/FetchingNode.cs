using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Unit.Archive;
using Panal.Unit.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Unit.Federation.Fetching;

/// <summary>An archive on disk that is linked to others in memory.</summary>
internal sealed class FetchingNode : ILinks, IFetchRights, IFeedRights, IAsyncDisposable
{
    private readonly MemoryNetwork _network;

    private FetchingNode(MemoryNetwork network, TemporaryArchive archive, TimeSpan stallTimeout)
    {
        (_network, Archive) = (network, archive);
        var catalogue = archive.Holdings.Catalogue;
        var holdings = new StudyHoldings(catalogue, archive.Holdings.Volumes, this, TimeProvider.System);
        var fetching = new FetchOptions { StallTimeout = TimeSpan.FromSeconds(1) };
        Transfers = new TransferService(
            this,
            () => Id,
            new TransferPorts(new ShortObjects(holdings, this), new CopyKeeper(archive.Ingester), new StudyHolders(catalogue)),
            new TransferOptions { Folder = Path.Combine(archive.Directory, "transfers"), ReserveBytes = 0, FirstRetry = TimeSpan.FromMilliseconds(20) },
            TimeProvider.System,
            NullLogger<TransferService>.Instance);
        Remote = new RemoteCopies(
            catalogue, Transfers, new FormsDesk(this, new StudyHolders(catalogue), fetching, TimeProvider.System), fetching, TimeProvider.System, NullLogger<RemoteCopies>.Instance);
        Retriever = new Retriever(catalogue, archive.Holdings.Volumes, Remote);
        network.Add(Id, Transfers);
        network.Add(Id, new FormsService(holdings));
    }

    public NodeId Id { get; } = NodeId.New();

    public TemporaryArchive Archive { get; }

    public TransferService Transfers { get; }

    public RemoteCopies Remote { get; }

    public Retriever Retriever { get; }

    /// <summary>What others may see and fetch of this node.</summary>
    public FeedFilter? Filter { get; set; } = FeedFilter.All;

    /// <summary>It serves no object that is longer, in bytes.</summary>
    public long LongestServedBytes { get; set; } = long.MaxValue;

    /// <summary>Nodes that it is linked to, for those who ask.</summary>
    public List<NodeId> Peers { get; } = [];

    public IReadOnlyCollection<NodeId> Linked => [.. Peers.Where(_network.IsThere)];

    /// <param name="network">Where it is.</param>
    /// <param name="stallTimeout">When whoever waits for an instance gives up; a second when null.</param>
    public static async Task<FetchingNode> StartAsync(MemoryNetwork network, TimeSpan? stallTimeout = null)
    {
        var node = new FetchingNode(network, await TemporaryArchive.OpenAsync(), stallTimeout ?? TimeSpan.FromSeconds(1));
        await node.Archive.Holdings.Catalogue.IdentifyAsync(node.Id.Value, 1, TestContext.Current.CancellationToken);
        return node;
    }

    /// <summary>Takes over all that another node's feed says, as if it might see everything.</summary>
    public async Task FollowAsync(FetchingNode publisher)
    {
        var (ours, theirs) = (Archive.Holdings.Catalogue, publisher.Archive.Holdings.Catalogue);
        await ours.SubscribeAsync(publisher.Id.Value, 1, TestContext.Current.CancellationToken);
        var step = theirs.OwnSnapshot(theirs.OwnHead(FeedFilter.All) with { SnapshotAfter = 0 }, isFresh: true, 1000, FeedFilter.All);
        await ours.ApplyAsync(publisher.Id.Value, step, TestContext.Current.CancellationToken);
    }

    public FeedFilter? FetchableBy(NodeId asker) => Filter;

    public FeedFilter? FilterFor(NodeId subscriber) => Filter;

    public async ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken) =>
        await _network.OpenAsync(Id, peer, protocol);

    public ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public async ValueTask DisposeAsync()
    {
        _network.Cut(Id);
        await Transfers.DisposeAsync();
        Remote.Dispose();
        await Archive.DisposeAsync();
    }

    private sealed class ShortObjects(IHeldObjects all, FetchingNode node) : IHeldObjects
    {
        public async ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken) =>
            await all.FindAsync(peer, scope, cancellationToken) is { } found ? new ShortScope(found, node.LongestServedBytes) : null;
    }

    private sealed class ShortScope(IHeldScope all, long longestBytes) : IHeldScope
    {
        public bool Holds(ContentHash hash, long lengthBytes) => lengthBytes <= longestBytes && all.Holds(hash, lengthBytes);

        public IHeldObject? Open(ContentHash hash) => all.Open(hash);

        public Task NextChangeAsync(CancellationToken cancellationToken) => all.NextChangeAsync(cancellationToken);
    }
}
