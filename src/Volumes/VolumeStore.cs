using System.Buffers;
using Microsoft.Extensions.Logging;
using Panal.Volumes.Files;
using Panal.Volumes.Online;
using Panal.Volumes.Staging;

namespace Panal.Volumes;

/// <summary>
/// Objects at rest: staged durably as they come (docs/formats/staging-log.md), settled to their volumes in the
/// background, read from wherever they are. Callers see paths only.
/// </summary>
public sealed class VolumeStore : IAsyncDisposable
{
    private const int VerifyBufferBytes = 256 * 1024;

    // How often it is looked whether something is to be settled, while anything is staged; else only for volumes that failed.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly StagingLog _log;
    private readonly Settler _settler;
    private readonly IDisposable _lock;
    private readonly AutoResetEvent _wake = new(false);      // unlike a semaphore it does not spin before it rests
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer? _timer;
    private readonly Thread? _thread;
    private int _isDisposed;

    private VolumeStore(StagingLog log, Settler settler, IDisposable dataLock)
    {
        (_log, _settler, _lock) = (log, settler, dataLock);
        if (!log.Options.SettlesInBackground)
        {
            return;
        }

        log.Pool.Stirred = Wake;
        _timer = log.Time.CreateTimer(static state => ((VolumeStore)state!).Wake(), this, Tick, Timeout.InfiniteTimeSpan);
        _thread = new Thread(SettleInBackground) { IsBackground = true, Name = "settler" };
        _thread.Start();
    }

    /// <summary>
    /// Makes everything that the catalogue has taken over so far durable; called before segments are recycled. Nothing
    /// settles before it is set: the log is the only durable copy of the notes.
    /// </summary>
    public Func<CancellationToken, ValueTask>? Barrier
    {
        get => _settler.Barrier;
        set
        {
            _settler.Barrier = value;
            Wake();
        }
    }

    /// <summary>
    /// Opens the data directory and its volumes, and calls <paramref name="replay"/> once with the objects whose notes may
    /// not have reached the catalogue, in order of commit, if there are any. The work is bounded by what the
    /// staging log may hold. A volume that cannot be opened is <see cref="VolumeState.Failed"/>, not an error.
    /// </summary>
    /// <exception cref="ArgumentException">The options cannot be used; all reasons are named.</exception>
    /// <exception cref="DataInUseException">Another process has the data directory.</exception>
    /// <exception cref="IOException">The data directory cannot be read or written.</exception>
    public static Task<VolumeStore> OpenAsync(
        VolumeStoreOptions options,
        Action<IReadOnlyList<RecoveredObject>> replay,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken) =>
        OpenAsync(options, replay, DiskFiles.Instance, time, logger, cancellationToken);

