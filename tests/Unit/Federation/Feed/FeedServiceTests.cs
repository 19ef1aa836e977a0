using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Feed;

/// <summary>Publisher and subscriber as they run in a node, over links in memory.</summary>
public sealed class FeedServiceTests : IFeedRights
{
    private static readonly NodeId There = NodeId.New(), Here = NodeId.New();
    private FeedFilter? _filter = FeedFilter.All;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public FeedFilter? FilterFor(NodeId subscriber)
    {
        Assert.Equal(Here, subscriber);
        return _filter;
    }

    [Fact]
    public async Task A_new_node_takes_a_snapshot_follows_the_feed_and_goes_on_after_a_cut()
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync(), here = await TemporaryCatalogue.CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), Ct);
        // Its beginning has been compacted away, so the feed alone cannot tell all.
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2"), Ct);
        Assert.Equal(1, await there.Database.CompactChangesAsync(1, DateTimeOffset.MaxValue, Ct));
        await using var running = await StartAsync(there, here);
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 2 });
        Assert.Equal(2, here.Database.Counts().Instances);

        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.3"), Ct);
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 3 });

        running.Links.Cut();
        await there.Database.DeleteAsync(["1.1.1"], Ct);
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 4, LagChanges: 0 });

        Assert.Equal(["1.1.2", "1.1.3"], here.Database.InstancesAfter(0, 10, Ct).Rows.Select(row => row.SopInstanceUid).Order(StringComparer.Ordinal));
        Assert.Equal([LinkPriority.Interactive, LinkPriority.Bulk, LinkPriority.Interactive], running.Links.Priorities.Take(3));
        Assert.Equal(4, here.Database.Publishers().Single().Head!.Value.Sequence);
    }

    [Fact]
    public async Task A_node_without_rights_is_told_nothing_and_another_filter_takes_back_what_it_hides()
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync(), here = await TemporaryCatalogue.CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Panal.Dicom.Tags.Modality, "MR")), Ct);
        await there.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1"), Ct);
        _filter = null;
        await using var running = await StartAsync(there, here);
        await running.Links.EndAsync();
        Assert.Equal(0, here.Database.Counts().Studies);

        _filter = FeedFilter.All;
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 2 });
        Assert.Equal(2, here.Database.Counts().Studies);

        _filter = new FeedFilter { Selections = [new FeedSelection { Modalities = ["CT"] }] };
        // The publisher notices when it looks at its feed again.
        await there.Database.AddAsync(Samples.Instance("3", "3.1", "3.1.1"), Ct);
        await running.UntilAsync(here, state => state is { IsComplete: true } && state.Cursor.Filter == _filter.Fingerprint && state.Cursor.Sequence == 3);
        Assert.Null(here.Database.FindInstance("1.1.1"));
        Assert.Equal(2, here.Database.Counts().Studies);
    }

    [Fact]
    public async Task What_a_node_may_not_see_any_more_goes_as_if_it_had_never_been_and_comes_back_with_the_right()
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync(), here = await TemporaryCatalogue.CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), Ct);
        await here.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1"), Ct);
        await using var running = await StartAsync(there, here);
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 1 });
        Assert.Equal(2, here.Database.Counts().Studies);

        _filter = null;
        // The publisher notices when it looks at its feed again.
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2"), Ct);
        await running.UntilAsync(here, state => state.Cursor == FeedCursor.None);
        Assert.Equal(1, here.Database.Counts().Studies);
        Assert.Null(here.Database.FindInstance("1.1.1"));
        Assert.NotNull(here.Database.FindInstance("2.1.1"));

        _filter = FeedFilter.All;
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 2 });
        Assert.Equal(2, here.Database.Counts().Studies);
    }

    [Fact]
    public async Task On_the_next_day_what_has_become_too_old_goes_and_nothing_is_said_again()
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync(), here = await TemporaryCatalogue.CreateAsync();
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Panal.Dicom.Tags.StudyDate, "20260101")), Ct);
        await there.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Panal.Dicom.Tags.StudyDate, "20260105")), Ct);
        FeedFilter filter = new() { Selections = [new FeedSelection { Days = 10 }], Today = new DateOnly(2026, 1, 11) };
        _filter = filter;
        await using var running = await StartAsync(there, here);
        await running.UntilAsync(here, state => state is { IsComplete: true, Cursor.Sequence: 2 });
        Assert.Equal(2, here.Database.Counts().Studies);

        _filter = filter with { Today = new DateOnly(2026, 1, 12) };
        running.Links.Cut();
        await running.UntilAsync(here, state => state is { IsComplete: true } && state.Cursor.Filter == _filter.Fingerprint);

        Assert.Null(here.Database.FindInstance("1.1.1"));
        Assert.NotNull(here.Database.FindInstance("2.1.1"));
        // The only snapshot is the first.
        Assert.Single(running.Links.Priorities, LinkPriority.Bulk);
    }

    [Fact]
    public async Task What_is_no_feed_ends_the_stream_and_nothing_is_applied()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.SubscribeAsync(There.Value, 0, Ct);
        var step = new ArrayBufferWriter<byte>();
        FeedMessages.WriteStep(step, Panal.Unit.Federation.Feed.FeedMessagesTests.Step(), new Panal.Catalogue.Replication.StateEncoder());
        byte[] content = step.WrittenSpan[FeedFrame.HeaderBytes..].ToArray();
        var sink = new FeedSink(here.Database, There.Value, FeedMode.Feed);

        await Assert.ThrowsAsync<FeedProtocolException>(() => sink.ReceiveAsync(FeedFrameKind.Step, content, Ct).AsTask());
        await Assert.ThrowsAsync<FeedProtocolException>(() => sink.ReceiveAsync(FeedFrameKind.Hello, content, Ct).AsTask());
        var begin = new ArrayBufferWriter<byte>();
        FeedMessages.WriteOpening(begin, FeedFrameKind.Begin, FeedMode.Feed, FeedCursor.None with { Sequence = 9, Seen = 9 });
        await sink.ReceiveAsync(FeedFrameKind.Begin, begin.WrittenMemory[FeedFrame.HeaderBytes..], Ct);
        // A step of another history, and behind the cursor that was agreed.
        await Assert.ThrowsAsync<FeedProtocolException>(() => sink.ReceiveAsync(FeedFrameKind.Step, content, Ct).AsTask());
        Assert.Equal(0, here.Database.Counts().Studies);
    }

    private async Task<Running> StartAsync(TemporaryCatalogue there, TemporaryCatalogue here)
    {
        var options = new FeedOptions { Gathering = TimeSpan.FromMilliseconds(1), FirstRetry = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(10) };
        var meter = new FeedMeter(here.Database);
        var links = new MemoryLinks(Here, There, new FeedPublisher(there.Database, this, options, meter, static () => false, TimeProvider.System, NullLogger<FeedPublisher>.Instance));
        var subscriber = new FeedSubscriber(here.Database, links, options, meter, TimeProvider.System, NullLogger<FeedSubscriber>.Instance);
        var service = new FeedService(here.Database, subscriber, options, TimeProvider.System, NullLogger<FeedService>.Instance);
        await service.StartAsync(Here, 0, Ct);
        await service.SetAsync([new FeedSubscription(There, 0)], Ct);
        return new Running(service, links, meter);
    }

    private sealed record Running(FeedService Service, MemoryLinks Links, FeedMeter Meter) : IAsyncDisposable
    {
        /// <summary>Waits, commit by commit, until what is known of the publisher is so.</summary>
        public async Task UntilAsync(TemporaryCatalogue here, Predicate<PublisherState> isSo)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                Task commit = here.Database.NextCommitAsync();
                if (here.Database.Publishers() is [var state] && isSo(state))
                {
                    return;
                }

                await commit.WaitAsync(limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Service.DisposeAsync();
            Links.Cut();
            await Links.EndAsync();
            Meter.Dispose();
        }
    }
}
