using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Archive.Retrieve.Metadata;
using Panal.Catalogue;

namespace Panal.Unit.Archive.Retrieve.Metadata;

public sealed class MetadataKeeperTests
{
    private const int StoredEvent = 12;
    private const int BacklogEvent = 13;

    private static readonly SeriesName First = new("1.2.3", "1.2.3.4");
    private static readonly SeriesName Second = new("1.2.3", "1.2.3.5");
    private static readonly MetadataOptions Options = new() { QuietTime = TimeSpan.FromSeconds(10), CoreShare = 1 };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_series_is_stored_when_nothing_has_come_of_it_for_a_while()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await using var run = Run.Begin(archive, Options);
        await run.PassAsync();
        await StoreAsync(archive, First, "1");
        await run.PassAsync();
        await run.WaitedAsync();
        await StoreAsync(archive, First, "2");
        run.Advance();
        await run.PassAsync();
        Assert.Empty(archive.Holdings.Catalogue.MetadataOf(First, Ct));
        await run.UntilAsync(StoredEvent);
        Assert.Equal(2, Assert.Single(archive.Holdings.Catalogue.MetadataOf(First, Ct)).Instances);
    }

    [Fact]
    public async Task What_was_asked_for_and_was_not_stored_is_stored_then()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await using var run = Run.Begin(archive, Options);
        await run.PassAsync();
        await StoreAsync(archive, First, "1");
        await run.UntilAsync(StoredEvent);
        var chunk = Assert.Single(archive.Holdings.Catalogue.MetadataOf(First, Ct));
        await archive.Holdings.Catalogue.ReplaceMetadataAsync(First, [chunk.Id], [], [], Ct);
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
        var metadata = new StoredMetadata(archive.Holdings.Catalogue, retriever, run.Keeper);
        var part = Assert.Single(metadata.PartsOf(retriever.LocateSeries(First, Ct)));
        Assert.Contains("1.2.3.4.1", Encoding.UTF8.GetString(Assert.Single(await part.ReadAsync(Ct)).Span), StringComparison.Ordinal);
        await run.UntilAsync(StoredEvent);
        Assert.Single(archive.Holdings.Catalogue.MetadataOf(First, Ct));
    }

    [Fact]
    public async Task What_was_here_before_is_stored_by_a_job_which_goes_when_it_is_done()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, First, "1");
        await StoreAsync(archive, Second, "2");
        Assert.Equal(2, catalogue.CountSeriesWithoutMetadata(Ct));
        await using var run = Run.Begin(archive, Options);
        await run.HearAsync(BacklogEvent);
        await UntilNoJobAsync(catalogue);
        Assert.Equal(0, catalogue.CountSeriesWithoutMetadata(Ct));
        Assert.Equal((2, 2), (catalogue.MetadataCounts(Ct).StoredSeries, catalogue.MetadataCounts(Ct).StoredInstances));
    }

    [Fact]
    public async Task A_job_that_was_broken_off_goes_on_where_it_was()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var catalogue = archive.Holdings.Catalogue;
        await StoreAsync(archive, First, "1");
        await StoreAsync(archive, Second, "2");
        var after = catalogue.SeriesWithoutMetadata(0, 1, Ct).Last;
        var payload = Encoding.UTF8.GetBytes($$"""{"after":{{after}},"done":1,"total":2,"instances":1}""");
        Assert.Equal((1, 2), MetadataBacklog.ProgressOf(payload));
        await catalogue.EnqueueJobAsync(MetadataBacklog.JobKind, "archive", payload, DateTimeOffset.UnixEpoch, Ct);
        await using var run = Run.Begin(archive, Options);
        await run.HearAsync(BacklogEvent);
        Assert.Empty(catalogue.MetadataOf(First, Ct));
        Assert.Single(catalogue.MetadataOf(Second, Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"after\":\"x\"}")]
    public void A_payload_that_is_none_tells_no_progress(string payload) => Assert.Null(MetadataBacklog.ProgressOf(Encoding.UTF8.GetBytes(payload)));

    [Fact]
    public async Task Nothing_is_stored_where_that_is_switched_off()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, First, "1");
        await using var run = Run.Begin(archive, Options with { IsOn = false });
        await run.EndedAsync();
        Assert.Equal(0, archive.Holdings.Catalogue.MetadataCounts(Ct).StoredInstances);
    }

    private static async Task StoreAsync(TemporaryArchive archive, SeriesName series, string instance)
    {
        var sample = new Sample { StudyInstanceUid = series.StudyInstanceUid, SeriesInstanceUid = series.SeriesInstanceUid, SopInstanceUid = $"1.2.3.4.{instance}" };
        Assert.Null((await archive.StoreAsync(sample)).Refusal);
        archive.Holdings.Catalogue.CatchUp();
    }

    private static async Task UntilNoJobAsync(CatalogueDatabase catalogue)
    {
        while (true)
        {
            var next = catalogue.NextCommitAsync();
            if (catalogue.Jobs(1).Count == 0)
            {
                return;
            }

            await next.WaitAsync(Ct);
        }
    }

    /// <summary>A keeper at work, on a clock that the test moves by half of the time in which it must be quiet.</summary>
    private sealed class Run : ILoggerFactory, ILogger, IAsyncDisposable
    {
        private static readonly TimeSpan Step = Options.QuietTime / 2;

        private readonly Channel<int> _told = Channel.CreateUnbounded<int>();
        private readonly WaitedTime _time = new();
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        private Task _work = Task.CompletedTask;
        private Task? _waited;

        private Run(TemporaryArchive archive, MetadataOptions options) =>
            Keeper = new MetadataKeeper(archive.Holdings.Catalogue, new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes), options, _time, this);

        public MetadataKeeper Keeper { get; }

        public static Run Begin(TemporaryArchive archive, MetadataOptions options)
        {
            var run = new Run(archive, options);
            run._work = Task.Run(() => run.Keeper.RunAsync(run._stop.Token), Ct);
            return run;
        }

        /// <summary>Until an event is told.</summary>
        public async Task HearAsync(int wanted)
        {
            while (await _told.Reader.ReadAsync(Ct) != wanted)
            {
            }
        }

        /// <summary>Lets time pass, from one wait to the next, until an event is told.</summary>
        public async Task UntilAsync(int wanted)
        {
            var heard = HearAsync(wanted);
            while (await Task.WhenAny(heard, WaitedAsync()) != heard)
            {
                Advance();
            }

            await heard;
        }

        /// <summary>Until it has looked, and waits to look again.</summary>
        public Task WaitedAsync() => _waited ??= _time.UntilWaitedAsync(Step, Ct);

        public void Advance()
        {
            // A wait that nobody has moved the clock for is still one when the next asks.
            _waited = null;
            _time.Advance(Step);
        }

        public async Task PassAsync()
        {
            await WaitedAsync();
            Advance();
        }

        public Task EndedAsync() => _work;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Keeper.Dispose();
            _stop.Dispose();
        }

        void IDisposable.Dispose()
        {
        }

        void ILoggerFactory.AddProvider(ILoggerProvider provider)
        {
        }

        ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

        IDisposable? ILogger.BeginScope<TState>(TState state) => null;

        bool ILogger.IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _told.Writer.TryWrite(eventId.Id);
    }
}
