using Microsoft.Extensions.Logging.Abstractions;
using Panal.Unit.Volumes.Files;
using Panal.Volumes;

namespace Panal.Unit.Volumes;

/// <summary>What the store does when the disk is full, read-only, failing, slow to empty, or somebody else's.</summary>
public sealed class StoreOnFaultyDiskTests
{
    private static readonly VolumeStoreOptions Options = CrashHistory.Options with { RetryInterval = TimeSpan.Zero };

    private static async Task<VolumeStore> OpenAsync(
        FaultyDisk disk, VolumeStoreOptions? options = null, List<RecoveredObject>? replayed = null, TimeProvider? time = null)
    {
        var store = await VolumeStore.OpenAsync(
            options ?? Options,
            recovered => replayed?.AddRange(recovered),
            disk, time ?? TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        store.Barrier = static _ => ValueTask.CompletedTask;
        return store;
    }

    private static byte[] Content(int length, int seed = 1)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static async Task<StoredObject> StoreAsync(VolumeStore store, string path, byte[] content)
    {
        await using var write = store.Begin();
        await write.WriteAsync(content, CancellationToken.None);
        return await write.CommitAsync(path, "note"u8.ToArray(), CancellationToken.None);
    }

    private static byte[] Read(VolumeStore store, string path, int volume = 1)
    {
        using var reader = store.Open(new(volume), path);
        var content = new byte[reader.Length];
        reader.ReadExactly(content);
        return content;
    }

    private static Func<string, string, IOException?> Failing(string prefix, IOException error, params string[] operations) =>
        (operation, path) => path.StartsWith(prefix, StringComparison.Ordinal) && operations.Contains(operation) ? error : null;

    [Fact]
    public async Task An_object_is_readable_when_it_is_committed_and_stays_so_while_it_settles()
    {
        await using var store = await OpenAsync(new FaultyDisk());
        var content = Content(70_000);
        var stored = await StoreAsync(store, "A/B", content);
        Assert.Equal(new StoredObject(new(1), "A/B", content.Length, ContentHash.Of(content)), stored);
        await using var early = store.Open(new(1), "A/B");
        var half = new byte[35_000];
        early.ReadExactly(half);
        Assert.Equal(1, store.Staging.StagedObjects);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        var rest = new byte[35_000];
        early.ReadExactly(rest);
        Assert.Equal(content, (byte[])[.. half, .. rest]);
        Assert.Equal(0, early.Read(rest));
        Assert.Equal(content, Read(store, "A/B"));
    }

    [Fact]
    public async Task After_a_restart_the_directories_of_a_path_are_looked_at_for_links_once()
    {
        var disk = new FaultyDisk();
        await using (var before = await OpenAsync(disk))
        {
            await StoreAsync(before, "A/B/C/1", Content(70_000));
            await StoreAsync(before, "A/B/C/2", Content(70_000, 2));
            await before.SettleAsync(CancellationToken.None);
        }

        await using var store = await OpenAsync(disk);
        Read(store, "A/B/C/1");
        var looks = disk.LooksForLinks;
        Assert.Equal(Content(70_000, 2), Read(store, "A/B/C/2"));
        Assert.Equal(looks + 1, disk.LooksForLinks);
    }

    [Fact]
    public async Task A_write_given_up_leaves_nothing()
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk);
        foreach (var length in (int[])[10, 60_000, 300_000])
        {
            await using var write = store.Begin();
            await write.WriteAsync(Content(length), CancellationToken.None);
            Assert.Equal(length, write.LengthBytes);
        }

