using Microsoft.Extensions.Logging.Abstractions;
using Panal.Unit.Volumes.Files;
using Panal.Volumes;

namespace Panal.Unit.Volumes;

/// <summary>
/// One random life of a store on a <see cref="FaultyDisk"/>, with a model of what must be true of it: the rows of a
/// catalogue that is durable only at its barrier, what was acknowledged, what was deleted.
/// </summary>
internal sealed class CrashHistory(int seed, FaultyDisk disk)
{
    public const long LargeObjectBytes = 96 * 1024;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, byte[]> _contents = [];
    private readonly Dictionary<string, string> _acknowledged = [];     // path to note
    private readonly HashSet<string> _deleted = [];
    private readonly HashSet<string> _unsure = [];                      // a commit or a deletion was cut off
    private readonly Dictionary<string, string> _rows = [];
    private Dictionary<string, string> _durableRows = [];
    private readonly List<(StagedWrite Write, string Path, string Note)> _pending = [];
    private readonly List<string> _order = [];
    private int _next;

    public static VolumeStoreOptions Options { get; } = new()
    {
        DataDirectory = "/data",
        Groups = [new() { Volumes = [new() { Id = 1, RootPath = "/v1" }, new() { Id = 2, RootPath = "/v2" }] }],
        SegmentBytes = 1_310_720,
        LargeObjectBytes = LargeObjectBytes,
        MinSegments = 0,
        MaxSegments = 6,
        MaxLanes = 3,
        SettleBatchSegments = 2,
        SettlesInBackground = false,
    };

    /// <summary>Lives until the steps or the power end; true if the power did.</summary>
    public async Task<bool> LiveAsync(int steps)
    {
        try
        {
            var store = await OpenAsync([]);
            for (var step = 0; step < steps && !disk.HasCrashed; step++)
            {
                await StepAsync(store);
            }

            if (!disk.HasCrashed)
            {
                await ApplyPendingAsync();
                await store.SettleAsync(CancellationToken.None);
                await store.DisposeAsync();
            }
        }
        catch (PowerLostException)
        {
            // What was under way is cut off.
        }

        return disk.HasCrashed;
    }

    private async Task<VolumeStore> OpenAsync(List<RecoveredObject> replayed)
    {
        var store = await VolumeStore.OpenAsync(
            Options,
            recovered => replayed.AddRange(recovered),
            disk, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        store.Barrier = _ =>
        {
            _durableRows = new(_rows);
            return ValueTask.CompletedTask;
        };
        return store;
    }

    private async Task StepAsync(VolumeStore store)
    {
        switch (_random.Next(10))
        {
            case < 5:
                await CommitAsync(store);
                break;
            case 5:
                await using (var given = store.Begin())
                {
                    await given.WriteAsync(Bytes(_random.Next(200_000)), CancellationToken.None);
                }

                break;
            case 6:
                await DeleteAsync(store);
                break;
            case 7:
                await ApplyPendingAsync();
                break;
            default:
                await store.SettleAsync(CancellationToken.None);
                break;
        }
    }

    private async Task CommitAsync(VolumeStore store)
    {
        var number = _next++;
        var path = $"P{number % 3}/S{number % 2}/{number}";
        var length = _random.Next(4) switch { 0 => _random.Next(3), 1 => _random.Next(5_000), 2 => _random.Next(90_000), _ => _random.Next(250_000) };
        var content = Bytes(length);
        var note = $"note {number} {new string('x', _random.Next(3_000))}";
        _contents[path] = content;
        _unsure.Add(path);
        var write = store.Begin();
        for (var offset = 0; offset < length;)
        {
            var piece = Math.Min(length - offset, 1 + _random.Next(70_000));
            await write.WriteAsync(content.AsMemory(offset, piece), CancellationToken.None);
            offset += piece;
        }

        var stored = await write.CommitAsync(path, System.Text.Encoding.UTF8.GetBytes(note), CancellationToken.None);
        Assert.Equal(ContentHash.Of(content), stored.Hash);
        _order.Add(path);
        if (_random.Next(3) == 0)
        {
            _pending.Add((write, path, note));       // acknowledged only when its row is there
            return;
        }

        _rows[path] = note;
        await write.DisposeAsync();
        Acknowledge(path, note);
    }

    private void Acknowledge(string path, string note)
    {
        _acknowledged[path] = note;
        _unsure.Remove(path);
    }

    private async Task ApplyPendingAsync()
    {
        foreach (var (write, path, note) in _pending)
        {
            _rows[path] = note;
            Acknowledge(path, note);
            await write.DisposeAsync();
        }

        _pending.Clear();
    }

    private async Task DeleteAsync(VolumeStore store)
    {
        if (_acknowledged.Count == 0)
        {
            return;
        }

        var path = _acknowledged.Keys.ElementAt(_random.Next(_acknowledged.Count));
        _unsure.Add(path);
        _acknowledged.Remove(path);
        _rows.Remove(path);
        Assert.True(await store.DeleteAsync(new(1), path, CancellationToken.None));
        _unsure.Remove(path);
        _deleted.Add(path);
    }

    /// <summary>After the crash: everything acknowledged is there and known, nothing else is half there.</summary>
    public async Task CheckAsync()
    {
        var replayed = new List<RecoveredObject>();
        var store = await OpenAsync(replayed);
        var rows = new Dictionary<string, string>(_durableRows);
        foreach (var recovered in replayed)
        {
            rows[recovered.Path] = System.Text.Encoding.UTF8.GetString(recovered.Note.Span);
            Assert.Equal(ContentHash.Of(_contents[recovered.Path]), recovered.Hash);
        }

        var order = replayed.Select(recovered => recovered.Path).Where(_order.Contains).ToList();
        Assert.Equal(_order.Where(order.Contains), order);
        Assert.True(store.Staging.Segments <= Options.MaxSegments);
        foreach (var (path, note) in _acknowledged)
        {
            Assert.Equal(note, Assert.Contains(path, rows));
        }

        Assert.DoesNotContain(replayed, recovered => _deleted.Contains(recovered.Path));
        await CheckBytesAsync(store);
        await store.SettleAsync(CancellationToken.None);
        Assert.Equal(0, store.Staging.StagedObjects);
        await CheckBytesAsync(store);
        CheckFiles();
        await store.DisposeAsync();

        var again = new List<RecoveredObject>();
        store = await OpenAsync(again);
        Assert.Empty(again);
        await CheckBytesAsync(store);
        await store.DisposeAsync();
    }

    private async Task CheckBytesAsync(VolumeStore store)
    {
        foreach (var path in _contents.Keys)
        {
            var expected = _contents[path];
            if (_acknowledged.ContainsKey(path))
            {
                await using var reader = store.Open(new(1), path);
                var content = new byte[expected.Length];
                Assert.Equal(expected.Length, reader.Length);
                reader.ReadExactly(content);
                Assert.True(content.AsSpan().SequenceEqual(expected));
            }
            else if (_unsure.Contains(path))
            {
                var outcome = await store.VerifyAsync(new(1), path, ContentHash.Of(expected), expected.Length, CancellationToken.None);
                Assert.True(outcome is VerifyOutcome.Verified or VerifyOutcome.Missing, $"half an object: {outcome}");
            }
            else
            {
                Assert.Null(store.FindLengthBytes(new(1), path));
            }
        }
    }

    private void CheckFiles()
    {
        foreach (var file in disk.Files.Where(file => file.StartsWith("/v", StringComparison.Ordinal) && !file.EndsWith(".json", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain("/.panal/parts/", file);
            Assert.Equal(_contents[file[4..]], disk.Content(file));
        }
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
