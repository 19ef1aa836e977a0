using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Panal.Unit.Volumes.Files;
using Panal.Volumes;
using Panal.Volumes.Staging;

namespace Panal.Unit.Volumes.Staging;

/// <summary>When what is staged is settled, and how much of the disk the log takes.</summary>
public sealed class SegmentPoolTests : IDisposable
{
    private const string Directory = "/data/staging";

    private static readonly VolumeStoreOptions Options = CrashHistory.Options with
    {
        MaxSegments = 32,
        SmallDiskSegments = 10,
        MaxLanes = 2,
        DeferredObjects = 100,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly FaultyDisk _disk = new();
    private readonly Volume _volume;
    private readonly SegmentPool _pool;
    private int _stored;

    public SegmentPoolTests()
    {
        _disk.CreateDirectory(Directory);
        _volume = new Volume(Options.Groups[0].Volumes[0], "online", _disk, _time, NullLogger.Instance);
        _pool = new SegmentPool(_disk, Directory, Options, _time, NullLogger.Instance);
        _pool.MeasureRoom();
    }

    public void Dispose() => _pool.Dispose();

    // Fills a segment with so many objects.
    private void FillOne(int objects = 1)
    {
        var segment = _pool.TryRent(1, isBrief: false);
        Assert.NotNull(segment);
        for (var count = 0; count < objects; count++)
        {
            Commit(segment, $"A/{_stored++}");
        }

        segment.Position = segment.CapacityBytes;
        _pool.Return(segment);
    }

    private void Commit(Segment segment, string path)
    {
        var staged = new StagedObject(path) { Volume = _volume };
        staged.Commit(segment, SegmentFormat.PageBytes, 1, default);
        _pool.Committed(segment, staged, _time.GetTimestamp());
    }

    private void Settle(bool all = false)
    {
        foreach (var segment in _pool.TakeForSettling(all))
        {
            _pool.EndLife(segment);
            _pool.Free(segment);
        }
    }

    [Fact]
    public void While_objects_come_in_they_stay_in_the_log_until_it_fills_up()
    {
        // Three quarters of what 32 segments leave beside two lanes.
        for (var segment = 1; segment < 22; segment++)
        {
            FillOne();
            _time.Advance(Options.IdleBeforeSettling - TimeSpan.FromMilliseconds(1));
            Assert.Empty(_pool.TakeForSettling(all: false));
        }

        FillOne();
        var batch = _pool.TakeForSettling(all: false);
        Assert.Equal(Options.SettleBatchSegments, batch.Count);
        Assert.Equal(["A/0", "A/1"], batch.Select(segment => segment.Objects[0].Path));
        Assert.Empty(_pool.TakeForSettling(all: false));
    }

    [Fact]
    public void In_silence_everything_is_settled_and_an_object_that_comes_in_interrupts_it()
    {
        for (var segment = 0; segment < 6; segment++)
        {
            FillOne();
        }

        _time.Advance(Options.IdleBeforeSettling);
        Assert.Equal(2, _pool.TakeForSettling(all: false).Count);
        FillOne();
        Assert.Empty(_pool.TakeForSettling(all: false));
        _time.Advance(Options.IdleBeforeSettling);
        Assert.Equal([2, 2, 1, 0], Enumerable.Range(0, 4).Select(_ => _pool.TakeForSettling(all: false).Count));
    }

    [Fact]
    public void Nothing_stays_longer_than_the_options_say_though_there_is_never_silence()
    {
        FillOne();
        var beside = _pool.TryRent(1, isBrief: false)!;
        var step = Options.IdleBeforeSettling / 2;
        for (var passed = step; passed < Options.LongestStaging; passed += step)
        {
            _time.Advance(step);
            Commit(beside, "B");
            Assert.Empty(_pool.TakeForSettling(all: false));
        }

        _time.Advance(step);
        Assert.Equal("A/0", Assert.Single(_pool.TakeForSettling(all: false)).Objects[0].Path);
    }

    [Fact]
    public void Many_small_objects_are_settled_before_they_would_make_a_start_slow()
    {
        FillOne(Options.DeferredObjects - 1);
        Assert.Empty(_pool.TakeForSettling(all: false));
        FillOne();
        Assert.Equal(2, _pool.TakeForSettling(all: false).Count);
    }

    [Fact]
    public void What_was_settled_last_is_used_again_later_than_what_was_settled_before_and_spares_last()
    {
        for (var segment = 0; segment < 20; segment++)
        {
            FillOne();
        }

        var inOrder = new List<int>();
        while (_pool.TakeForSettling(all: true) is { Count: > 0 } batch)
        {
            inOrder.AddRange(batch.Select(segment => segment.Number));
            batch.ForEach(_pool.Free);
        }

        // Sixteen that were used last, in order; then the others, the last first.
        Assert.Equal([.. inOrder[4..], .. inOrder[..4].AsEnumerable().Reverse()], Enumerable.Range(0, 20).Select(_ => _pool.TryRent(1, isBrief: true)!.Number));
    }

    [Fact]
    public void One_that_was_handed_out_is_never_used_again_and_its_file_goes_when_nothing_in_it_is_needed()
    {
        var first = _pool.TryRent(1, isBrief: false);
        Assert.NotNull(first);
        Commit(first, "A/first");
        first.HandOut();
        first.Position = first.CapacityBytes;
        _pool.Return(first);
        Assert.Contains(_disk.List(Directory), name => name.EndsWith($"{first.Number:D4}", StringComparison.Ordinal));
        Settle(all: true);
        Assert.DoesNotContain(_disk.List(Directory), name => name.EndsWith($"{first.Number:D4}", StringComparison.Ordinal));

        var second = _pool.TryRent(1, isBrief: false);
        Assert.NotNull(second);
        Assert.NotEqual(first.Number, second.Number);
        Commit(second, "A/second");
        second.Position = second.CapacityBytes;
        _pool.Return(second);
        Settle(all: true);

        // Released already: the file goes at once.
        Assert.Single(_disk.List(Directory));
        second.HandOut();
        Assert.Empty(_disk.List(Directory));
        Assert.Equal(1, _pool.Counts().Count);
    }

    [Fact]
    public void What_a_process_that_was_killed_may_have_handed_out_is_not_used_again()
    {
        var found = new Segment(70, _disk.Create($"{Directory}/segment-0070"), Options.SegmentBytes, _pool.HandedOut);
        Commit(found, "A/found");
        _pool.Adopt(found);
        var empty = new Segment(71, _disk.Create($"{Directory}/segment-0071"), Options.SegmentBytes, _pool.HandedOut);
        _pool.Adopt(empty);
        Settle(all: true);
        Assert.Equal(["segment-0071"], _disk.List(Directory));
        Assert.Equal([71, 72], new[] { _pool.TryRent(1, isBrief: false)!.Number, _pool.TryRent(1, isBrief: false)!.Number });
    }

    [Fact]
    public void After_a_load_so_many_segments_again_are_made_ready_in_silence_as_it_has_filled()
    {
        for (var segment = 0; segment < 5; segment++)
        {
            FillOne();
        }

        Assert.False(_pool.PrepareOne(CancellationToken.None));
        _time.Advance(Options.IdleBeforeSettling);
        Assert.False(_pool.PrepareOne(CancellationToken.None));      // what is staged goes first
        while (_pool.Counts().Waiting > 0)
        {
            Settle();
        }

        for (var prepared = 0; prepared < 5; prepared++)
        {
            Assert.True(_pool.PrepareOne(CancellationToken.None));
        }

        Assert.False(_pool.PrepareOne(CancellationToken.None));
        Assert.Equal(10, _pool.Counts().Count);
    }

    [Fact]
    public void A_segment_with_its_share_of_small_objects_is_full_though_it_has_room()
    {
        var segment = _pool.TryRent(1, isBrief: false)!;
        for (var count = 0; count < Options.DeferredObjects / Options.MaxLanes; count++)
        {
            Assert.Equal(0, _pool.Counts().Waiting);
            Commit(segment, $"B/{count}");
        }

        _pool.Return(segment);
        Assert.Equal(1, _pool.Counts().Waiting);
    }

    [Fact]
    public void On_a_disk_with_little_room_the_log_stays_small_and_gives_back_what_it_took_before()
    {
        for (var segment = 0; segment < 20; segment++)
        {
            FillOne();
        }

        // The log with a sixteenth of what is free without it: fewer segments than it may have in any case.
        _disk.Free = 100 * Options.SegmentBytes;
        _time.Advance(TimeSpan.FromSeconds(1));
        _pool.MeasureRoom();
        while (_pool.Counts().Waiting > 0)
        {
            Settle(all: true);
        }

        Assert.Equal(Options.SmallDiskSegments, _pool.Counts().Count);
        Assert.Equal(Options.SmallDiskSegments, _disk.Files.Count(file => file.StartsWith(Directory, StringComparison.Ordinal)));
    }

    [Fact]
    public void With_room_for_it_the_log_takes_a_sixteenth_of_the_disk_at_most()
    {
        _disk.Free = 20 * 16 * Options.SegmentBytes;
        _time.Advance(TimeSpan.FromSeconds(1));
        _pool.MeasureRoom();
        for (var segment = 0; segment < 20; segment++)
        {
            FillOne();
        }

        Assert.Null(_pool.TryRent(1, isBrief: false));
    }
}
