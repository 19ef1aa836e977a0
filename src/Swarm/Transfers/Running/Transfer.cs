using System.Collections.Concurrent;
using System.Threading.Channels;
using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers.Exchange;
using Panal.Swarm.Transfers.Keeping;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <summary>One transfer under way: a download fed by streams to all holders, on disk, handed over object by object.</summary>
public sealed partial class Transfer : IAsyncDisposable
{
    private const int ActionsAtOnce = 64;

    private readonly TransferService _service;
    private readonly PartialObjects _partial;
    private readonly Download _download;
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, int> _indices = [];
    private readonly List<HolderSession?> _sessions = [];
    private readonly Dictionary<NodeId, Task> _followers = [];
    private readonly int[] _lacking;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<bool>> _awaited = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _seen = new();
    private readonly HashSet<int> _refused = [];
    private readonly HashSet<int> _finishing = [];
    private readonly Channel<int> _complete = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = false });
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _replayed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _working = Task.CompletedTask;
    private TransferState _state = TransferState.Waiting;
    private bool _isPaused;
    private bool _isReplayed;
    private bool _isTold;
    private string? _problem;
    private long _verifiedBytes;
    private int _viewable;

    internal Transfer(TransferService service, PartialObjects partial)
    {
        (_service, _partial, Priority) = (service, partial, partial.Plan.Priority);
        _download = new Download(partial.Map, service.Key, new DownloadOptions()) { UplinkBytesPerSecond = service.Options.UplinkBytesPerSecond };
        _lacking = new int[Map.Objects.Length];
        for (var i = 0; i < _lacking.Length; i++)
        {
            _lacking[i] = Map.BlocksOfObject(i);
            _indices.TryAdd(Map.Objects[i].Hash, i);
        }
    }

    /// <summary>Its identity.</summary>
    public Guid Id => _partial.Id;

    /// <summary>What it brings.</summary>
    public TransferPlan Plan => _partial.Plan;

    /// <summary>Whether somebody waits.</summary>
    public TransferPriority Priority { get; private set; }

    /// <summary>Ends when every object is in the archive, or the transfer was cancelled, or the node stops.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends when what is on disk was looked at, or the disk failed.</summary>
    internal Task Replayed => _replayed.Task;

    internal BlockMap Map => _partial.Map;

    internal TimeSpan Now => _service.Now;

    internal double UplinkBytesPerSecond => _service.Options.UplinkBytesPerSecond;

    /// <summary>It can go on now: blocks are asked for, or would be if it did not yield.</summary>
    internal bool IsBusy
    {
        get
        {
            lock (_gate)
            {
                return !_isPaused && !_download.IsComplete && _sessions.Exists(static session => session is not null);
            }
        }
    }

    /// <summary>How it stands at this moment.</summary>
    public TransferProgress Progress
    {
        get
        {
            lock (_gate)
            {
                return Snapshot();
            }
        }
    }

    /// <summary>True if an object is part of it.</summary>
    public bool Brings(ContentHash hash) => _indices.ContainsKey(hash);

    /// <summary>Waits until an object is in the archive.</summary>
    /// <returns>False if it will not come: it is not part of this transfer, the archive refused it, or the transfer was cancelled.</returns>
    public async Task<bool> WaitForAsync(ContentHash hash, CancellationToken cancellationToken)
    {
        if (!_indices.TryGetValue(hash, out var index))
        {
            return false;
        }

        var awaited = _awaited.GetOrAdd(index, static _ => new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_gate)
        {
            if (_refused.Contains(index))
            {
                return false;
            }
        }

        if (_partial.IsKept(index))
        {
            return true;
        }

        var ended = await Task.WhenAny(awaited.Task, _ended.Task).WaitAsync(cancellationToken);
        return ended == awaited.Task ? await awaited.Task : _partial.IsKept(index);
    }

    /// <summary>Waits until every byte of a part has come, or its whole is in the archive.</summary>
    /// <returns>False if it will not come.</returns>
    public async Task<bool> WaitForPartAsync(ContentHash hash, CancellationToken cancellationToken)
    {
        if (!_indices.TryGetValue(hash, out var index))
        {
            return false;
        }

        var seen = _seen.GetOrAdd(index, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!IsHere(index))
        {
            await Task.WhenAny(seen.Task, _ended.Task).WaitAsync(cancellationToken);
        }

        return IsHere(index) || _partial.IsKept(index);
    }

    /// <summary>Reads a part that has come; null while it has not, and when the transfer has ended.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public byte[]? ReadPart(ContentHash hash)
    {
        if (!_indices.TryGetValue(hash, out var index) || Map.Objects[index].LengthBytes > Array.MaxLength || !IsHere(index) || !_partial.TryUse())
        {
            return null;
        }

        try
        {
            using var stream = _partial.Open(index);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        finally
        {
            _partial.Release();
        }
    }

    private bool IsHere(int index)
    {
        lock (_gate)
        {
            return _isReplayed && _lacking[index] == 0;
        }
    }

    /// <summary>A viewer waits for these objects, in this order, and no longer for those before.</summary>
    public void Want(params ReadOnlySpan<ContentHash> objects)
    {
        var indices = new List<int>(objects.Length);
        foreach (var hash in objects)
        {
            if (_indices.TryGetValue(hash, out var index))
            {
                indices.Add(index);
            }
        }

        lock (_gate)
        {
            _download.Want(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(indices));
            Drive();
        }
    }

    /// <summary>Rests until <see cref="Resume"/>, over a restart of the node too; what is on its way still comes.</summary>
    public void Pause() => SetPaused(isPaused: true);

    /// <summary>Goes on.</summary>
    public void Resume() => SetPaused(isPaused: false);

    /// <summary>Somebody waits for it, or nobody does any more.</summary>
    public void SetPriority(TransferPriority priority)
    {
        lock (_gate)
        {
            Priority = priority;
            Remember();
        }

        _service.Balance();
    }

    /// <summary>Ends it; what it brought but for complete objects is deleted.</summary>
    public async Task CancelAsync()
    {
        lock (_gate)
        {
            if (_state == TransferState.Complete)
            {
                return;
            }

            _state = TransferState.Cancelled;
        }

        _partial.Abandon();
        await StopAsync();
        _service.Ended(this);
    }

    /// <summary>Stops it; what is verified stays on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void SetPaused(bool isPaused)
    {
        lock (_gate)
        {
            _isPaused = isPaused;
            Remember();
        }

        _service.Balance();
    }

    private void Remember()
    {
        // Before what is on disk was read, the end of the file is not known; it is read in a moment, and then this is written.
        if (!_isReplayed)
        {
            _isTold = true;
            return;
        }

        try
        {
            _partial.Wish(_isPaused, Priority);
        }
        catch (IOException e)
        {
            Hinder(e);
        }
    }

    private TransferProgress Snapshot()
    {
        var now = _service.Now;
        var holders = new List<HolderProgress>();
        var rate = 0.0;
        for (var i = 0; i < _sessions.Count; i++)
        {
            if (_sessions[i] is { } session && _download.Holders[i] is { } holder)
            {
                var expected = holder.Requests.Count == 0 ? 0 : holder.Rate.Expected(now, ContentHash.BlockBytes, 0);
                rate += expected;
                holders.Add(new HolderProgress(session.Peer, expected, holder.DeliveredBytes, holder.Has.Count, holder.IsNear));
            }
        }

        return new TransferProgress(
            Id, Plan.Scope, StateNow(holders), Priority, Map.Wholes, _partial.KeptWholes, _viewable, Map.LengthBytes, _verifiedBytes, rate,
            rate > 0 ? TimeSpan.FromSeconds(Math.Min((Map.LengthBytes - _verifiedBytes) / rate, TimeSpan.MaxValue.TotalSeconds / 2)) : null, holders, _problem);
    }

    private TransferState StateNow(List<HolderProgress> holders) =>
        _state is TransferState.Complete or TransferState.Cancelled ? _state
        : _isPaused ? TransferState.Paused
        : _download.IsPaused ? TransferState.Yielding
        : _download.Requested > 0 || _download.IsComplete ? TransferState.Running
        : holders.Count > 0 && holders.Exists(static holder => holder.HeldBlocks > 0) ? TransferState.Running
        : TransferState.Waiting;
}
