using Panal.Catalogue;
using Panal.Swarm;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Recycling;

/// <summary>What became of a study that somebody wants to delete here. The names are part of the API and never change.</summary>
public enum DeletionOutcome
{
    /// <summary>It is gone here; other nodes read back their copies just before, and keep them.</summary>
    Released,

    /// <summary>It is gone here, and nobody is known to keep it.</summary>
    Deleted,

    /// <summary>Nobody who keeps it could confirm every instance: it stays, unless that is meant.</summary>
    LastCopy,

    /// <summary>Somebody pinned it: it stays until it is unpinned.</summary>
    Pinned,

    /// <summary>It is on its way here: it stays until that has ended.</summary>
    InTransfer,

    /// <summary>Nothing of it is here.</summary>
    NotHere,
}

/// <summary>What a deletion did, or would do.</summary>
/// <param name="Outcome">What becomes of it; of a question, what would without <c>evenLastCopy</c>.</param>
/// <param name="Instances">Instances that are, or were, here.</param>
/// <param name="LengthBytes">Their bytes.</param>
/// <param name="Keepers">The nodes that read back every instance, and keep it.</param>
public sealed record Deletion(DeletionOutcome Outcome, int Instances, long LengthBytes, IReadOnlyList<NodeId> Keepers)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Outcome}: {Instances} instances, {LengthBytes} bytes";
}

/// <content>What a person deletes; see docs/decisions/2026-11-26-deletion.md.</content>
public sealed partial class Recycler
{
    /// <summary>Tells what a deletion of a study would do now. Other nodes read their copies back, which takes its time.</summary>
    public Task<Deletion> LookAtDeletionAsync(string studyInstanceUid, CancellationToken ct) => DeleteInTurnAsync(studyInstanceUid, isMeant: false, evenLastCopy: false, ct);

    /// <summary>Deletes a study here: what others keep goes, what is the last copy only when that is meant.</summary>
    /// <param name="studyInstanceUid">Study Instance UID.</param>
    /// <param name="evenLastCopy">True to delete it also when nobody else keeps it.</param>
    /// <param name="ct">Ends the asking; from the first row on it is done to its end by the next run at the latest.</param>
    public Task<Deletion> DeleteStudyAsync(string studyInstanceUid, bool evenLastCopy, CancellationToken ct) => DeleteInTurnAsync(studyInstanceUid, isMeant: true, evenLastCopy, ct);

    private async Task<Deletion> DeleteInTurnAsync(string study, bool isMeant, bool evenLastCopy, CancellationToken ct)
    {
        // A run that drops the same study at the same time would ask, and count, what is no longer there.
        await _running.WaitAsync(ct);
        try
        {
            return await DeleteAsync(study, isMeant, evenLastCopy, ct);
        }
        finally
        {
            _running.Release();
        }
    }

    private async Task<Deletion> DeleteAsync(string study, bool isMeant, bool evenLastCopy, CancellationToken ct)
    {
        var rows = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = [study] }, ct).Where(static row => row.Copies.Count > 0).ToList();
        var deletion = new Deletion(DeletionOutcome.NotHere, rows.Count, rows.Sum(static row => row.Copy!.LengthBytes), []);
        if (rows.Count == 0)
        {
            return deletion;
        }

        if (pins.Contains(study) || transfers.Find(new TransferScope(study)).Count > 0)
        {
            return deletion with { Outcome = pins.Contains(study) ? DeletionOutcome.Pinned : DeletionOutcome.InTransfer };
        }

        var contents = rows.ConvertAll(static row => new HeldContent(row.SopInstanceUid, row.Copy!.Hash, row.Copy.LengthBytes));
        // Another content under the same UID is held nowhere else.
        var isOnlyHere = rows.Exists(static row => row.Copies.Any(copy => copy.Version != 0 || copy.Hash.Length != ContentHash.LengthBytes));
        var keepers = isOnlyHere ? [] : await KeepersAsync(study, contents, 1, ct);
        deletion = deletion with { Keepers = keepers, Outcome = keepers.Count > 0 ? DeletionOutcome.Released : evenLastCopy ? DeletionOutcome.Deleted : DeletionOutcome.LastCopy };
        if (isMeant && deletion.Outcome != DeletionOutcome.LastCopy)
        {
            foreach (var part in contents.Chunk(ReleasedCopy.LimitOfOneJob / 2))
            {
                var (job, copies) = deletion.Outcome == DeletionOutcome.Released
                    ? await catalogue.ReleaseAsync(part, JobKind, ct)
                    : await catalogue.DeleteAsync([.. part.Select(static content => content.SopInstanceUid)], JobKind, ct);
                if (job is { } id)
                {
                    await DeleteAsync(id, copies, CancellationToken.None);
                }
            }
        }

        return deletion;
    }
}