        await store.SettleAsync(CancellationToken.None);
        Assert.DoesNotContain(disk.Files, file => file.StartsWith("/v", StringComparison.Ordinal) && !file.EndsWith(".json", StringComparison.Ordinal));
        Assert.Equal(0, store.Staging.StagedObjects);
    }

    [Fact]
    public async Task A_path_is_never_overwritten_and_the_write_may_take_another()
    {
        await using var store = await OpenAsync(new FaultyDisk());
        await StoreAsync(store, "A/B", Content(10));
        foreach (var length in (int[])[20, 200_000])
        {
            await using var write = store.Begin();
            await write.WriteAsync(Content(length, 2), CancellationToken.None);
            await Assert.ThrowsAsync<ObjectExistsException>(() => write.CommitAsync("A/B", default, CancellationToken.None).AsTask());
            await store.SettleAsync(CancellationToken.None);
            await Assert.ThrowsAsync<ObjectExistsException>(() => write.CommitAsync("A/B", default, CancellationToken.None).AsTask());
            await write.CommitAsync($"A/C{length}", default, CancellationToken.None);
            Assert.Equal(Content(length, 2), Read(store, $"A/C{length}"));
        }

        Assert.Equal(Content(10), Read(store, "A/B"));
    }

    [Fact]
    public async Task A_record_is_kept_until_its_write_is_disposed()
    {
        var disk = new FaultyDisk();
        var store = await OpenAsync(disk);
        var write = store.Begin();
        await write.CommitAsync("A", "row"u8.ToArray(), CancellationToken.None);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(1, store.Staging.StagedObjects);
        await write.DisposeAsync();
        await write.DisposeAsync();
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
    }

    [Fact]
    public async Task Bad_paths_and_long_notes_are_refused()
    {
        await using var store = await OpenAsync(new FaultyDisk());
        await using var write = store.Begin();
        foreach (var path in (string[])["", "../x", "/x", ".panal/parts/1", "a\\b"])
        {
            await Assert.ThrowsAsync<ArgumentException>(() => write.CommitAsync(path, default, CancellationToken.None).AsTask());
            Assert.Throws<ObjectMissingException>(() => store.Open(new(1), path));
            Assert.False(await store.DeleteAsync(new(1), path, CancellationToken.None));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => write.CommitAsync("A", new byte[(1 << 20) + 1], CancellationToken.None).AsTask());
        await write.CommitAsync("A", new byte[1 << 20], CancellationToken.None);
    }

    [Fact]
    public async Task When_every_volume_is_full_storing_is_refused_at_once_and_reading_goes_on()
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk);
        await StoreAsync(store, "A", Content(100));
        disk.Free = 1 << 20;
        var full = await Assert.ThrowsAsync<StorageFullException>(async () =>
        {
            var started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
            {
                await store.Begin().DisposeAsync();     // the free space is looked at once a second
            }
        });
        Assert.Contains("reserve", full.Message, StringComparison.Ordinal);
        Assert.Equal(VolumeState.Full, store.Volumes[0].State);
        Assert.Equal(Content(100), Read(store, "A"));
        disk.Free = 1L << 40;
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(VolumeState.Writable, store.Volumes[0].State);
        await StoreAsync(store, "B", Content(100));
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("create")]
    [InlineData("rename")]
    [InlineData("syncfs")]
    public async Task A_volume_that_fails_is_left_for_the_next_one_and_nothing_is_lost(string operation)
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk, Options with { RetryInterval = TimeSpan.FromHours(1) });
        await StoreAsync(store, "A/1", Content(1_000));
        await StoreAsync(store, "A/2", Content(50_000, 2));
        disk.Fault = Failing("/v1", new StorageFailedException("EIO"), operation);
        await store.SettleAsync(CancellationToken.None);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(VolumeState.Failed, store.Volumes[0].State);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.Equal(Content(1_000), disk.Content("/v2/A/1"));
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        Assert.Equal(new VolumeId(2), (await StoreAsync(store, "A/3", Content(10))).Volume);
        Assert.Equal(VerifyOutcome.Verified, await store.VerifyAsync(new(1), "A/2", ContentHash.Of(Content(50_000, 2)), 50_000, CancellationToken.None));
    }

    [Fact]
    public async Task What_no_volume_takes_stays_staged_and_readable_over_a_restart_until_one_does()
    {
        var disk = new FaultyDisk();
        var store = await OpenAsync(disk);
        await StoreAsync(store, "A/1", Content(1_000));
        disk.Fault = Failing("/v", new StorageFailedException("EROFS"), "write", "create", "rename", "delete", "mkdir");
        await store.SettleAsync(CancellationToken.None);
        Assert.Throws<StorageFailedException>(() => store.Begin());
        Assert.NotNull(store.Staging.Trouble);
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        await store.DisposeAsync();

        var replayed = new List<RecoveredObject>();
        store = await OpenAsync(disk, replayed: replayed);
        Assert.Equal("A/1", Assert.Single(replayed).Path);
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        disk.Fault = static (_, _) => null;
        await store.SettleAsync(CancellationToken.None);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.Null(store.Staging.Trouble);
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        await store.DisposeAsync();
    }

    [Theory]
    [InlineData("sync")]
    [InlineData("write")]
    public async Task A_staging_disk_that_fails_refuses_at_once_keeps_what_it_had_and_recovers(string operation)
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk);
        await StoreAsync(store, "A/1", Content(1_000));
        disk.Fault = Failing("/data/staging", new StorageFailedException("EIO"), operation);
        await Assert.ThrowsAsync<StorageFailedException>(() => StoreAsync(store, "A/2", Content(60_000)));
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "A/2"));
        disk.Fault = static (_, _) => null;
        await StoreAsync(store, "A/2", Content(2_000));
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.Equal(Content(1_000), Read(store, "A/1"));
        Assert.Equal(Content(2_000), Read(store, "A/2"));
    }

    [Fact]
    public async Task A_staging_disk_without_room_refuses_with_full()
    {
        var disk = new FaultyDisk { Fault = Failing("/data/staging", new StorageFullException("ENOSPC"), "allocate") };
        await using var store = await OpenAsync(disk);
        await Assert.ThrowsAsync<StorageFullException>(() => StoreAsync(store, "A", Content(10)));
        disk.Fault = static (_, _) => null;
        await StoreAsync(store, "A", Content(10));
    }

    [Fact]
    public async Task A_large_object_is_renamed_not_copied_and_uses_the_next_volume_if_the_first_fails()
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk, Options with { RetryInterval = TimeSpan.FromHours(1) });
        var content = Content(400_000);
        await StoreAsync(store, "L/1", content);
        Assert.Contains(disk.Files, file => file.StartsWith("/v1/.panal/parts/", StringComparison.Ordinal));
        Assert.Equal(content, Read(store, "L/1"));
        var operations = disk.Operations;
        await store.SettleAsync(CancellationToken.None);
        Assert.True(disk.Operations - operations < 15, "few operations, none of them a copy");
        Assert.Equal(content, disk.Content("/v1/L/1"));
        disk.Fault = Failing("/v1", new StorageFullException("ENOSPC"), "write");
        await Assert.ThrowsAsync<StorageFullException>(() => StoreAsync(store, "L/2", content));
        Assert.Equal(VolumeState.Full, store.Volumes[0].State);
        Assert.Equal(new VolumeId(2), (await StoreAsync(store, "L/2", content)).Volume);
        Assert.DoesNotContain(disk.Files, file => file.StartsWith("/v1/.panal/parts/", StringComparison.Ordinal));
        Assert.Equal(content, Read(store, "L/2"));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(200_000)]
    public async Task A_deleted_object_never_comes_back_staged_or_settled(int length)
    {
        var disk = new FaultyDisk();
        var store = await OpenAsync(disk);
        foreach (var settleFirst in (bool[])[false, true])
        {
            await StoreAsync(store, "A", Content(length));
            await StoreAsync(store, "B" + settleFirst, Content(length, 2));
            if (settleFirst)
            {
                await store.SettleAsync(CancellationToken.None);
            }

            Assert.True(await store.DeleteAsync(new(1), "A", CancellationToken.None));
            Assert.False(await store.DeleteAsync(new(1), "A", CancellationToken.None));
            Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "A"));
            disk.Crash(seed: 0);
            var replayed = new List<RecoveredObject>();
            store = await OpenAsync(disk, replayed: replayed);
            Assert.DoesNotContain(replayed, recovered => recovered.Path == "A");
            Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "A"));
            Assert.Equal(Content(length, 2), Read(store, "B" + settleFirst));
        }

        await StoreAsync(store, "A", Content(length, 3));
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(Content(length, 3), Read(store, "A"));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task An_object_whose_path_cannot_be_made_lies_apart_and_is_found()
    {
        var disk = new FaultyDisk();
        var store = await OpenAsync(disk);
        await StoreAsync(store, "A", Content(10));
        await StoreAsync(store, "A/B", Content(20));        // A is a file
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.Equal(Content(20), Read(store, "A/B"));
        await store.DisposeAsync();
        store = await OpenAsync(disk);
        Assert.Equal(Content(20), Read(store, "A/B"));
        await Assert.ThrowsAsync<ObjectExistsException>(() => StoreAsync(store, "A/B", Content(1)));
        Assert.True(await store.DeleteAsync(new(1), "A/B", CancellationToken.None));
        Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "A/B"));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_volume_without_its_identity_or_with_another_is_failed_not_initialised_anew()
    {
        var disk = new FaultyDisk();
        await (await OpenAsync(disk)).DisposeAsync();
        disk.Rename("/v1/panal-volume.json", "/v1/other.json");
        var store = await OpenAsync(disk);
        Assert.Equal(VolumeState.Failed, store.Volumes[0].State);
        Assert.Contains("mounted", store.Volumes[0].Reason, StringComparison.Ordinal);
        Assert.Equal(new VolumeId(2), (await StoreAsync(store, "A", Content(10))).Volume);
        await store.DisposeAsync();
        disk.Rename("/v2/panal-volume.json", "/v1/panal-volume.json");
        store = await OpenAsync(disk);
        Assert.All(store.Volumes, volume => Assert.Equal(VolumeState.Failed, volume.State));
        Assert.Contains("another volume", store.Volumes[0].Reason, StringComparison.Ordinal);
        Assert.Throws<StorageFailedException>(() => store.Begin());
        Assert.Throws<StorageFailedException>(() => store.Open(new(1), "nothing"));
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Verification_finds_damage_absence_and_unreadable_disks()
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk);
        var content = Content(150_000);
        var hash = (await StoreAsync(store, "A", content)).Hash;
        foreach (var round in (int[])[0, 1])
        {
            Assert.Equal(VerifyOutcome.Verified, await store.VerifyAsync(new(1), "A", hash, content.Length, CancellationToken.None));
            Assert.Equal(VerifyOutcome.Damaged, await store.VerifyAsync(new(1), "A", hash, content.Length - 1, CancellationToken.None));
            Assert.Equal(VerifyOutcome.Damaged, await store.VerifyAsync(new(1), "A", default, content.Length, CancellationToken.None));
            await store.SettleAsync(CancellationToken.None);
            Assert.Equal(VerifyOutcome.Missing, await store.VerifyAsync(new(1), "B" + round, hash, 1, CancellationToken.None));
        }

        using (var file = disk.Open("/v1/A", writable: true))
        {
            file.Write([(byte)(content[77] ^ 1)], default, 77);
        }

        Assert.Equal(VerifyOutcome.Damaged, await store.VerifyAsync(new(1), "A", hash, content.Length, CancellationToken.None));
        disk.Fault = Failing("/v1/A", new StorageFailedException("EIO"), "read");
        Assert.Equal(VerifyOutcome.Unreadable, await store.VerifyAsync(new(1), "A", hash, content.Length, CancellationToken.None));
    }

    [Fact]
    public async Task A_barrier_that_fails_or_is_missing_keeps_the_log_and_one_that_works_frees_it()
    {
        await using var store = await OpenAsync(new FaultyDisk());
        await StoreAsync(store, "A", Content(10));
        foreach (var barrier in (Func<CancellationToken, ValueTask>?[])[null, static _ => throw new InvalidOperationException("the catalogue is busy")])
        {
            store.Barrier = barrier;
            await store.SettleAsync(CancellationToken.None);
            Assert.Equal(1, store.Staging.StagedObjects);
        }

        store.Barrier = static _ => ValueTask.CompletedTask;
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.Equal(Content(10), Read(store, "A"));
    }

    [Fact]
    public async Task Slow_writers_hold_up_nobody_and_the_log_stays_within_its_bound()
    {
        var disk = new FaultyDisk();
        var options = Options with { LaneWait = TimeSpan.FromMilliseconds(1) };
        await using var store = await OpenAsync(disk, options);
        var slow = new List<StagedWrite>();
        for (var index = 0; index < options.MaxLanes * 3; index++)
        {
            var write = store.Begin();
            await write.WriteAsync(Content(80_000, index), CancellationToken.None);
            slow.Add(write);
        }

        for (var index = 0; index < 30; index++)
        {
            await StoreAsync(store, $"FAST/{index}", Content(90_000, index));
            await store.SettleAsync(CancellationToken.None);
            Assert.True(store.Staging.Segments <= options.MaxSegments);
        }

        for (var index = 0; index < slow.Count; index++)
        {
            await slow[index].CommitAsync($"SLOW/{index}", default, CancellationToken.None);
            await slow[index].DisposeAsync();
            Assert.Equal(Content(80_000, index), Read(store, $"SLOW/{index}"));
        }

        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        Assert.All(Enumerable.Range(0, 30), index => Assert.Equal(Content(90_000, index), Read(store, $"FAST/{index}")));
    }

    [Fact]
    public async Task Writers_wait_when_the_log_is_full_until_the_settler_has_made_room()
    {
        var time = new WaitedTime();
        await using var store = await OpenAsync(new FaultyDisk(), time: time);
        var holders = new List<StagedWrite>();
        var stored = 0;
        Task? waiting = null;
        var isFull = time.UntilWaitedAsync(Options.LaneWait, TestContext.Current.CancellationToken);
        while (!isFull.IsCompleted && stored < 1_000)
        {
            var index = stored++;
            var write = store.Begin();
            holders.Add(write);
            waiting = WriteAsync(write, index);
            await Task.WhenAny(waiting, isFull);
        }

        Assert.InRange(stored, 50, 999);
        Assert.Equal(Options.MaxSegments, store.Staging.Segments);
        foreach (var holder in holders.SkipLast(1))
        {
            await holder.DisposeAsync();
        }

        await store.SettleAsync(CancellationToken.None);
        await waiting!;
        await holders[^1].DisposeAsync();
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);

        static async Task WriteAsync(StagedWrite write, int index)
        {
            await write.WriteAsync(Content(60_000, index), CancellationToken.None);
            await write.CommitAsync($"A/{index}", default, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Two_stores_never_share_a_data_directory()
    {
        var disk = new FaultyDisk();
        await using var store = await OpenAsync(disk);
        await Assert.ThrowsAsync<DataInUseException>(() => OpenAsync(disk));
    }

    [Fact]
    public async Task Options_that_cannot_work_are_refused_with_every_reason()
    {
        var bad = Options with { SegmentBytes = 100, MaxLanes = 99, Groups = [] };
        Assert.True(bad.Validate().Count >= 4);
        await Assert.ThrowsAsync<ArgumentException>(() => OpenAsync(new FaultyDisk(), bad));
        Assert.Empty(Options.Validate());
        Assert.Empty(new VolumeStoreOptions { DataDirectory = "/d", Groups = Options.Groups }.Validate());
    }
}
