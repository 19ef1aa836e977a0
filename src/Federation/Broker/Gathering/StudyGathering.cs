using System.Globalization;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Broker.Retrieving;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Federation.Broker.Gathering;

/// <summary>
/// Brings one study whose images archives offer: from an archive behind this node, else each of the nodes with one behind them gets a share, and the shares
/// come by the swarm while the rest is still being got.
/// </summary>
internal sealed class StudyGathering : IStudyFetch, IAsyncDisposable
{
    /// <summary>The catalogue is looked at no more often: a study of thousands of images has a commit for each.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>And no more seldom: how far a transfer is, no commit tells.</summary>
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    /// <summary>The next round begins when those before it end within so long: side by side they would take each other's share of the lines.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(4);

    /// <summary>A source that has had nothing to do for so long takes over what is another's.</summary>
    internal static readonly TimeSpan HelpAfter = TimeSpan.FromSeconds(5);

    /// <summary>A source that fails is asked again after so long; it is asked for what nobody else has got by then.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);

    private readonly GatheringPorts _ports;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly NodeId[] _nodes;
    private readonly GatheringLedger _ledger;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TransferState _state = TransferState.Running;
    private volatile bool _isLocalDone;
    private volatile bool _isPaused;
    private volatile bool _hasEnded;
    private string? _problem;
    private uint _reachable;
    private long _keptBytes;
    private long _knownBytes;

    public StudyGathering(string study, TransferPriority priority, GatheringPorts ports)
    {
        (Study, Priority, _ports) = (study, priority, ports);
        var rows = Rows(CancellationToken.None).ConvertAll(row => (Row: row, Offers: row.Copy is null ? ports.Catalogue.OffersOfInstance(row.SopInstanceUid) : []));

        // By identity, so that whoever else gathers the study asks the same node for the same part.
        _nodes =
        [
            .. rows.SelectMany(static one => one.Offers).Where(static offer => !offer.IsForeign).Select(static offer => offer.Source).Distinct().Order()
                .Take(GatheringLedger.SourceLimit).Select(static node => new NodeId(node)),
        ];
        _ledger = new GatheringLedger(
            rows.Select(one => new GatheredInstance(one.Row.SopInstanceUid, one.Row.SeriesInstanceUid, one.Row.Copy is not null, BitsOf(one.Offers))), _nodes.Length, Reachable());
    }

    public string Study { get; }

    public Guid Id { get; } = Guid.NewGuid();

    public TransferPriority Priority { get; private set; }

    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Ends with the next change that the catalogue does not tell: something was given up, or it has ended.</summary>
    public Task NextChangeAsync()
    {
        lock (_gate)
        {
            return _changed.Task;
        }
    }

    public TransferProgress Progress
    {
        get
        {
            var running = _ports.Transfers.Find(new TransferScope(Study)).Select(static transfer => transfer.Progress).ToList();
            var (lacked, brought, told) = (_ledger.Lacked, _ledger.Brought, _ledger.Brought + _ledger.Held);
            var (kept, known) = (Volatile.Read(ref _keptBytes), Volatile.Read(ref _knownBytes));

            // The length of what nobody holds yet is unknown: it is taken for the mean of the others.
            var length = told > 0 ? Math.Max(known, (long)((double)known / told * lacked)) : known;
            var rate = running.Sum(static one => one.BytesPerSecond);
            var viewable = brought + running.Sum(static one => one.ViewableObjects - one.KeptObjects);
            return new TransferProgress(
                Id, new TransferScope(Study), StateNow(), Priority, lacked, brought, viewable, length, kept, rate,
                rate > 0 ? TimeSpan.FromSeconds(Math.Min((length - kept) / rate, TimeSpan.MaxValue.TotalSeconds / 2)) : null,
                [
                    .. running.SelectMany(static one => one.Holders).GroupBy(static holder => holder.Node).Select(static of =>
                        new HolderProgress(of.Key, of.Sum(static one => one.BytesPerSecond), of.Sum(static one => one.DeliveredBytes), of.Sum(static one => one.HeldBlocks), of.First().IsNear)),
                ],
                _problem);
        }
    }

