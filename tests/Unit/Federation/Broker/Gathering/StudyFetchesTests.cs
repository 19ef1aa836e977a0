using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Broker;
using Panal.Federation.Broker.Gathering;
using Panal.Federation.Broker.Retrieving;
using Panal.Federation.Fetching;
using Panal.Federation.Placement;
using Panal.Federation.Recycling;
using Panal.Swarm.Transfers;
using Panal.Unit.Archive;
using Panal.Unit.Federation.Fetching;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Broker.Gathering;

/// <summary>A clinic, and nodes with the same archive behind them, linked in memory.</summary>
public sealed class StudyFetchesTests
{
    private const string Study = "1.1";
    private const int Images = 30;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_broker_gets_its_share_once_and_the_clinic_gets_everything()
    {
        await using var site = await Site.OpenAsync(brokers: 3);
        var fetch = await site.FetchAsync();
        Assert.Same(fetch, await site.Fetches.FetchAsync(Study, TransferPriority.Bulk, Token));
        Assert.Same(fetch, Assert.Single(site.Fetches.UnderWay));
        await fetch.Ended;

        Assert.Equal(Images, site.Held());
        Assert.Equal([10, 10, 10], site.Brokers.Select(static broker => broker.Archive.Given));
        Assert.Equal((TransferState.Complete, Images, Images, null), (fetch.Progress.State, fetch.Progress.Objects, fetch.Progress.KeptObjects, fetch.Progress.Problem));
        Assert.Equal(fetch.Progress.LengthBytes, fetch.Progress.VerifiedBytes);

        // The transfers end a moment after their last image is in the archive.
        await Task.WhenAll(site.Fetches.UnderWay.Select(static one => one.Ended));
        Assert.Empty(site.Fetches.UnderWay);
        Assert.Null(await site.Fetches.FetchAsync(Study, TransferPriority.Interactive, Token));
    }

    [Fact]
    public async Task What_one_broker_does_not_get_the_others_take_over_and_what_nobody_gives_is_said()
    {
        await using var site = await Site.OpenAsync(brokers: 3);
        site.Brokers[0].Archive.Withheld.UnionWith(Enumerable.Range(1, Images).Select(static i => $"{Study}.1.{i}"));
        site.Brokers.ForEach(static broker => broker.Archive.Withheld.Add($"{Study}.1.7"));
        var fetch = await site.FetchAsync();
        await fetch.Ended;

        Assert.Equal(Images - 1, site.Held());
        Assert.Equal((TransferState.Waiting, Images - 1), (fetch.Progress.State, fetch.Progress.KeptObjects));
        Assert.Equal("29 of 30 images came; the others nobody gives now.", fetch.Progress.Problem);
    }

    [Fact]
    public async Task When_a_broker_dies_in_the_middle_everything_comes_all_the_same()
    {
        await using var site = await Site.OpenAsync(brokers: 3);
        var last = site.Brokers[2];
        var begun = last.Node.Archive.Holdings.Catalogue.NextCommitAsync();
        var fetch = await site.FetchAsync();
        await begun.WaitAsync(Token);
        site.Network.Cut(last.Node.Id);
        await fetch.Ended;

        Assert.Equal((Images, TransferState.Complete), (site.Held(), fetch.Progress.State));
    }

    [Fact]
    public async Task What_was_being_gathered_goes_on_after_a_restart_and_what_was_cancelled_does_not()
    {
        await using var site = await Site.OpenAsync(brokers: 1);
        var fetch = await site.FetchAsync();
        fetch.Pause();
        await site.RestartAsync();
        site.Fetches.Resume(Token);
        var again = Assert.Single(site.Fetches.UnderWay);
        Assert.NotEqual(fetch.Id, again.Id);
        await again.Ended;
        Assert.Equal(Images, site.Held());

        await using var other = await Site.OpenAsync(brokers: 1);
        await (await other.FetchAsync()).CancelAsync();
        await other.RestartAsync();
        other.Fetches.Resume(Token);
        Assert.Empty(other.Fetches.UnderWay);
    }

    [Fact]
    public async Task Earlier_studies_of_a_patient_come_from_archives_too_when_one_is_opened()
    {
        await using var site = await Site.OpenAsync(brokers: 1);
        var warmer = site.Warmer(new PlacementOptions { Priors = 1 });
        Assert.Equal(1, await warmer.FetchPriorsOnceAsync("1.2", Token));
        var fetch = Assert.Single(site.Fetches.UnderWay);
        Assert.Equal(TransferPriority.Bulk, fetch.Progress.Priority);
        await fetch.Ended;
        Assert.Equal(Images, site.Held());
    }

    private sealed class Site : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly BrokerNode _clinic;
        private readonly Task _following;

        private Site(MemoryNetwork network, BrokerNode clinic, List<BrokerNode> brokers)
        {
            (Network, _clinic, Brokers) = (network, clinic, brokers);
            Fetches = Compose();
            _following = Task.WhenAll(brokers.Select(FollowAsync));
        }

