using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Fixity;

/// <summary>A copy whose bytes are not what the catalogue says.</summary>
public sealed record FaultyCopy(string SopInstanceUid, int VolumeId, VerifyOutcome Outcome);

/// <summary>How far a verification is.</summary>
/// <param name="TotalInstances">Instances when it began.</param>
/// <param name="DoneCopies">Copies read back.</param>
/// <param name="DoneInstances">Instances whose copies were all read back.</param>
/// <param name="DoneBytes">Bytes read back.</param>
/// <param name="Intact">Copies whose hash was right.</param>
/// <param name="Latest">A fault just found; null otherwise.</param>
/// <param name="IsComplete">True in the last report.</param>
public sealed record VerifyProgress(
    long TotalInstances, long DoneInstances, long DoneCopies, long DoneBytes, long Intact, FaultyCopy? Latest, bool IsComplete);

/// <summary>Reads every copy back from its volume and compares its hash with the catalogue. What is found is written there.</summary>
public sealed class Verifier
{
    /// <summary>Rows in one step: results of a step are written together.</summary>
    private const int StepInstances = 256;

    private readonly CatalogueDatabase _catalogue;
    private readonly VolumeStore _volumes;
    private readonly TimeProvider _time;
    private readonly ILogger<Verifier> _logger;

    public Verifier(CatalogueDatabase catalogue, VolumeStore volumes, TimeProvider time, ILogger<Verifier> logger)
    {
        _catalogue = catalogue;
        _volumes = volumes;
        _time = time;
        _logger = logger;
    }

    /// <summary>Verifies everything that is catalogued when it begins.</summary>
    /// <param name="progress">Called after each instance, and for each fault.</param>
    /// <param name="ct">Stops after the copy in hand.</param>
    public async Task<VerifyProgress> VerifyAllAsync(Action<VerifyProgress> progress, CancellationToken ct)
    {
        var state = new VerifyProgress(_catalogue.Counts().Instances, 0, 0, 0, 0, null, false);
        long last = 0;
        while (true)
        {
            var (rows, reached) = _catalogue.InstancesAfter(last, StepInstances, ct);
            if (rows.Count == 0)
            {
                break;
            }

            var changes = new List<CopyStateChange>();
            foreach (var row in rows)
            {
                state = await VerifyAsync(row, state, changes, progress, ct);
            }

            await _catalogue.SetCopyStatesAsync(changes, isDurable: false, ct);
            last = reached;
        }

        state = state with { IsComplete = true };
        progress(state);
        return state;
    }

    private async Task<VerifyProgress> VerifyAsync(
        InstanceRow row, VerifyProgress state, List<CopyStateChange> changes, Action<VerifyProgress> progress, CancellationToken ct)
    {
        foreach (var copy in row.Copies)
        {
            var outcome = await _volumes.VerifyAsync(_catalogue, row.SopInstanceUid, copy, ct);
            state = state with { DoneCopies = state.DoneCopies + 1, DoneBytes = state.DoneBytes + (copy.Compact?.LengthBytes ?? copy.LengthBytes) };
            if (outcome == VerifyOutcome.Verified)
            {
                state = state with { Intact = state.Intact + 1 };
            }
            else
            {
                Log.CopyFaulty(_logger, row.SopInstanceUid, copy.VolumeId, outcome);
                progress(state with { Latest = new FaultyCopy(row.SopInstanceUid, copy.VolumeId, outcome) });
            }

            changes.Add(CopyFixity.ChangeOf(row.SopInstanceUid, copy, outcome, _time.GetUtcNow()));
        }

        state = state with { DoneInstances = state.DoneInstances + 1 };
        progress(state);
        return state;
    }
}