    private TransferState StateNow() =>
        _state != TransferState.Running ? _state
        : _isPaused ? TransferState.Paused
        : _isLocalDone && _reachable == 0 ? TransferState.Waiting
        : TransferState.Running;

    /// <summary>Whether it makes no sense to wait for an instance: nobody gives it, or nobody who might can be reached now.</summary>
    public bool IsInVain(string sopInstanceUid) =>
        _hasEnded || (_isLocalDone && (_ledger.IsGivenUp(sopInstanceUid) || _ledger.IsOutOfReach(sopInstanceUid)));

    /// <summary>What is fetched together with an instance.</summary>
    public IReadOnlySet<string> RoundOf(string sopInstanceUid) => _ledger.RoundOf(sopInstanceUid);

    /// <summary>Somebody waits for an instance.</summary>
    public void Want(string sopInstanceUid)
    {
        _ledger.Want(sopInstanceUid);
        Change();
    }

    /// <summary>Begins.</summary>
    public void Start(Action ended) => Ended = Task.Run(() => RunAsync(ended), CancellationToken.None);

    public void Pause() => SetPaused(isPaused: true);

    public void Resume() => SetPaused(isPaused: false);

    public void SetPriority(TransferPriority priority)
    {
        Priority = priority;
        foreach (var transfer in _ports.Transfers.Find(new TransferScope(Study)))
        {
            transfer.SetPriority(priority);
        }
    }

    public async Task CancelAsync()
    {
        _state = TransferState.Cancelled;
        await _stop.CancelAsync();
        await Ended;
        await Task.WhenAll(_ports.Transfers.Find(new TransferScope(Study)).Select(static transfer => transfer.CancelAsync()));
    }

