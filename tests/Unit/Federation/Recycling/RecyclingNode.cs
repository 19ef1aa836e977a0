using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Administration;
using Panal.Federation.Placement;
using Panal.Federation.Recycling;
using Panal.Swarm;
using Panal.Unit.Archive;
using Panal.Unit.Federation.Fetching;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Recycling;

/// <summary>An archive that recycles, or keeps, and is linked to others in memory.</summary>
internal sealed class RecyclingNode : IPlacementRights, IAdministrationWitness, IAsyncDisposable
{
    private readonly FetchingNode _node;

    private RecyclingNode(MemoryNetwork network, FetchingNode node)
    {
        _node = node;
        Folder = Path.Combine(node.Archive.Directory, "recycling");
        Statistics = new UseStatistics(Folder, TimeSpan.FromDays(30), Clock);
        Pins = new PinnedStudies(Folder, Clock);
        History = new RecyclingHistory(Folder);
        Meter = new RecyclingMeter(Statistics);
        Desk = new PlacementDesk(node, TimeProvider.System);
        Service = new PlacementService(
            node.Archive.Holdings.Catalogue, node.Archive.Holdings.Volumes, node.Remote, Pins, node, this, this, TimeProvider.System, NullLogger<PlacementService>.Instance);
        Recycler = new Recycler(
            node.Archive.Holdings.Catalogue, node.Archive.Ingester, node, node.Transfers, Desk, Statistics, Pins, History, Meter, Clock, NullLogger<Recycler>.Instance);
        Retriever = new Retriever(node.Archive.Holdings.Catalogue, node.Archive.Holdings.Volumes, node.Remote, Statistics);
        Survey = new CoverageSurvey(
            node.Archive.Holdings.Catalogue, node.Archive.Holdings.Volumes, node, Desk, node.Remote, this, NullLogger<CoverageSurvey>.Instance);
        network.Add(node.Id, Service);
    }

    public NodeId Id => _node.Id;

    public FetchingNode Node => _node;

    public TemporaryArchive Archive => _node.Archive;

    public ManualClock Clock { get; } = new();

    public string Folder { get; }

    public UseStatistics Statistics { get; }

    public PinnedStudies Pins { get; }

    public RecyclingHistory History { get; }

    public RecyclingMeter Meter { get; }

    public PlacementDesk Desk { get; }

    public PlacementService Service { get; }

    public Recycler Recycler { get; }

    public Retriever Retriever { get; }

    public bool Keeps { get; set; } = true;

    public bool IsWilling { get; set; } = true;

    /// <summary>Studies that are wholly or partly here, with the bytes.</summary>
    public IReadOnlyList<string> Held => [.. Archive.Holdings.Catalogue.StudiesHeldHere(TestContext.Current.CancellationToken).Select(static study => study.StudyInstanceUid)];

    public static async Task<RecyclingNode> StartAsync(MemoryNetwork network) =>
        new(network, await FetchingNode.StartAsync(network, TimeSpan.FromMinutes(2)));

    public NodeId? Self => Id;

    public IReadOnlyList<NodeId> Others => _node.Peers;

    public CoverageSurvey Survey { get; }

    /// <summary>What others may have this node keep, and may keep of it.</summary>
    public FeedFilter? Filter { get; set; } = FeedFilter.All;

    public FeedFilter? PlaceableBy(NodeId node) => IsWilling ? Filter : null;

    public FeedFilter? ReplicableBy(NodeId node) => IsWilling ? Filter : null;

    /// <summary>What the audit trail was told.</summary>
    public ConcurrentQueue<(string Description, bool IsDone)> Trail { get; } = [];

    public ValueTask AskedAsync(NodeId by, string description, bool isDone, CancellationToken cancellationToken)
    {
        Trail.Enqueue((description, isDone));

        return ValueTask.CompletedTask;
    }

    /// <summary>Both are linked, and each knows what the other holds now.</summary>
    public async Task MeetAsync(RecyclingNode other)
    {
        await _node.FollowAsync(other._node);
        await other._node.FollowAsync(_node);
        foreach (var (node, peer) in new[] { (_node, other.Id), (other._node, Id) })
        {
            if (!node.Peers.Contains(peer))
            {
                node.Peers.Add(peer);
            }
        }
    }

    public ValueTask<Panal.Archive.Ingest.IngestOutcome> StoreAsync(string study, int number = 1, int pixelBytes = 10_000, string modality = "CT") =>
        Archive.StoreAsync(new Sample
        {
            StudyInstanceUid = study,
            SeriesInstanceUid = study + ".1",
            SopInstanceUid = $"{study}.1.{number}",
            PixelBytes = pixelBytes,
            Modality = modality,
            Pixel = (byte)number,
        });

    /// <summary>Waits until all transfers of this node have ended.</summary>
    public async Task FetchedAsync()
    {
        while (_node.Transfers.Transfers is [var transfer, ..])
        {
            await transfer.Ended.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public Task<RecyclingRun> RecycleAsync(RecyclingRules rules, List<RecyclingStep>? steps = null, bool isDryRun = false) =>
        Recycler.RunAsync(rules, isDryRun, step => steps?.Add(step), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Recycler.Dispose();
        Meter.Dispose();
        await _node.DisposeAsync();
    }
}

/// <summary>A clock that is set by hand; a day ahead of the real one, so that what is stored now has rested.</summary>
internal sealed class ManualClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = TimeProvider.System.GetUtcNow().AddDays(1);

    public override DateTimeOffset GetUtcNow() => Now;
}
