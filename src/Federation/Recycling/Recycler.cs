using Microsoft.Extensions.Logging;
using Panal.Archive.Ingest;
using Panal.Catalogue;
using Panal.Federation.Placement;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Federation.Recycling;

/// <summary>What became of a candidate.</summary>
public enum RecyclingOutcome
{
    /// <summary>It is dropped.</summary>
    Dropped,

    /// <summary>It would be, but this is a dry run.</summary>
    WouldDrop,

    /// <summary>Not enough nodes that keep it have confirmed every instance.</summary>
    NotConfirmed,

    /// <summary>It holds contents that nobody else does under the same UIDs.</summary>
    OtherVersions,

    /// <summary>It has come into use meanwhile.</summary>
    InUse,
}

/// <summary>A candidate and what became of it.</summary>
/// <param name="StudyInstanceUid">Study Instance UID.</param>
/// <param name="Instances">Instances that are, or were, here.</param>
/// <param name="LengthBytes">Their bytes.</param>
/// <param name="Reason">Why it should go.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Keepers">The nodes that confirmed it.</param>
public sealed record RecyclingStep(
    string StudyInstanceUid, long Instances, long LengthBytes, RecyclingReason Reason, RecyclingOutcome Outcome, IReadOnlyList<NodeId> Keepers)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Outcome}: {Instances} instances, {LengthBytes} bytes";
}

/// <summary>A run.</summary>
/// <param name="Rules">The rules that held; null when everything is kept.</param>
/// <param name="HeldBytes">Bytes that were here before.</param>
/// <param name="LeftBytes">Bytes that are, or would be, here afterwards.</param>
/// <param name="Studies">Studies that went, or would.</param>
/// <param name="NotSafe">Studies that should go and could not.</param>
public sealed record RecyclingRun(RecyclingRules? Rules, long HeldBytes, long LeftBytes, int Studies, int NotSafe);

