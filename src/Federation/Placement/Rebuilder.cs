using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;

namespace Panal.Federation.Placement;

/// <summary>How far a rebuilding is.</summary>
/// <param name="IsRunning">Whether it is under way; it goes on after a restart.</param>
/// <param name="Studies">Studies that are known.</param>
/// <param name="WholeStudies">Studies of which everything is here.</param>
/// <param name="Instances">Instances that are known.</param>
/// <param name="HeldInstances">Instances that are here.</param>
/// <param name="UnreachableStudies">Studies that nobody who is linked holds any of what is lacking, at the last look.</param>
/// <param name="RefusedStudies">Studies whose linked holders do not let this node have copies to keep, at the last look.</param>
/// <param name="BytesPerSecond">Rates of all its transfers together.</param>
public sealed record RebuildProgress(
    bool IsRunning, long Studies, long WholeStudies, long Instances, long HeldInstances, long UnreachableStudies, long RefusedStudies, double BytesPerSecond);

/// <summary>
/// Brings here everything that the network holds: fills a new centre. What is lacking is looked up in the catalogue at each pass, so that it goes on wherever
/// it was stopped; that it is under way is the file `rebuild` of docs/formats/recycling.md.
/// </summary>
public sealed class Rebuilder(
    CatalogueDatabase catalogue, RemoteCopies remote, TransferService transfers, ILinks links, PlacementDesk desk, PlacementOptions options, string folder, TimeProvider time, ILogger<Rebuilder> logger)
    : IDisposable
{
    private const int StudiesOfOneStep = 500;

    /// <summary>Between passes, while studies are lacking that nobody who is linked holds.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly string _flag = Path.Combine(folder, "rebuild");
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _gate = new();
    private CancellationTokenSource? _run;
    private long _unreachable;
    private long _refused;
    private TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();

    /// <summary>Begins, durably; a running one goes on.</summary>
    /// <exception cref="IOException">That cannot be written down.</exception>
    public void Start()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(_flag, []);
        _wake.Release();
    }

    /// <summary>Ends it; transfers that are under way go on.</summary>
    /// <exception cref="IOException">That cannot be written down.</exception>
    public void Stop()
    {
        File.Delete(_flag);
        lock (_gate)
        {
            _run?.Cancel();
        }
    }

    /// <summary>Ends when everything that is lacking has been tried once more. Asked for before looking, nothing is missed.</summary>
    public Task NextEndAsync() => Volatile.Read(ref _passed).Task;

    /// <summary>How far it is.</summary>
    public RebuildProgress Look()
    {
        var totals = catalogue.HoldingTotals();
        return new RebuildProgress(
            File.Exists(_flag),
            totals.Studies,
            totals.WholeStudies,
            totals.Instances,
            totals.HeldHere,
            Interlocked.Read(ref _unreachable),
            Interlocked.Read(ref _refused),
            transfers.Transfers.Sum(static transfer => transfer.Progress.BytesPerSecond));
    }

    /// <summary>Works whenever it is told to, until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            if (File.Exists(_flag))
            {
                await TryRebuildAsync(ct);
            }
            else
            {
                await _wake.WaitAsync(ct);
            }
        }
    }

    private async Task TryRebuildAsync(CancellationToken ct)
    {
        using var run = CancellationTokenSource.CreateLinkedTokenSource(ct);
        lock (_gate)
        {
            _run = run;
        }

        try
        {
            await RebuildAsync(run.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Stopped by somebody.
        }
        finally
        {
            lock (_gate)
            {
                _run = null;
            }
        }
    }

    private async Task RebuildAsync(CancellationToken ct)
    {
        for (var before = -1L; File.Exists(_flag);)
        {
            var (lacking, held) = await PassAsync(ct);
            if (lacking == 0)
            {
                File.Delete(_flag);
                Log.Rebuilt(logger);
            }

            Interlocked.Exchange(ref _passed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            if (lacking > 0 && held == before)
            {
                // Nothing has come since the last pass: holders are away, or there is no room.
                await Task.Delay(Rest, time, ct);
            }

            before = held;
        }
    }

    /// <summary>Tries once to bring everything that is lacking.</summary>
    /// <returns>Studies that were lacking something, and instances that were here, when it looked.</returns>
    private async Task<(int Lacking, long Held)> PassAsync(CancellationToken ct)
    {
        var (lacking, unreachable, refused, held) = (0, 0, 0, catalogue.HoldingTotals().HeldHere);
        var running = new List<Task>();
        foreach (var study in Lacking(ct))
        {
            lacking++;
            NodeId[] holders = [.. HoldersOf(study.StudyInstanceUid)];
            if (holders.Length == 0)
            {
                unreachable++;
            }
            else if (!await MayHaveAsync(study.StudyInstanceUid, holders, ct))
            {
                refused++;
            }
            else if (await remote.FetchStudyAsync(study.StudyInstanceUid, TransferPriority.Bulk, ct) is { } transfer)
            {
                running.Add(EndOrStandstillAsync(transfer, ct));
            }

            while (running.Count >= options.RebuildAtOnce)
            {
                running.Remove(await Task.WhenAny(running));
            }
        }

        await Task.WhenAll(running);
        Interlocked.Exchange(ref _unreachable, unreachable);
        Interlocked.Exchange(ref _refused, refused);
        return (lacking, held);
    }

    // A transfer whose holders have gone goes on by itself when they come back; the next study is not to wait for that.
    private async Task EndOrStandstillAsync(Transfer transfer, CancellationToken ct)
    {
        for (var before = -1L; !transfer.Ended.IsCompleted && transfer.Progress.VerifiedBytes is var now && now != before; before = now)
        {
            using var rest = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(transfer.Ended, Task.Delay(Rest, time, rest.Token));
            await rest.CancelAsync();
        }

        ct.ThrowIfCancellationRequested();
    }

    private IEnumerable<NodeId> HoldersOf(string study) => links.Linked is { Count: > 0 } linked
        ? catalogue.HoldersOfStudies([study], null).Where(static holder => holder.Instances > 0).Select(static holder => new NodeId(holder.Node)).Where(linked.Contains)
        : [];

    /// <summary>Whether one of the holders lets this node keep copies of a study.</summary>
    private async Task<bool> MayHaveAsync(string study, IEnumerable<NodeId> holders, CancellationToken ct)
    {
        foreach (var holder in holders)
        {
            if (await desk.MayReplicateAsync(holder, study, ct))
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<StudyHolding> Lacking(CancellationToken ct)
    {
        for (long last = 0; ;)
        {
            var (studies, next) = catalogue.LackingAfter(last, StudiesOfOneStep, ct);
            if (studies.Count == 0)
            {
                yield break;
            }

            last = next;
            foreach (var study in studies)
            {
                yield return study;
            }
        }
    }
}