    /// <summary>Ends it with the node: transfers go on with the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended;
        _stop.Dispose();
    }

    private void SetPaused(bool isPaused)
    {
        _isPaused = isPaused;
        foreach (var transfer in _ports.Transfers.Find(new TransferScope(Study)))
        {
            (isPaused ? transfer.Pause : (Action)transfer.Resume)();
        }

        Change();
    }

    private async Task RunAsync(Action ended)
    {
        try
        {
            await GatherAsync(_stop.Token);
            _problem = _ledger.GivenUp == 0 ? null : string.Create(
                CultureInfo.InvariantCulture, $"{_ledger.Brought} of {_ledger.Lacked} images came; the others nobody gives now.");
            _state = _ledger.GivenUp == 0 ? TransferState.Complete : TransferState.Waiting;
        }
        catch (Exception fault) when (_stop.IsCancellationRequested)
        {
            _state = TransferState.Cancelled;
            _problem = fault is OperationCanceledException ? null : fault.Message;
        }
        catch (Exception fault)
        {
            // Ours or the disk's: whoever waits is told, and may ask again.
            (_state, _problem) = (TransferState.Waiting, fault.Message);
            Log.NotFetched(_ports.Logger, fault.Message);
        }
        finally
        {
            ended();
            _hasEnded = true;
            Change();
        }
    }

    private async Task GatherAsync(CancellationToken ct)
    {
        await LocalAsync(ct);
        Look(ct);
        _isLocalDone = true;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = Task.WhenAll(_nodes.Select((_, source) => WorkAsync(source, done.Token)));
        try
        {
            await FollowAsync(ct);
        }
        finally
        {
            await done.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What an archive behind this node gives needs no line.</summary>
    private async Task LocalAsync(CancellationToken ct)
    {
        string[] local = [.. Rows(ct).Where(row => row.Copy is null && _ports.Catalogue.OffersOfInstance(row.SopInstanceUid).Any(static offer => offer.IsForeign)).Select(static row => row.SopInstanceUid)];
        if (local.Length == 0)
        {
            return;
        }

        var sharing = _ports.Retrievals.ShareAsync(local, ct);
        while (!sharing.IsCompleted)
        {
            var commit = _ports.Catalogue.NextCommitAsync();
            Look(ct);
            await Task.WhenAny(commit, sharing);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(sharing, Task.Delay(LookInterval, _ports.Time, enough.Token));
            await enough.CancelAsync();
        }

        await sharing;
    }

    /// <summary>Asks one node for its share, part by part, until nothing is left to be asked for.</summary>
    private async Task WorkAsync(int source, CancellationToken ct)
    {
        for (var isHelping = false; !ct.IsCancellationRequested;)
        {
            var change = NextChangeAsync();
            var share = _isPaused ? [] : _ledger.Take(source, isHelping);
            if (share.Count == 0)
            {
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
                var patience = Task.Delay(HelpAfter, _ports.Time, enough.Token);
                isHelping = await Task.WhenAny(change, patience) == patience;
                await enough.CancelAsync();
                continue;
            }

            var hasAnswered = await _ports.Exchange.AskAsync(_nodes[source], share, uid => _ledger.Came(source, uid), ct);
            _ledger.Ended(source, share, !hasAnswered, _ports.Links.Linked.Contains(_nodes[source]));
            Change();
            if (!hasAnswered)
            {
                await Task.Delay(Rest, _ports.Time, ct);
                _ledger.Revive(source);
            }
        }
    }

    /// <summary>Begins transfers of what the nodes have got, until everything is here or given up.</summary>
    private async Task FollowAsync(CancellationToken ct)
    {
        while (true)
        {
            var (commit, change) = (_ports.Catalogue.NextCommitAsync(), NextChangeAsync());
            Look(ct);
            if (_ledger.IsComplete)
            {
                return;
            }

            var underWay = _ports.Transfers.Find(new TransferScope(Study)).Select(static transfer => transfer.Progress).ToList();
            if (!_isPaused && !underWay.Exists(IsBusy) && _ledger.TakeRound(underWay.Count == 0) is { Count: > 0 } round)
            {
                await _ports.Remote.FetchStudyAsync(Study, Priority, round.ToHashSet(StringComparer.Ordinal), ct);
            }

            await Task.Delay(LookInterval, _ports.Time, ct);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(commit, change, Task.Delay(LongestInterval, _ports.Time, enough.Token));
            await enough.CancelAsync();
            ct.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whether a transfer has work for a while.</summary>
    private static bool IsBusy(TransferProgress transfer) =>
        transfer.State is TransferState.Running or TransferState.Yielding && (transfer.TimeLeft is not { } left || left > Ahead);

    /// <summary>Compares the ledger with the catalogue.</summary>
    private void Look(CancellationToken ct)
    {
        var linked = _ports.Links.Linked.Select(static node => node.Value).ToHashSet();
        var reachable = Reachable();
        var missing = _ledger.Missing();
        var (isLost, heldBytes) = (false, 0L);
        foreach (var row in Rows(ct).Where(row => missing.Contains(row.SopInstanceUid)))
        {
            var holders = row.Copy is null ? _ports.Catalogue.HoldersOfInstance(row.SopInstanceUid) : [];
            var isReachable = holders.Any(holder => linked.Contains(holder.Node));
            isLost |= _ledger.Look(row.SopInstanceUid, row.Copy is not null, isReachable, reachable);
            _keptBytes += row.Copy?.LengthBytes ?? 0;
            heldBytes += isReachable ? holders[0].LengthBytes : 0;
        }

        _knownBytes = _keptBytes + heldBytes;
        if (isLost || reachable != _reachable)
        {
            _reachable = reachable;
            Change();
        }
    }

    private List<InstanceRow> Rows(CancellationToken ct) => [.. _ports.Catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [Study] }, ct)];

    private uint BitsOf(IReadOnlyList<Offerer> offers) => offers.Where(static offer => !offer.IsForeign)
        .Select(offer => Array.IndexOf(_nodes, new NodeId(offer.Source))).Where(static source => source >= 0).Aggregate(0u, static (bits, source) => bits | 1u << source);

    private uint Reachable()
    {
        var linked = _ports.Links.Linked;
        return Enumerable.Range(0, _nodes.Length).Where(source => linked.Contains(_nodes[source])).Aggregate(0u, static (bits, source) => bits | 1u << source);
    }

    private void Change()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }
}
