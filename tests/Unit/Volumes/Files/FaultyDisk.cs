using System.Runtime.InteropServices;
using Panal.Volumes;

namespace Panal.Unit.Volumes.Files;

/// <summary>The simulated machine lost power; nothing works until <see cref="FaultyDisk.Crash"/>.</summary>
internal sealed class PowerLostException() : Exception("The simulated machine has lost power.");

/// <summary>
/// Files and directories in memory that keep, over a crash, only what was synced; of the rest nothing, everything, or
/// a part chosen by a seed survives, in sectors of 512 bytes for data and in order for names. Fails on demand.
/// </summary>
internal sealed class FaultyDisk(bool canSyncFileSystem = true) : IVolumeFiles
{
    private const int SectorBytes = 512;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _locks = [];
    private readonly List<Change> _changes = [];
    private Dictionary<string, Node> _names = [];
    private HashSet<string> _directories = ["/"];
    private Dictionary<string, Node> _durableNames = [];
    private HashSet<string> _durableDirectories = ["/"];

    /// <summary>A change of names that may or may not have reached the disk.</summary>
    private sealed record Change(string Kind, string Path, string? Other, Node? Node)
    {
        public bool IsDurable { get; set; }
    }

    /// <summary>Operations so far that change something or make it durable.</summary>
    public int Operations { get; private set; }

    /// <summary>Power fails at this operation.</summary>
    public int CrashAt { get; set; } = int.MaxValue;

    public bool HasCrashed => Operations >= CrashAt;

    /// <summary>Asked before each operation: the error it has to fail with, or null. (operation, path)</summary>
    public Func<string, string, IOException?> Fault { get; set; } = static (_, _) => null;

    public long Free { get; set; } = 1L << 40;

    public bool CanSyncFileSystem => canSyncFileSystem;

