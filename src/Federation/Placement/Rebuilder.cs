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
/// <param name="BytesPerSecond">Rates of all its transfers together.</param>
public sealed record RebuildProgress(
    bool IsRunning, long Studies, long WholeStudies, long Instances, long HeldInstances, long UnreachableStudies, double BytesPerSecond);

/// <summary>
/// Brings here everything that the network holds: fills a new centre. What is lacking is looked up in the catalogue at each pass, so that it goes on wherever
/// it was stopped; that it is under way is the file `rebuild` of docs/formats/recycling.md.
/// </summary>
public sealed class Rebuilder(
    CatalogueDatabase catalogue, RemoteCopies remote, TransferService transfers, ILinks links, PlacementOptions options, string folder, TimeProvider time, ILogger<Rebuilder> logger)
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
    public RebuildProgress Look(CancellationToken ct)
    {
        var progress = new RebuildProgress(
            File.Exists(_flag), 0, 0, 0, 0, Interlocked.Read(ref _unreachable), transfers.Transfers.Sum(static transfer => transfer.Progress.BytesPerSecond));
        foreach (var study in All(ct))
        {
            progress = progress with
            {
                Studies = progress.Studies + 1,
                WholeStudies = progress.WholeStudies + (study.HeldHere == study.Instances ? 1 : 0),
                Instances = progress.Instances + study.Instances,
                HeldInstances = progress.HeldInstances + study.HeldHere,
            };
        }

        return progress;
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
        var (lacking, unreachable, held) = (0, 0, 0L);
        var running = new List<Task>();
        foreach (var study in All(ct))
        {
            held += study.HeldHere;
            if (study.HeldHere == study.Instances)
            {
                continue;
            }

            lacking++;
            if (!IsReachable(study.StudyInstanceUid))
            {
                unreachable++;
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

    private bool IsReachable(string study) =>
        links.Linked is { Count: > 0 } linked && catalogue.HoldersOfStudies([study], null).Any(holder => holder.Instances > 0 && linked.Contains(new NodeId(holder.Node)));

    private IEnumerable<StudyCoverage> All(CancellationToken ct)
    {
        for (long last = 0; ;)
        {
            var (studies, next) = catalogue.CoverageAfter(last, StudiesOfOneStep, ct);
            if (next == last)
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