/// <summary>
/// Drops what the policy names and other nodes keep: asks them first, then takes the rows out, then the bytes. A run after a crash ends what the one before
/// began. See docs/decisions/2026-11-26-recycling.md.
/// </summary>
public sealed partial class Recycler(
    CatalogueDatabase catalogue,
    Ingester ingester,
    ILinks links,
    TransferService transfers,
    PlacementDesk desk,
    UseStatistics statistics,
    PinnedStudies pins,
    RecyclingHistory history,
    RecyclingMeter meter,
    TimeProvider time,
    ILogger<Recycler> logger) : IDisposable
{
    /// <summary>Kind of the jobs that name files that can go, as stored; never changes. Format: docs/formats/recycling.md.</summary>
    public const string JobKind = "released-copies";

    private const int JobsAtOnce = 64;

    private readonly SemaphoreSlim _running = new(1);
    private readonly Dictionary<string, DateTimeOffset> _refused = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => _running.Dispose();

    /// <summary>Deletes what an earlier run took out of the catalogue and could not delete any more.</summary>
    /// <exception cref="IOException">Something cannot be deleted; it is tried again next time.</exception>
    public async Task FinishAsync(CancellationToken ct)
    {
        while (catalogue.Jobs(JobKind, DateTimeOffset.MaxValue, JobState.Waiting, JobsAtOnce) is { Count: > 0 } jobs)
        {
            foreach (var job in jobs)
            {
                if (!ReleasedCopy.TryDecode(job.Payload.Span, out var copies))
                {
                    throw new InvalidDataException("A job that names released copies cannot be read; it was written by a later version.");
                }

                await DeleteAsync(job.Id, copies, ct);
            }
        }
    }

    /// <summary>Does what the rules say now, or tells what it would do.</summary>
    /// <param name="rules">The rules; null while everything is kept.</param>
    /// <param name="isDryRun">True to drop nothing; holders are asked all the same.</param>
    /// <param name="report">Called for each candidate.</param>
    /// <param name="ct">Stops after the study in hand.</param>
    public async Task<RecyclingRun> RunAsync(RecyclingRules? rules, bool isDryRun, Action<RecyclingStep> report, CancellationToken ct)
    {
        await _running.WaitAsync(ct);
        try
        {
            await FinishAsync(ct);
            var held = catalogue.StudiesHeldHere(ct).Select(Describe).ToList();
            foreach (var gone in _refused.Keys.Except(held.Select(static study => study.StudyInstanceUid)).ToList())
            {
                _refused.Remove(gone);
            }

            var before = held.Sum(static study => study.LengthBytes);
            var run = new RecyclingRun(rules, before, before, 0, 0);
            if (rules is null)
            {
                return run;
            }

            foreach (var candidate in RecyclingPolicy.Candidates(held, rules, time.GetUtcNow()))
            {
                if (!RecyclingPolicy.IsDue(candidate, run.LeftBytes, rules))
                {
                    break;
                }

                ct.ThrowIfCancellationRequested();
                var step = await TryDropAsync(candidate, rules, isDryRun, ct);
                report(step);
                run = step.Outcome is RecyclingOutcome.Dropped or RecyclingOutcome.WouldDrop
                    ? run with { LeftBytes = run.LeftBytes - step.LengthBytes, Studies = run.Studies + 1 }
                    : run with { NotSafe = run.NotSafe + 1 };
            }

            if (!isDryRun && run.LeftBytes > rules.HighMarkBytes)
            {
                Log.StillFull(logger, run.LeftBytes, rules.HighMarkBytes, run.NotSafe);
            }

            return run;
        }
        finally
        {
            _running.Release();
        }
    }

    private HeldStudy Describe(StudyHeldHere study) => new(
        study.StudyInstanceUid,
        study.LengthBytes,
        study.Instances,
        study.Modalities,
        study.Institutions,
        study.Date,
        pins.Contains(study.StudyInstanceUid),
        statistics.Of(study.StudyInstanceUid, study.ReceivedAt));

    private async Task<RecyclingStep> TryDropAsync(RecyclingCandidate candidate, RecyclingRules rules, bool isDryRun, CancellationToken ct)
    {
        var study = candidate.Study;
        var step = new RecyclingStep(study.StudyInstanceUid, study.Instances, study.LengthBytes, candidate.Reason, RecyclingOutcome.InUse, []);
        if (transfers.Find(new TransferScope(study.StudyInstanceUid)).Count > 0)
        {
            return step;
        }

        var rows = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [study.StudyInstanceUid] }, ct).Where(static row => row.Copies.Count > 0).ToList();
        if (rows.Exists(static row => row.Copies.Any(copy => copy.Version != 0 || copy.Hash.Length != ContentHash.LengthBytes)))
        {
            return step with { Outcome = RecyclingOutcome.OtherVersions };
        }

        if (_refused.TryGetValue(study.StudyInstanceUid, out var asked) && time.GetUtcNow() is var now && now >= asked && now - asked < rules.AskAgainAfter)
        {
            return step with { Outcome = RecyclingOutcome.NotConfirmed };
        }

        _refused.Remove(study.StudyInstanceUid);
        var contents = rows.ConvertAll(static row => new HeldContent(row.SopInstanceUid, row.Copy!.Hash, row.Copy.LengthBytes));
        var keepers = await KeepersAsync(study.StudyInstanceUid, contents, rules.Keepers, ct);
        step = step with { Keepers = keepers };
        if (keepers.Count < rules.Keepers)
        {
            _refused[study.StudyInstanceUid] = time.GetUtcNow();
            return step with { Outcome = RecyclingOutcome.NotConfirmed };
        }

        // Reading back took its time, in which somebody may have opened or pinned it.
        if (RecyclingPolicy.IsKept(study with { IsPinned = pins.Contains(study.StudyInstanceUid), Use = statistics.Of(study.StudyInstanceUid, study.Use.LastUse) }, rules, time.GetUtcNow()))
        {
            return step;
        }

        if (isDryRun)
        {
            return step with { Outcome = RecyclingOutcome.WouldDrop };
        }

        statistics.Remember(study.StudyInstanceUid, study.Use);
        return await DropAsync(step, contents, ct);
    }

    /// <summary>The nodes that hold every content, have read it back, and keep it; no more than are needed.</summary>
    private async Task<IReadOnlyList<NodeId>> KeepersAsync(string study, IReadOnlyList<HeldContent> contents, int needed, CancellationToken ct)
    {
        var keepers = new List<NodeId>();
        var linked = links.Linked;
        foreach (var holder in catalogue.HoldersOfStudies([study], null).Where(static holder => holder.Instances > 0).Select(static holder => new NodeId(holder.Node)).Where(linked.Contains))
        {
            if (keepers.Count >= needed)
            {
                break;
            }

            if (await desk.ConfirmAsync(holder, study, contents, ct) is { Keeps: true, IsWhole: true })
            {
                keepers.Add(holder);
            }
        }

        return keepers;
    }

    private async Task<RecyclingStep> DropAsync(RecyclingStep step, IReadOnlyList<HeldContent> contents, CancellationToken ct)
    {
        var dropped = new List<ReleasedCopy>();
        foreach (var part in contents.Chunk(ReleasedCopy.LimitOfOneJob))
        {
            var (job, copies) = await catalogue.ReleaseAsync(part, JobKind, ct);
            dropped.AddRange(copies);
            if (job is { } id)
            {
                // Whoever stops now leaves the bytes to the next run.
                await DeleteAsync(id, copies, ct);
            }
        }

        if (dropped.Count == 0)
        {
            return step with { Outcome = RecyclingOutcome.NotConfirmed };
        }

        var length = dropped.Sum(static copy => copy.LengthBytes);
        history.Add(new DroppedStudy(time.GetUtcNow(), step.StudyInstanceUid, dropped.Count, length, step.Reason, step.Keepers));
        meter.Dropped(length, step.Reason);
        Log.Dropped(logger, dropped.Count, length, step.Reason, step.Keepers.Count);
        return step with { Outcome = RecyclingOutcome.Dropped, LengthBytes = length, Instances = dropped.Count };
    }

    private async Task DeleteAsync(long job, IReadOnlyList<ReleasedCopy> copies, CancellationToken ct)
    {
        foreach (var copy in copies)
        {
            await ingester.DeleteReleasedAsync(copy, ct);
        }

        await catalogue.RemoveJobAsync(job, ct);
    }
}