    /// <summary>The same on another file system.</summary>
    public static async Task<VolumeStore> OpenAsync(
        VolumeStoreOptions options,
        Action<IReadOnlyList<RecoveredObject>> replay,
        IVolumeFiles files,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        if (options.Validate() is { Count: > 0 } reasons)
        {
            throw new ArgumentException(string.Join(' ', reasons), nameof(options));
        }

        if (options.SettlesInBackground)
        {
            // A lane blocks its thread while it syncs; with the pool's usual minimum (one per core) the others would wait.
            ThreadPool.GetMinThreads(out var workers, out var ports);
            ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + options.MaxLanes), ports);
        }

        var data = Path.GetFullPath(options.DataDirectory);
        var staging = Path.Combine(data, "staging");
        files.CreateDirectory(staging);
        files.SyncDirectory(data);
        files.SyncDirectory(Path.GetDirectoryName(data) ?? data);
        var dataLock = files.Lock(Path.Combine(data, "panal.lock"));
        try
        {
            var known = new KnownVolumes(files, data);
            StagingLog? log = null;
            var groups = options.Groups.Select(group => new VolumeGroup(
                group.Name,
                [.. group.Volumes.Select(volume => new Volume(volume, group.Name, files, time, logger))],
                () => log?.StagedBytes ?? 0)).ToList();
            var volumes = new VolumeSet(groups);
            foreach (var volume in volumes.All)
            {
                volume.Open(known);
            }

            log = new StagingLog(new SegmentPool(files, staging, options, time, logger), volumes, files, options, time);
            await RecoverAsync(log, staging, replay, logger, cancellationToken);
            return new VolumeStore(log, new Settler(log, known, logger), dataLock);
        }
        catch
        {
            dataLock.Dispose();
            throw;
        }
    }

    private static async Task RecoverAsync(
        StagingLog log, string staging, Action<IReadOnlyList<RecoveredObject>> replay, ILogger logger, CancellationToken cancellationToken)
    {
        var recovery = new SegmentRecovery(log.Files, staging, log.Options, log.Volumes, log.Pool.HandedOut, logger);
        await recovery.RunAsync(cancellationToken);
        var parts = recovery.Records.Select(record => record.Object.Part).ToHashSet();
        foreach (var volume in log.Volumes.All)
        {
            volume.SweepParts(parts);
        }

        log.ContinueAfter(recovery.Highest.Sequence, recovery.Highest.Part);
        recovery.Segments.ForEach(log.Pool.Adopt);
        recovery.Records.ForEach(record => log.Adopt(record.Object));
        if (recovery.Records.Count > 0)
        {
            replay([.. recovery.Records.Select(record => record.ForReplay)]);
            Log.Recovered(logger, recovery.Records.Count, log.StagedBytes, recovery.Segments.Count);
        }
    }

    /// <summary>State of every volume, in the order of the options.</summary>
    public IReadOnlyList<VolumeStatus> Volumes
    {
        get
        {
            foreach (var volume in _log.Volumes.All)
            {
                volume.Measure(_log.StagedBytes);
            }

            return [.. _log.Volumes.All.Select(volume => volume.Status)];
        }
    }

    /// <summary>State of the staging log.</summary>
    public StagingStatus Staging
    {
        get
        {
            var (count, busy, waiting) = _log.Pool.Counts();
            return new StagingStatus(count, busy, waiting, _log.StagedObjects, _log.StagedBytes, _log.Pool.Trouble?.Message);
        }
    }

    /// <summary>Begins an object in the first group.</summary>
    /// <exception cref="StorageFullException">Every volume is full.</exception>
    /// <exception cref="StorageFailedException">No volume can be written.</exception>
    public StagedWrite Begin() => Begin(_log.Volumes.Groups[0]);

    /// <summary>Begins an object in a group.</summary>
    /// <exception cref="ArgumentException">There is no such group.</exception>
    /// <exception cref="StorageFullException">Every volume of it is full.</exception>
    /// <exception cref="StorageFailedException">None of its volumes can be written.</exception>
    public StagedWrite Begin(string group) =>
        Begin(_log.Volumes.Groups.FirstOrDefault(candidate => candidate.Name == group)
            ?? throw new ArgumentException("There is no such group of volumes.", nameof(group)));

    private StagedWrite Begin(VolumeGroup group)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        group.Writable();
        return new StagedWrite(_log, group);
    }

    /// <summary>Opens an object for reading at any offset.</summary>
    /// <param name="volume">Where the catalogue has it; the other volumes are asked too.</param>
    /// <param name="path">The path that it was committed under.</param>
    /// <exception cref="ObjectMissingException">There is no such object.</exception>
    /// <exception cref="StorageFailedException">Its volume is not available, or the disk fails.</exception>
    public ObjectReader Open(VolumeId volume, string path)
    {
        if (!SafePath.IsValid(path))
        {
            throw new ObjectMissingException();
        }

        return _log.TryGet(path, out var staged) || _log.Pool.Recent.TryGet(path, out staged)
            ? new ObjectReader(_log.Volumes, staged)
            : new ObjectReader(_log.Volumes, volume, path);
    }

    // What is staged has no other bytes yet; all else is read from its file, never from what the log still has of it.
    private ObjectReader OpenStored(VolumeId volume, string path) =>
        SafePath.IsValid(path) && _log.TryGet(path, out var staged)
            ? new ObjectReader(_log.Volumes, staged)
            : new ObjectReader(_log.Volumes, volume, path);

    /// <summary>Length of an object in bytes, or null if there is no such object.</summary>
    /// <exception cref="StorageFailedException">Its volume is not available.</exception>
    public long? FindLengthBytes(VolumeId volume, string path)
    {
        try
        {
            using var reader = Open(volume, path);
            return reader.Length;
        }
        catch (ObjectMissingException)
        {
            return null;
        }
    }

    /// <summary>Reads an object back from the disk, not from memory, and compares it with what it should be.</summary>
    public Task<VerifyOutcome> VerifyAsync(
        VolumeId volume, string path, ContentHash expected, long lengthBytes, CancellationToken cancellationToken) =>
        Task.Run(() => Verify(volume, path, expected, lengthBytes, cancellationToken), cancellationToken);

    private VerifyOutcome Verify(VolumeId volume, string path, ContentHash expected, long lengthBytes, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(VerifyBufferBytes);
        try
        {
            using var reader = OpenStored(volume, path);
            if (reader.Length != lengthBytes)
            {
                return VerifyOutcome.Damaged;
            }

            reader.DropCache();
            using var hasher = new ContentHasher();
            while (reader.Read(buffer) is > 0 and var read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hasher.Append(buffer.AsSpan(0, read));
            }

            return hasher.LengthBytes == lengthBytes && hasher.Complete() == expected ? VerifyOutcome.Verified : VerifyOutcome.Damaged;
        }
        catch (ObjectMissingException)
        {
            return VerifyOutcome.Missing;
        }
        catch (IOException)
        {
            return VerifyOutcome.Unreadable;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Deletes an object durably, staged or settled; false if there was none. It cannot come back by a replay.</summary>
    /// <exception cref="StorageFailedException">Its volume cannot be written.</exception>
    public Task<bool> DeleteAsync(VolumeId volume, string path, CancellationToken cancellationToken) =>
        Task.Run(() => Delete(volume, path), cancellationToken);

    private bool Delete(VolumeId volume, string path)
    {
        if (!SafePath.IsValid(path))
        {
            return false;
        }

        if (_log.TryDelete(path))
        {
            return true;
        }

        _log.Pool.Recent.Remove(path);
        var holder = _log.Volumes.Find(volume, path);
        try
        {
            return holder is not null && holder.Delete(path);
        }
        catch (IOException error)
        {
            holder!.WriteFailed(error);
            throw;
        }
    }

    /// <summary>Settles everything that is staged and whose note has been applied; returns when nothing more can be done.</summary>
    public Task SettleAsync(CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                while (_settler.SettleBatch(all: true, cancellationToken))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            },
            cancellationToken);

    private void Wake()
    {
        if (_isDisposed == 0)
        {
            _wake.Set();
        }
    }

    private void SettleInBackground()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (!_log.Pool.PrepareOne(_stop.Token) && !_settler.SettleBatch(all: false, _stop.Token))
                {
                    var isResting = _log.StagedObjects == 0;
                    if (isResting)
                    {
                        DirectBuffer.GiveBack();
                    }

                    _timer!.Change(isResting ? _log.Options.RetryInterval : Tick, Timeout.InfiniteTimeSpan);
                    _wake.WaitOne();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The store closes; what is staged is settled there, or after the next start.
        }
    }

    /// <summary>Settles what can be settled and closes everything; writes that are under way must have ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync();
        _wake.Set();
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        _thread?.Join();
        if (_thread is not null)
        {
            await SettleAsync(CancellationToken.None);
        }

        _log.Pool.Dispose();
        _lock.Dispose();
        _stop.Dispose();
        _wake.Dispose();
    }
}
