using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Broker;
using Panal.Federation.Broker.Forwarding;
using Panal.Federation.Broker.Retrieving;
using Panal.Federation.Fetching;
using Panal.Unit.Archive;

namespace Panal.Unit.Federation.Broker;

/// <summary>An archive on disk with one broker for a scripted one. Its clock goes by what is waited for, and no wait takes time.</summary>
internal sealed class BrokerNode : IAsyncDisposable
{
    private readonly string _folder;
    private readonly BrokerDefinition _definition;

    private BrokerNode(TemporaryArchive archive, BrokerDefinition definition)
    {
        _definition = definition;
        Local = archive;
        Archive = new ScriptedArchive(archive);
        _folder = Path.Combine(archive.Directory, "brokers");
        (Brokers, Retrievals) = Compose();
    }

    public static BrokerDefinition Definition { get; } =
        new() { Name = "pacs", Source = new Guid("00000000-0000-4000-8000-0000000000aa"), AeTitle = "PACS", Host = "192.0.2.1", Port = 104, RequestsPerSecond = 1000 };

    public TemporaryArchive Local { get; }

    public CatalogueDatabase Catalogue => Local.Holdings.Catalogue;

    public ScriptedArchive Archive { get; }

    /// <summary>3 January 2026 at noon; whoever waits by it is let go at once.</summary>
    public TimeProvider Time { get; } = new HastyTime();

    public BrokerService Brokers { get; private set; }

    public ForeignRetrievals Retrievals { get; private set; }

    public static async Task<BrokerNode> StartAsync(Func<BrokerDefinition, BrokerDefinition>? change = null)
    {
        var node = new BrokerNode(await TemporaryArchive.OpenAsync(), change?.Invoke(Definition) ?? Definition);
        return node;
    }

    /// <summary>A study of one series.</summary>
    public void Add(string study, int instances, string date = "20260102", string time = "120000", string name = "García^Ana", int series = 1)
    {
        for (var i = 1; i <= instances; i++)
        {
            Archive.Add(
                new Sample
                {
                    StudyInstanceUid = study, SeriesInstanceUid = $"{study}.{series}", SopInstanceUid = $"{study}.{series}.{i}", PatientId = "P" + study, PatientName = name, Pixel = (byte)i,
                },
                date, time);
        }
    }

    /// <summary>Sweeps everything, and the broker is begun when it is not yet.</summary>
    public async Task<BrokerStatus> SweepAsync()
    {
        if (Brokers.Status().Count == 0)
        {
            // So that what is asked for below is the first that it does.
            await Brokers.AddAsync(_definition, TestContext.Current.CancellationToken);
        }

        await Brokers.SweepAsync("pacs", isWhole: true, TestContext.Current.CancellationToken);
        return Brokers.Status("pacs");
    }

    /// <summary>Ends the broker as a stopped process does, and begins it anew.</summary>
    public async Task RestartAsync()
    {
        await Brokers.DisposeAsync();
        await Retrievals.DisposeAsync();
        (Brokers, Retrievals) = Compose();
        Brokers.Start();
    }

    public ValueTask<bool> BringAsync(string sopInstanceUid) => Retrievals.BringAsync(sopInstanceUid, TestContext.Current.CancellationToken);

    public Forwarder CreateForwarder() => new(
        Brokers, Archive, new Retriever(Catalogue, Local.Holdings.Volumes), Catalogue, Time, NullLoggerFactory.Instance);

    /// <summary>Waits until the broker is so far; each of its steps is a commit of the catalogue.</summary>
    public async Task UntilAsync(Func<BrokerStatus, bool> isReached)
    {
        for (var commit = Catalogue.NextCommitAsync(); !isReached(Brokers.Status("pacs")); commit = Catalogue.NextCommitAsync())
        {
            await commit.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public List<DataSet> Find(string study)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.StudyInstanceUID, study);
        foreach (var tag in (Tag[])[Tags.PatientName, Tags.NumberOfStudyRelatedInstances, Tags.NumberOfStudyRelatedSeries])
        {
            identifier.SetEmpty(tag);
        }

        var query = CatalogueQuery.FromIdentifier(QueryLevel.Study, identifier, new MatchingOptions()) with { IncludesAvailability = true };
        return [.. Catalogue.Query(query, TestContext.Current.CancellationToken)];
    }

    public async ValueTask DisposeAsync()
    {
        await Brokers.DisposeAsync();
        await Retrievals.DisposeAsync();
        await Local.DisposeAsync();
    }

    private (BrokerService Brokers, ForeignRetrievals Retrievals) Compose()
    {
        var brokers = new BrokerService(Archive, new BrokerFolder(_folder), Catalogue, Time, NullLogger<BrokerService>.Instance);
        return (brokers, new ForeignRetrievals(brokers, Archive, Archive, Catalogue, new FetchOptions { StallTimeout = TimeSpan.FromHours(1) }, Time, NullLogger<ForeignRetrievals>.Instance));
    }

    /// <summary>Short waits end at once, and the clock is as much later; long ones never end: what comes between two looks is not waited for.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
        private long _passed;

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 3, 12, 0, 0, TimeSpan.Zero).AddTicks(Interlocked.Read(ref _passed));

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var isShort = dueTime >= TimeSpan.Zero && dueTime < Longest;
            Interlocked.Add(ref _passed, isShort ? dueTime.Ticks : 0);
            return System.CreateTimer(callback, state, isShort ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
