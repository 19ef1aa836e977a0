using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Panal.Volumes.Staging;

/// <summary>
/// The segments of the log and who has them:
/// <code>
///   (new) ─► free ─► rented ─► open ─► rented … ─► waiting ─► (settler) ─► free
/// </code>
/// The free ones that were used last are taken first in, first out: what was settled last stays readable longest. The others are spares for a
/// longer load: nothing is read from them any more, and memory need not hold them. One whose bytes were handed to a socket is replaced instead of used again.
/// </summary>
internal sealed class SegmentPool(
    IVolumeFiles files, string directory, VolumeStoreOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>A segment with less room than the usual object, and at least this, is full.</summary>
    private const long SmallestRoomBytes = 256 * 1024;

    /// <summary>The part of the free room that the log may take.</summary>
    private const int ShareOfRoom = 16;

    /// <summary>Free segments whose objects are still read from them, and whose pages the system keeps in memory: 1 GiB.</summary>
    private const int RecentSegments = 16;

    /// <summary>Zeros that are written at a time while a segment is made ready: who stops waits for as many.</summary>
    private const long PrepareStepBytes = 8 << 20;

    private static readonly TimeSpan PrepareRetryInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RoomAge = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<Segment> _free = new();
    private readonly Stack<Segment> _spare = new();
    private readonly Queue<Segment> _worn = new();
    private readonly List<Segment> _open = [];
    private readonly List<Segment> _waiting = [];
    private readonly LinkedList<Waiter> _waiters = new();
    private int _limit = Math.Min(options.SmallDiskSegments, options.MaxSegments);
    private int _count;
    private int _rented;
    private int _settling;
    private int _mostFull;
    private int _nextNumber = 1;
    private long _typicalBytes;
    private long _lastCommitTimestamp;
    private long? _prepareFailedTimestamp;
    private long? _roomTimestamp;
    private IOException? _trouble;

    private sealed record Waiter(long NeededBytes, int RentLimit)
    {
        public TaskCompletionSource<Segment?> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What is still readable in free segments.</summary>
    public RecentObjects Recent { get; } = new();

    /// <summary>Called when a segment gets its first object, when segments begin to wait and when writers begin to starve.</summary>
    public Action Stirred { get; set; } = static () => { };

    /// <summary>Why objects cannot leave the log; while set, nobody waits for room in vain.</summary>
    public IOException? Trouble
    {
        get => Volatile.Read(ref _trouble);
        set
        {
            Volatile.Write(ref _trouble, value);
            if (value is not null)
            {
                FailWaiters(value);
            }
        }
    }

    /// <summary>A segment with room for this many bytes, or null if one can only be had by waiting.</summary>
    /// <param name="isBrief">True if it is given back at once; such a rent does not wait for slow writers.</param>
    public Segment? TryRent(long neededBytes, bool isBrief)
    {
        var rentLimit = isBrief ? options.MaxSegments : options.MaxLanes;
        Segment? segment;
        lock (_lock)
        {
            if (_rented >= rentLimit)
            {
                return null;
            }

            segment = TakeUsable(neededBytes);
            if (segment is null && _count >= _limit)
            {
                return null;
            }

            _rented++;
            if (segment is null)
            {
                _count++;
            }
        }

        return OpenRented(segment);
    }

    /// <summary>Waits for a segment; null if all are with slow writers for longer than the options allow.</summary>
    /// <exception cref="StorageFullException">The log is full and cannot be emptied, because the volumes are full.</exception>
    /// <exception cref="StorageFailedException">The log is full and cannot be emptied, or cannot be written.</exception>
    public async ValueTask<Segment?> RentAsync(long neededBytes, bool isBrief, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRent(neededBytes, isBrief) is { } segment)
            {
                return segment;
            }

            var waiter = new Waiter(neededBytes, isBrief ? options.MaxSegments : options.MaxLanes);
            bool lanesAreBusy;
            lock (_lock)
            {
                lanesAreBusy = _rented >= waiter.RentLimit;
                if (!lanesAreBusy && Trouble is { } trouble)
                {
                    throw StagingLog.Renew(trouble);
                }

                _waiters.AddLast(waiter);
            }

            Stirred();
            using var patience = new CancellationTokenSource(options.LaneWait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                if (await waiter.Completion.Task.WaitAsync(either.Token) is { } handed)
                {
                    return OpenRented(handed);
                }
            }
            catch (OperationCanceledException) when (!TryLeave(waiter))
            {
                var handed = await waiter.Completion.Task;       // it was handed over in the same moment
                if (handed is not null && cancellationToken.IsCancellationRequested)
                {
                    Return(handed);
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (handed is not null)
                {
                    return OpenRented(handed);
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                if (lanesAreBusy && !isBrief)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Gives a rented segment back; a full one, with as many bytes or objects as it may have, goes to the settler.</summary>
    public void Return(Segment segment)
    {
        var isFull = false;
        lock (_lock)
        {
            _rented--;
            if (segment.IsWithdrawn && segment.Objects.Count == 0)
            {
                _count--;
            }
            else if (segment.IsWithdrawn || segment.RoomBytes < Math.Max(SmallestRoomBytes, _typicalBytes)
                || segment.Objects.Count >= options.DeferredObjects / options.MaxLanes)
            {
                isFull = true;
                _waiting.Add(segment);
                _mostFull = Math.Max(_mostFull, _waiting.Count + _settling);
            }
            else
            {
                _open.Add(segment);
            }

            ServeWaiters();
        }

        if (segment.IsWithdrawn && !isFull)
        {
            Remove(segment);
        }

        if (isFull)
        {
            Stirred();
        }
    }

    /// <summary>Notes a commit in a rented segment.</summary>
    public void Committed(Segment segment, StagedObject staged, long timestamp)
    {
        lock (_lock)
        {
            segment.Objects.Add(staged);
            segment.FirstCommitTimestamp = segment.Objects.Count == 1 ? timestamp : segment.FirstCommitTimestamp;
            _lastCommitTimestamp = timestamp;
            _typicalBytes = Math.Min(staged.LengthBytes + staged.LengthBytes / 8, options.SegmentBytes / 4);
            if (segment.Objects.Count > 1)
            {
                return;
            }
        }

        Stirred();
    }

    /// <summary>Takes a segment found at start-up: with objects it waits for the settler, else it is free.</summary>
    public void Adopt(Segment segment)
    {
        lock (_lock)
        {
            _count++;
            _nextNumber = Math.Max(_nextNumber, segment.Number + 1);
            if (segment.Objects.Count > 0)
            {
                _waiting.Add(segment);
            }
            else
            {
                AddFree(segment);
            }
        }

        if (segment.Objects.Count > 0)
        {
            // Whoever was killed may have left bytes of it on their way.
            segment.HandOut();
        }
    }

    /// <summary>Looks how many segments the log may have, at most once a second; what is too many goes when it is free.</summary>
    public void MeasureRoom()
    {
        if (_roomTimestamp is { } measured && time.GetElapsedTime(measured) < RoomAge)
        {
            return;
        }

        _roomTimestamp = time.GetTimestamp();
        try
        {
            var free = files.FreeBytes(directory);
            lock (_lock)
            {
                var share = (free + _count * options.SegmentBytes) / ShareOfRoom / options.SegmentBytes;
                _limit = (int)Math.Clamp(share, Math.Min(options.SmallDiskSegments, options.MaxSegments), options.MaxSegments);
            }
        }
        catch (IOException)
        {
            // Whoever writes next hears of it; the limit stays.
        }
    }

    /// <summary>Segments to settle now; none unless there is a reason to (a log that fills up, silence, age, or <paramref name="all"/>).</summary>
    public List<Segment> TakeForSettling(bool all)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            var isSilent = IsSilent(now);
            for (var index = _open.Count - 1; index >= 0; index--)
            {
                var segment = _open[index];
                if (segment.Objects.Count > 0 && (all || isSilent || IsOld(segment, now)))
                {
                    _open.RemoveAt(index);
                    _waiting.Add(segment);
                }
            }

            var isDue = all || isSilent || _waiters.Count > 0 || IsFillingUp()
                || _waiting.Exists(segment => segment.Objects.Count == 0 || IsOld(segment, now));
            var batch = new List<Segment>();
            for (var index = 0; isDue && index < _waiting.Count && batch.Count < options.SettleBatchSegments;)
            {
                if (_waiting[index].HasPendingNotes)
                {
                    index++;
                    continue;
                }

                batch.Add(_waiting[index]);
                _waiting.RemoveAt(index);
            }

            _settling += batch.Count;
            return batch;
        }
    }

    // Settled early enough that writers find free segments, and a start after a crash is short.
    private bool IsFillingUp() =>
        _waiting.Count >= Math.Max(options.SettleBatchSegments, (_limit - options.MaxLanes) * 3 / 4)
        || _waiting.Sum(segment => segment.Objects.Count) >= options.DeferredObjects;

    private int WantedSegments()
    {
        var isAtRest = _waiting.Count + _settling == 0 && IsSilent(time.GetTimestamp());
        return isAtRest ? Math.Max(options.MinSegments, Math.Min(2 * _mostFull, _limit)) : options.MinSegments;
    }

    private bool IsSilent(long now) => time.GetElapsedTime(_lastCommitTimestamp, now) >= options.IdleBeforeSettling;

    private bool IsOld(Segment segment, long now) => time.GetElapsedTime(segment.FirstCommitTimestamp, now) >= options.LongestStaging;

    /// <summary>The settler could not finish a segment: it waits again.</summary>
    public void PutBack(Segment segment)
    {
        lock (_lock)
        {
            _settling--;
            _waiting.Add(segment);
        }
    }

    /// <summary>Everything of a segment is durable elsewhere: it is marked so, durably.</summary>
    public void EndLife(Segment segment)
    {
        segment.Release();
        if (segment.IsHandedOut)
        {
            TryDelete(PathOf(segment.Number));
        }

        try
        {
            segment.EndLife();
        }
        catch (IOException error)
        {
            Log.SegmentWithdrawn(logger, segment.Number, error.Message);
            segment.IsWithdrawn = true;
        }
    }

    /// <summary>Nobody knows anything of a segment any more: it can begin a new life.</summary>
    public void Free(Segment segment)
    {
        segment.Objects.Clear();
        bool isRemoved;
        lock (_lock)
        {
            _settling--;
            isRemoved = segment.IsWithdrawn || _count > _limit;
            if (isRemoved)
            {
                _count--;
            }
            else
            {
                AddFree(segment);
            }

            ServeWaiters();
        }

        if (isRemoved)
        {
            Recent.Forget(segment);
            segment.EndReading();
            Remove(segment);
        }
    }

    /// <summary>
    /// To be called when bytes of a segment are handed out for the first time. A file that is not needed any more is deleted: it lasts as long as it is open here
    /// and on its way in the kernel, and who starts after this process is killed does not find it.
    /// </summary>
    public void HandedOut(Segment segment)
    {
        if (segment.IsReleased)
        {
            TryDelete(PathOf(segment.Number));
        }
    }

    /// <summary>
    /// Writes one more segment full of zeros, if there are fewer than wanted; false if there was nothing to do. Wanted are some at all times, and in
    /// silence twice as many as a load has filled so far. Under load more are made by those who need them, without zeros: these are half as
    /// fast the first time.
    /// </summary>
    public bool PrepareOne(CancellationToken cancellationToken)
    {
        RemoveWorn();
        lock (_lock)
        {
            var isTooSoon = _prepareFailedTimestamp is { } failed && time.GetElapsedTime(failed) < PrepareRetryInterval;
            if (isTooSoon || _count >= WantedSegments())
            {
                return false;
            }

            _count++;
        }

        try
        {
            var segment = Create();
            for (long offset = 0; offset < options.SegmentBytes && !cancellationToken.IsCancellationRequested; offset += PrepareStepBytes)
            {
                segment.File.Clear(offset, Math.Min(PrepareStepBytes, options.SegmentBytes - offset));
            }

            segment.File.SyncData();
            lock (_lock)
            {
                AddFree(segment);
                ServeWaiters();
            }

            return true;
        }
        catch (IOException error)
        {
            lock (_lock)
            {
                _count--;
                _prepareFailedTimestamp = time.GetTimestamp();
            }

            Log.SegmentNotPrepared(logger, _nextNumber, error.Message);
            return false;
        }
    }

    /// <summary>Segments on disk, in use, waiting for the settler or with it.</summary>
    public (int Count, int Busy, int Waiting) Counts()
    {
        lock (_lock)
        {
            return (_count, _rented + _waiting.Count + _settling + _open.Count(segment => segment.Objects.Count > 0), _waiting.Count + _settling);
        }
    }

    private void AddFree(Segment segment)
    {
        _free.Enqueue(segment);
        if (_free.Count > RecentSegments)
        {
            var spare = _free.Dequeue();
            Recent.Forget(spare);
            if (spare.IsHandedOut)
            {
                _count--;
                _worn.Enqueue(spare);
            }
            else
            {
                _spare.Push(spare);
            }
        }
    }

    private void RemoveWorn()
    {
        while (true)
        {
            Segment? worn;
            lock (_lock)
            {
                if (!_worn.TryDequeue(out worn))
                {
                    return;
                }
            }

            worn.EndReading();
            Remove(worn);
        }
    }

    private Segment? TakeUsable(long neededBytes)
    {
        for (var index = _open.Count - 1; index >= 0; index--)
        {
            var segment = _open[index];
            if (segment.RoomBytes >= neededBytes)
            {
                _open.RemoveAt(index);
                return segment;
            }
        }

        // A spare is ready, where one that was handed out has to be replaced first.
        var isOldestWorn = _free.TryPeek(out var oldest) && oldest.IsHandedOut;
        return (isOldestWorn && _spare.TryPop(out var free)) || _free.TryDequeue(out free) || _spare.TryPop(out free) ? free : null;
    }

    // Outside of the lock: the caller has been counted as renter already.
    private Segment OpenRented(Segment? segment)
    {
        try
        {
            if (segment is { Objects.Count: 0 })
            {
                Recent.Forget(segment);
                segment.EndReading();
                if (segment.IsHandedOut)
                {
                    Remove(segment);
                    segment = null;
                }
            }

            segment ??= Create();
            if (segment.Objects.Count == 0)
            {
                segment.Open(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1);
            }

            return segment;
        }
        catch (IOException error)
        {
            lock (_lock)
            {
                _rented--;
                _count--;
            }

            if (segment is not null)
            {
                Log.SegmentWithdrawn(logger, segment.Number, error.Message);
                Remove(segment);
            }

            throw;
        }
    }

    private Segment Create()
    {
        var number = Interlocked.Increment(ref _nextNumber) - 1;
        var path = PathOf(number);
        var file = files.Create(path);
        try
        {
            file.Allocate(options.SegmentBytes);
            file.SyncData();
            files.SyncDirectory(directory);
            return new Segment(number, file, options.SegmentBytes, HandedOut);
        }
        catch (IOException)
        {
            file.Dispose();
            TryDelete(path);
            throw;
        }
    }

    private string PathOf(int number) => Path.Combine(directory, $"segment-{number:D4}");

    private void Remove(Segment segment)
    {
        segment.File.Dispose();
        TryDelete(PathOf(segment.Number));
    }

    private void TryDelete(string path)
    {
        try
        {
            files.Delete(path);
            files.SyncDirectory(directory);
        }
        catch (IOException)
        {
            // The disk is failing; what is left behind is recognised as released or replayed, never lost.
        }
    }

    private void ServeWaiters()
    {
        for (var node = _waiters.First; node is not null;)
        {
            var next = node.Next;
            if (_rented < node.Value.RentLimit)
            {
                if (TakeUsable(node.Value.NeededBytes) is { } segment)
                {
                    _waiters.Remove(node);
                    _rented++;
                    node.Value.Completion.SetResult(segment);
                }
                else if (_count < _limit)
                {
                    _waiters.Remove(node);
                    node.Value.Completion.SetResult(null);       // it may create one itself
                }
            }

            node = next;
        }
    }

    private bool TryLeave(Waiter waiter)
    {
        lock (_lock)
        {
            return _waiters.Remove(waiter);
        }
    }

    private void FailWaiters(IOException trouble)
    {
        List<Waiter> waiters;
        lock (_lock)
        {
            waiters = [.. _waiters];
            _waiters.Clear();
        }

        foreach (var waiter in waiters)
        {
            waiter.Completion.SetException(StagingLog.Renew(trouble));
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var segment in (Segment[])[.. _free, .. _spare, .. _worn, .. _open, .. _waiting])
            {
                segment.File.Dispose();
            }
        }
    }
}