    public IEnumerable<string> Files
    {
        get
        {
            lock (_lock)
            {
                return [.. _names.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    public byte[] Content(string path)
    {
        lock (_lock)
        {
            return _names[path].Current[..(int)_names[path].Length];
        }
    }

    /// <summary>Power comes back: what was not synced is gone, or partly gone.</summary>
    public void Crash(int seed)
    {
        lock (_lock)
        {
            var random = new Random(seed);
            var mode = seed % 3;
            var survivors = mode switch { 0 => 0, 1 => _changes.Count, _ => random.Next(_changes.Count + 1) };
            for (var index = 0; index < _changes.Count; index++)
            {
                if (_changes[index].IsDurable || index < survivors)
                {
                    Apply(_changes[index], _durableNames, _durableDirectories);
                }
            }

            foreach (var path in _durableNames.Keys.Where(path => !IsReachable(path)).ToList())
            {
                _durableNames.Remove(path);
            }

            foreach (var node in _durableNames.Values)
            {
                node.Crash(mode, random);
            }

            _changes.Clear();
            _locks.Clear();
            (_names, _directories) = (new(_durableNames), [.. _durableDirectories]);
            (Operations, CrashAt, Fault) = (0, int.MaxValue, static (_, _) => null);
        }
    }

    private bool IsReachable(string path)
    {
        for (var directory = Path.GetDirectoryName(path); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (!_durableDirectories.Contains(directory))
            {
                return false;
            }
        }

        return true;
    }

    private static void Apply(Change change, Dictionary<string, Node> names, HashSet<string> directories)
    {
        switch (change.Kind)
        {
            case "mkdir":
                directories.Add(change.Path);
                break;
            case "create":
                names[change.Path] = change.Node!;
                break;
            case "delete":
                names.Remove(change.Path);
                break;
            default:
                if (names.TryGetValue(change.Path, out var node) && node == change.Node)
                {
                    names.Remove(change.Path);
                }

                names[change.Other!] = change.Node!;
                break;
        }
    }

    // Caller holds the lock.
    private void Begin(string operation, string path)
    {
        if (operation is not ("read" or "open"))
        {
            Operations++;
        }

        if (HasCrashed)
        {
            throw new PowerLostException();
        }

        if (Fault(operation, path) is { } error)
        {
            throw error;
        }
    }

    private void Record(Change change)
    {
        Apply(change, _names, _directories);
        _changes.Add(change);
    }

    public IVolumeFile Create(string path)
    {
        lock (_lock)
        {
            Begin("create", path);
            if (!_directories.Contains(Path.GetDirectoryName(path)!))
            {
                throw new ObjectMissingException();
            }

            if (_names.ContainsKey(path))
            {
                throw new IOException("exists");
            }

            var node = new Node();
            Record(new("create", path, null, node));
            return new Opened(this, node, path);
        }
    }

    public IVolumeFile Open(string path, bool writable)
    {
        lock (_lock)
        {
            Begin("open", path);
            return _names.TryGetValue(path, out var node) ? new Opened(this, node, path) : throw new ObjectMissingException();
        }
    }

    public bool Exists(string path)
    {
        lock (_lock)
        {
            return _names.ContainsKey(path);
        }
    }

    /// <summary>How often it was asked whether a path is a link; there are none.</summary>
    public int LooksForLinks { get; private set; }

    public bool IsLink(string path)
    {
        LooksForLinks++;
        return false;
    }

    public void CreateDirectory(string path)
    {
        lock (_lock)
        {
            if (_directories.Contains(path))
            {
                return;
            }

            Begin("mkdir", path);
            CreateDirectory(Path.GetDirectoryName(path)!);
            if (_names.ContainsKey(path))
            {
                throw new IOException("a file is in the way");
            }

            Record(new("mkdir", path, null, null));
        }
    }

    public IReadOnlyList<string> List(string path)
    {
        lock (_lock)
        {
            return [.. _names.Keys.Where(name => Path.GetDirectoryName(name) == path).Select(name => Path.GetFileName(name))];
        }
    }

    public void Rename(string source, string target)
    {
        lock (_lock)
        {
            Begin("rename", target);
            if (!_names.TryGetValue(source, out var node) || !_directories.Contains(Path.GetDirectoryName(target)!))
            {
                throw new ObjectMissingException();
            }

            Record(new("rename", source, target, node));
        }
    }

    public bool Delete(string path)
    {
        lock (_lock)
        {
            if (!_names.ContainsKey(path))
            {
                return false;
            }

            Begin("delete", path);
            Record(new("delete", path, null, null));
            return true;
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_lock)
        {
            Begin("syncdir", path);
            foreach (var change in _changes)
            {
                change.IsDurable |= Path.GetDirectoryName(change.Path) == path || (change.Other is not null && Path.GetDirectoryName(change.Other) == path);
            }

            // A journal keeps order for one file: what was done to it before is durable with it.
            foreach (var change in _changes.Where(change => change is { IsDurable: true, Node: not null }).ToList())
            {
                _changes.TakeWhile(earlier => earlier != change).Where(earlier => earlier.Node == change.Node).ToList()
                    .ForEach(earlier => earlier.IsDurable = true);
            }
        }
    }

    public void SyncFileSystem(string path)
    {
        lock (_lock)
        {
            Begin("syncfs", path);
            foreach (var change in _changes)
            {
                Apply(change, _durableNames, _durableDirectories);
            }

            _changes.Clear();
            foreach (var node in _names.Values)
            {
                node.Sync();
            }
        }
    }

    public void Copy(IVolumeFile source, long sourceOffset, IVolumeFile target, long targetOffset, long lengthBytes)
    {
        const int step = 64 * 1024;
        var buffer = new byte[step];
        for (long done = 0; done < lengthBytes; done += step)
        {
            var span = buffer.AsSpan(0, (int)Math.Min(step, lengthBytes - done));
            Assert.Equal(span.Length, source.Read(span, sourceOffset + done));
            target.Write(span, default, targetOffset + done);
        }
    }

    public long FreeBytes(string path) => Free;

    public IDisposable Lock(string path)
    {
        lock (_lock)
        {
            Begin("lock", path);
            return _locks.Add(path) ? new Unlock(this, path) : throw new DataInUseException("in use");
        }
    }

    private sealed class Unlock(FaultyDisk disk, string path) : IDisposable
    {
        public void Dispose() => disk._locks.Remove(path);
    }

    private sealed class Node
    {
        private readonly HashSet<int> _dirty = [];
        private byte[] _durable = [];
        private long _durableLength;

        public byte[] Current { get; private set; } = [];

        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            Grow(offset + bytes.Length);
            bytes.CopyTo(Current.AsSpan((int)offset));
            for (var sector = offset / SectorBytes; sector * SectorBytes < offset + bytes.Length; sector++)
            {
                _dirty.Add((int)sector);
            }
        }

        public void Grow(long length)
        {
            if (length > Current.Length)
            {
                var grown = new byte[Math.Max(length, Current.Length * 2)];
                Current.CopyTo(grown, 0);
                Current = grown;
            }

            Length = Math.Max(Length, length);
        }

        public void Sync() => Persist(_dirty, Length);

        private void Persist(IEnumerable<int> sectors, long length)
        {
            if (_durable.Length < Current.Length)
            {
                Array.Resize(ref _durable, Current.Length);
            }

            foreach (var sector in sectors)
            {
                var start = sector * SectorBytes;
                Current.AsSpan(start, Math.Min(SectorBytes, Current.Length - start)).CopyTo(_durable.AsSpan(start));
            }

            _durableLength = length;
            _dirty.Clear();
        }

        public void Crash(int mode, Random random)
        {
            var length = mode == 1 || (mode == 2 && random.Next(2) == 0) ? Length : _durableLength;
            var chance = random.NextDouble();
            Persist(_dirty.Where(_ => mode == 1 || (mode == 2 && random.NextDouble() < chance)).ToList(), length);
            Current = [.. _durable];
            Length = length;
        }
    }

    private sealed class Opened(FaultyDisk disk, Node node, string path) : IVolumeFile
    {
        public long LengthBytes => node.Length;

        public int Read(Span<byte> buffer, long offset)
        {
            lock (disk._lock)
            {
                disk.Begin("read", path);
                var read = (int)Math.Clamp(node.Length - offset, 0, buffer.Length);
                node.Current.AsSpan((int)Math.Min(offset, node.Length), read).CopyTo(buffer);
                return read;
            }
        }

        public long SendTo(SafeHandle socket, long offset, long lengthBytes) => 0;

        public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset)
        {
            lock (disk._lock)
            {
                disk.Begin("write", path);
                node.Write(first, offset);
                node.Write(second, offset + first.Length);
            }
        }

        public void Clear(long offset, long lengthBytes) => Write(new byte[lengthBytes], default, offset);

        public void Allocate(long lengthBytes)
        {
            lock (disk._lock)
            {
                disk.Begin("allocate", path);
                node.Grow(lengthBytes);
            }
        }

        public void SyncData()
        {
            lock (disk._lock)
            {
                disk.Begin("sync", path);
                node.Sync();
            }
        }

        public void StartWriteback(long offset, long lengthBytes)
        {
        }

        public void ReadAhead(long offset, long lengthBytes)
        {
        }

        public void DropCache(long offset, long lengthBytes)
        {
        }

        public void Dispose()
        {
        }
    }
}
