using System.Buffers;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Volumes;

namespace Panal.Unit.Volumes;

/// <summary>The store on the real file system of this machine.</summary>
public sealed class StoreOnDiskTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("panal-volumes-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string VolumeRoot => Path.Combine(_directory, "volume");

    private VolumeStoreOptions Options => new()
    {
        DataDirectory = Path.Combine(_directory, "data"),
        Groups = [new() { Volumes = [new() { Id = 1, RootPath = VolumeRoot, ReserveBytes = 1 << 20 }] }],
        SegmentBytes = 8 << 20,
        LargeObjectBytes = 2 << 20,
        MinSegments = 1,
        MaxSegments = 6,
        MaxLanes = 4,
        IdleBeforeSettling = TimeSpan.FromMilliseconds(100),
    };

    private static async Task<VolumeStore> OpenAsync(VolumeStoreOptions options, List<RecoveredObject>? replayed = null)
    {
        var store = await VolumeStore.OpenAsync(
            options,
            recovered => replayed?.AddRange(recovered),
            TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        store.Barrier = static _ => ValueTask.CompletedTask;
        return store;
    }

    private static byte[] Content(int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static async Task<StoredObject> StoreAsync(VolumeStore store, string path, byte[] content, int piece = 64 * 1024)
    {
        await using var write = store.Begin();
        for (var offset = 0; offset < content.Length; offset += piece)
        {
            await write.WriteAsync(content.AsMemory(offset, Math.Min(piece, content.Length - offset)), CancellationToken.None);
        }

        return await write.CommitAsync(path, "note"u8.ToArray(), CancellationToken.None);
    }

    /// <summary>Waits for the settler's turn, and sees that nothing is left.</summary>
    private static async Task UntilSettledAsync(VolumeStore store)
    {
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
    }

    [Fact]
    public async Task What_is_read_ahead_has_its_bytes_whether_it_is_staged_or_settled()
    {
        await using var store = await OpenAsync(Options);
        var content = Content(3_000_001, seed: 5);
        var stored = await StoreAsync(store, "ahead", content);
        for (var turn = 0; turn < 2; turn++)
        {
            await using var reader = store.Open(stored.Volume, "ahead");
            reader.ReadAhead();
            var read = new byte[content.Length];
            reader.ReadExactly(read);
            Assert.True(read.AsSpan().SequenceEqual(content));
            await UntilSettledAsync(store);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_socket_was_handed_arrives_as_it_was_though_the_log_is_used_again(bool isSettled)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems do not hand on bytes of files");
        using var pair = await SocketPair.CreateAsync();
        pair.Sender.Blocking = false;
        await using var store = await OpenAsync(Options);
        var content = Content(1_500_000, seed: 5);
        var stored = await StoreAsync(store, "sent", content);
        long sent;
        if (isSettled)
        {
            await UntilSettledAsync(store);
        }

        await using (var reader = store.Open(stored.Volume, "sent"))
        {
            sent = reader.SendTo(pair.Sender.SafeHandle, 1000, content.Length);
            Assert.Equal(0, reader.SendTo(pair.Sender.SafeHandle, content.Length, 1));
        }

        // Nobody has received yet, and every segment there may be is filled twice.
        Assert.InRange(sent, 4096, content.Length - 1000);
        for (var count = 0; count < 2 * Options.MaxSegments * Options.SegmentBytes / content.Length; count++)
        {
            await StoreAsync(store, $"other/{count}", Content(content.Length, seed: 100 + count));
        }

        await UntilSettledAsync(store);
        var received = new byte[sent];
        await using var stream = new NetworkStream(pair.Receiver);
        await stream.ReadExactlyAsync(received, TestContext.Current.CancellationToken);
        Assert.True(received.AsSpan().SequenceEqual(content.AsSpan(1000, (int)sent)));
    }

    [Fact]
    public async Task Many_writers_and_every_way_to_cut_the_bytes_give_whole_files()
    {
        await using var store = await OpenAsync(Options);
        int[] lengths = [0, 1, 4_095, 4_096, 4_097, 65_536, 131_071, 131_072, 131_073, 544_768, 2_097_152, 2_097_153, 5_000_000];
        int[] pieces = [777, 16_384, 32_767, 32_768, 65_536, 131_072, 1_000_000];
        await Task.WhenAll(pieces.Select(piece => Task.Run(async () =>
        {
            foreach (var length in lengths)
            {
                var content = Content(length, piece);
                var stored = await StoreAsync(store, $"P{piece}/{length}", content, piece);
                Assert.Equal(ContentHash.Of(content), stored.Hash);
            }
        })));
        await UntilSettledAsync(store);
        foreach (var (piece, length) in pieces.SelectMany(piece => lengths.Select(length => (piece, length))))
        {
            Assert.Equal(Content(length, piece), await File.ReadAllBytesAsync(Path.Combine(VolumeRoot, $"P{piece}/{length}")));
            var outcome = await store.VerifyAsync(new(1), $"P{piece}/{length}", ContentHash.Of(Content(length, piece)), length, CancellationToken.None);
            Assert.Equal(VerifyOutcome.Verified, outcome);
        }

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(VolumeRoot, ".panal", "parts")));
        Assert.True(store.Staging.Segments <= Options.MaxSegments);
    }

    [Fact]
    public async Task A_sequence_of_many_pieces_is_stored_in_order()
    {
        await using var store = await OpenAsync(Options);
        var content = Content(700_000, 5);
        var first = new Piece(content.AsMemory(0, 10), null);
        var last = first;
        for (var offset = 10; offset < content.Length;)
        {
            var length = Math.Min(content.Length - offset, offset % 50_000 + 1);
            last = new Piece(content.AsMemory(offset, length), last);
            offset += length;
        }

        await using (var write = store.Begin())
        {
            await write.WriteAsync(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length), CancellationToken.None);
            Assert.Equal(ContentHash.Of(content), write.Seal());
            await Assert.ThrowsAsync<InvalidOperationException>(() => write.WriteAsync(content.AsMemory(), CancellationToken.None).AsTask());
            await write.CommitAsync("A", default, CancellationToken.None);
        }

        await using var reader = store.Open(new(1), "A");
        reader.Position = 123_456;
        var part = new byte[1_000];
        await reader.ReadExactlyAsync(part);
        Assert.Equal(content.AsSpan(123_456, 1_000).ToArray(), part);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    [Fact]
    public async Task Files_are_not_executable_and_closed_to_strangers()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("modes are of Unix");
            return;
        }

        await using var store = await OpenAsync(Options);
        await StoreAsync(store, "P/S/1", Content(100, 1));
        await StoreAsync(store, "P/S/2", Content(3_000_000, 1));
        await UntilSettledAsync(store);
        const UnixFileMode fileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        foreach (var file in Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            Assert.Equal(fileMode, File.GetUnixFileMode(file));
        }

        foreach (var directory in (string[])["volume", "volume/P", "volume/P/S", "data/staging"])
        {
            Assert.Equal(
                fileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(Path.Combine(_directory, directory)));
        }
    }

    [Fact]
    public async Task What_a_killed_process_left_in_the_log_is_replayed_and_settled()
    {
        // A copy of the directories while the store is alive is what a killed process leaves.
        var options = Options with { SettlesInBackground = false };
        var alive = await OpenAsync(options);
        for (var index = 0; index < 20; index++)
        {
            await StoreAsync(alive, $"P/{index}", Content(300_000, index));
        }

        await StoreAsync(alive, "P/large", Content(4_000_000, 99));
        var half = alive.Begin();
        await half.WriteAsync(Content(1_000_000, 1), CancellationToken.None);
        var largeHalf = alive.Begin();
        await largeHalf.WriteAsync(Content(3_000_000, 1), CancellationToken.None);
        var copy = Path.Combine(_directory, "copy");
        CopyTree(Path.Combine(_directory, "data"), Path.Combine(copy, "data"));
        CopyTree(VolumeRoot, Path.Combine(copy, "volume"));
        await half.DisposeAsync();
        await largeHalf.DisposeAsync();
        await alive.DisposeAsync();

        var replayed = new List<RecoveredObject>();
        var after = options with
        {
            DataDirectory = Path.Combine(copy, "data"),
            Groups = [new() { Volumes = [new() { Id = 1, RootPath = Path.Combine(copy, "volume"), ReserveBytes = 1 << 20 }] }],
        };
        await using var store = await OpenAsync(after, replayed);
        Assert.Equal([.. Enumerable.Range(0, 20).Select(index => $"P/{index}"), "P/large"], replayed.Select(recovered => recovered.Path));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(copy, "volume/.panal/parts")));
        await store.SettleAsync(CancellationToken.None);
        for (var index = 0; index < 20; index++)
        {
            Assert.Equal(Content(300_000, index), await File.ReadAllBytesAsync(Path.Combine(copy, $"volume/P/{index}")));
        }

        Assert.Equal(Content(4_000_000, 99), await File.ReadAllBytesAsync(Path.Combine(copy, "volume/P/large")));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(copy, "volume/.panal/parts")));
    }

    private static void CopyTree(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    [Fact]
    public async Task A_link_inside_of_the_volume_leads_nowhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need rights there");
        await using var store = await OpenAsync(Options);
        var outside = Directory.CreateDirectory(Path.Combine(_directory, "outside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(VolumeRoot, "P"), outside);
        File.CreateSymbolicLink(Path.Combine(VolumeRoot, "F"), Path.Combine(outside, "secret"));
        Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "P/secret"));
        Assert.Throws<ObjectMissingException>(() => store.Open(new(1), "F"));
        await StoreAsync(store, "P/mine", Content(10, 1));
        await UntilSettledAsync(store);
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        await using var reader = store.Open(new(1), "P/mine");
        Assert.Equal(10, reader.Length);
        Assert.False(await store.DeleteAsync(new(1), "P/secret", CancellationToken.None));
        Assert.True(await store.DeleteAsync(new(1), "P/mine", CancellationToken.None));
        Assert.True(File.Exists(Path.Combine(outside, "secret")));
    }

    [Fact]
    public async Task A_file_or_a_directory_in_the_way_does_not_stop_the_settler()
    {
        await using var store = await OpenAsync(Options);
        Directory.CreateDirectory(Path.Combine(VolumeRoot, "D/file"));
        await File.WriteAllTextAsync(Path.Combine(VolumeRoot, "F"), "x");
        await StoreAsync(store, "D/file", Content(10, 1));
        await StoreAsync(store, "F/a/b", Content(20, 2));
        await StoreAsync(store, "G", Content(30, 3));
        await UntilSettledAsync(store);
        Assert.Equal(VolumeState.Writable, store.Volumes[0].State);
        foreach (var (path, length) in ((string, int)[])[("D/file", 10), ("F/a/b", 20), ("G", 30)])
        {
            Assert.Equal(length, store.FindLengthBytes(new(1), path));
        }
    }

    [Fact]
    public async Task What_was_settled_is_read_from_the_log_until_its_segment_is_used_again()
    {
        await using var store = await OpenAsync(Options with { SettlesInBackground = false });
        var content = Content(1_000_000, 1);
        var stored = await StoreAsync(store, "recent.dcm", content);
        await StoreAsync(store, "small.dcm", Content(1_000, 2));
        await store.SettleAsync(CancellationToken.None);
        File.Delete(Path.Combine(VolumeRoot, "recent.dcm"));
        File.Delete(Path.Combine(VolumeRoot, "small.dcm"));

        // Without their files, what can be read comes from the log; fixity is about the files all the same.
        Assert.Equal(content, ReadAll(store, stored));
        Assert.Throws<ObjectMissingException>(() => store.Open(stored.Volume, "small.dcm"));
        Assert.Equal(VerifyOutcome.Missing, await store.VerifyAsync(stored.Volume, stored.Path, stored.Hash, stored.LengthBytes, CancellationToken.None));

        using var before = store.Open(stored.Volume, stored.Path);
        for (var index = 0; index < 8 * Options.MaxSegments; index++)
        {
            await StoreAsync(store, $"later-{index}.dcm", Content(1_000_000, index));
            await store.SettleAsync(CancellationToken.None);
        }

        Assert.Throws<ObjectMissingException>(() => store.Open(stored.Volume, stored.Path));
        Assert.Throws<ObjectMissingException>(() => before.ReadAt(new byte[10], 0));
    }

    [Fact]
    public async Task A_deleted_object_is_not_read_from_what_the_log_still_has_of_it()
    {
        await using var store = await OpenAsync(Options with { SettlesInBackground = false });
        var stored = await StoreAsync(store, "deleted.dcm", Content(1_000_000, 1));
        await store.SettleAsync(CancellationToken.None);
        Assert.True(await store.DeleteAsync(stored.Volume, stored.Path, CancellationToken.None));
        Assert.Throws<ObjectMissingException>(() => store.Open(stored.Volume, stored.Path));
        var again = Content(900_000, 2);
        stored = await StoreAsync(store, "deleted.dcm", again);
        Assert.Equal(again, ReadAll(store, stored));
    }

    private static byte[] ReadAll(VolumeStore store, StoredObject stored)
    {
        using var reader = store.Open(stored.Volume, stored.Path);
        var bytes = new byte[reader.Length];
        Assert.Equal(bytes.Length, reader.ReadAt(bytes, 0));
        return bytes;
    }

    [Fact]
    public async Task A_second_process_is_refused_with_a_clear_message()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "uses flock");
        await using var store = await OpenAsync(Options);
        var refused = await Assert.ThrowsAsync<DataInUseException>(() => OpenAsync(Options));
        Assert.Contains("in use by another process", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writing_allocates_nothing_per_call_and_little_per_object()
    {
        await using var store = await OpenAsync(Options with { SettlesInBackground = false });
        var content = Content(544_768, 1);
        await StoreAsync(store, "warm/1", content, 32_768);
        await StoreAsync(store, "warm/2", content, 32_768);
        await using var write = store.Begin();
        await write.WriteAsync(content.AsMemory(0, 65_536), CancellationToken.None);
        Assert.Equal(0, Allocated.Bytes(() =>
        {
            Assert.True(write.WriteAsync(content.AsMemory(0, 32_768), CancellationToken.None).AsTask().IsCompletedSuccessfully);
            Assert.True(write.WriteAsync(content.AsMemory(0, 131_072), CancellationToken.None).AsTask().IsCompletedSuccessfully);
            Assert.True(write.WriteAsync(content.AsMemory(0, 1_000), CancellationToken.None).AsTask().IsCompletedSuccessfully);
        }));
        await write.CommitAsync("warm/3", default, CancellationToken.None);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < 10; index++)
        {
            await StoreAsync(store, $"P/{index}", content, 65_536);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 10, 0, 3_000);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_object()
    {
        await using var store = await OpenAsync(Options);
        var piece = Content(1 << 20, 1);
        var length = LongRun.IsAsked ? 2_048 : 64;
        await using var write = store.Begin();
        await write.WriteAsync(piece, CancellationToken.None);
        await write.WriteAsync(new byte[4 << 20], CancellationToken.None);      // now it has a file of its own
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 5; index < length; index++)
        {
            await write.WriteAsync(piece, CancellationToken.None);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8_192);       // a call's first use may allocate
        var stored = await write.CommitAsync("LARGE", default, CancellationToken.None);
        Assert.Equal((long)length << 20, stored.LengthBytes);
        Assert.Equal((long)length << 20, store.FindLengthBytes(new(1), "LARGE"));
    }

    [Fact]
    public async Task Readers_see_whole_objects_while_they_settle_under_them()
    {
        await using var store = await OpenAsync(Options with { IdleBeforeSettling = TimeSpan.Zero, SettleBatchSegments = 1 });
        var contents = Enumerable.Range(0, 40).Select(index => Content(200_000, index)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var buffer = new byte[200_000];
            for (var index = worker; index < contents.Length; index += 4)
            {
                await StoreAsync(store, $"P/{index}", contents[index]);
                await using var reader = store.Open(new(1), $"P/{index}");
                for (var round = 0; round < 20; round++)
                {
                    reader.Position = 0;
                    reader.ReadExactly(buffer);
                    Assert.True(buffer.AsSpan().SequenceEqual(contents[index]));
                    await Task.Yield();
                }
            }
        })));
        await UntilSettledAsync(store);
    }
}