        public MemoryNetwork Network { get; }

        public List<BrokerNode> Brokers { get; }

        public StudyFetches Fetches { get; private set; }

        public static async Task<Site> OpenAsync(int brokers)
        {
            var network = new MemoryNetwork();
            var clinic = await BrokerNode.StartAsync(network);
            var others = new List<BrokerNode>();
            for (var i = 0; i < brokers; i++)
            {
                var broker = await BrokerNode.StartAsync(network);
                await broker.MirrorAsync();
                await clinic.Node.FollowAsync(broker.Node);
                clinic.Node.Peers.Add(broker.Node.Id);
                others.Add(broker);
            }

            return new Site(network, clinic, others);
        }

        public async Task<IStudyFetch> FetchAsync() => (await Fetches.FetchAsync(Study, TransferPriority.Interactive, Token))!;

        public async Task RestartAsync()
        {
            await Fetches.DisposeAsync();
            Fetches = Compose();
        }

        public int Held() => Enumerable.Range(1, Images).Count(i => _clinic.Retrievals.IsHere($"{Study}.1.{i}"));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Fetches.DisposeAsync();
            foreach (var node in (BrokerNode[])[_clinic, .. Brokers])
            {
                await node.DisposeAsync();
            }

            await Network.DisposeAsync();
            _stop.Dispose();
        }

        public Warmer Warmer(PlacementOptions options) => new(
            _clinic.Node.Archive.Holdings.Catalogue, _clinic.Node.Remote,
            new UseStatistics(Path.Combine(_clinic.Node.Archive.Directory, "use"), TimeSpan.FromDays(30), TimeProvider.System), options, TimeProvider.System,
            NullLogger<Warmer>.Instance, Fetches);

        private StudyFetches Compose() => new(new GatheringPorts(
            _clinic.Node.Remote, _clinic.Node.Transfers, _clinic.Retrievals, _clinic.Exchange, _clinic.Node, _clinic.Node.Archive.Holdings.Catalogue, _clinic.Folder, new QuickTime(),
            NullLogger<StudyFetches>.Instance));

        /// <summary>As the feed does it: the clinic hears of each commit.</summary>
        private async Task FollowAsync(BrokerNode broker)
        {
            while (true)
            {
                var commit = broker.Node.Archive.Holdings.Catalogue.NextCommitAsync();
                await _clinic.Node.FollowAsync(broker.Node);
                await commit.WaitAsync(_stop.Token);
            }
        }
    }

    /// <summary>
    /// Goes twenty times as fast, but nobody ever has nothing to do for so long that he takes what is another's: how busy the machine is does not matter.
    /// </summary>
    private sealed class QuickTime : TimeProvider
    {
        private const int Speed = 20;

        public override long TimestampFrequency => base.TimestampFrequency / Speed;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == StudyGathering.HelpAfter || dueTime < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : dueTime / Speed, period);
    }

    private sealed class BrokerNode : IAsyncDisposable
    {
        private readonly BrokerService _brokers;

        private BrokerNode(MemoryNetwork network, FetchingNode node)
        {
            Node = node;
            Archive = new ScriptedArchive(node.Archive);
            Folder = new BrokerFolder(Path.Combine(node.Archive.Directory, "brokers"));
            var catalogue = node.Archive.Holdings.Catalogue;
            _brokers = new BrokerService(Archive, Folder, catalogue, TimeProvider.System, NullLogger<BrokerService>.Instance);
            Retrievals = new ForeignRetrievals(_brokers, Archive, Archive, catalogue, new FetchOptions(), TimeProvider.System, NullLogger<ForeignRetrievals>.Instance);
            Exchange = new BringExchange(Retrievals, catalogue, node, node, TimeProvider.System, NullLogger<BringExchange>.Instance);
            network.Add(node.Id, Exchange);
        }

        public FetchingNode Node { get; }

        public ScriptedArchive Archive { get; }

        public BrokerFolder Folder { get; }

        public ForeignRetrievals Retrievals { get; }

        public BringExchange Exchange { get; }

        public static async Task<BrokerNode> StartAsync(MemoryNetwork network) => new(network, await FetchingNode.StartAsync(network));

        public async Task MirrorAsync()
        {
            for (var i = 1; i <= Images; i++)
            {
                Archive.Add(new Sample { StudyInstanceUid = Study, SeriesInstanceUid = Study + ".1", SopInstanceUid = $"{Study}.1.{i}", Pixel = (byte)i });
            }

            // A later study of the same patient.
            Archive.Add(new Sample { StudyInstanceUid = "1.2", SeriesInstanceUid = "1.2.1", SopInstanceUid = "1.2.1.1" });
            await _brokers.AddAsync(Broker.BrokerNode.Definition with { Source = Guid.NewGuid() }, Token);
            await _brokers.SweepAsync("pacs", isWhole: true, Token);
        }

        public async ValueTask DisposeAsync()
        {
            await _brokers.DisposeAsync();
            await Retrievals.DisposeAsync();
            await Node.DisposeAsync();
        }
    }
}
