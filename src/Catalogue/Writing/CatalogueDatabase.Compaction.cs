using Panal.Catalogue.Queries;

namespace Panal.Catalogue;

/// <content>Compact forms.</content>
public sealed partial class CatalogueDatabase
{
    /// <summary>Copies that nobody has decided upon, in the order in which their instances were heard of.</summary>
    /// <param name="afterId">0, or Id of the last one of the step before.</param>
    public IReadOnlyList<CompactionCandidate> CompactionCandidates(long afterId, int limit, CancellationToken ct) =>
        _readers.Read((afterId, limit), static (reader, state) => CompactionLookups.Candidates(reader, state.afterId, state.limit), ct);

    /// <summary>How far compaction is; reads all copies.</summary>
    public CompactionCounts CompactionCounts(CancellationToken ct) => _readers.Read(0, static (reader, _) => CompactionLookups.Counts(reader), ct);

    /// <summary>
    /// Applies decisions to the copies that are still as they were, and gives a job a new time, all in one transaction, durable when it returns.
    /// </summary>
    /// <param name="job">Names the files that may have to go; null for none.</param>
    /// <returns>How many copies were decided upon.</returns>
    public ValueTask<int> ApplyCompactionAsync(IReadOnlyList<CompactionDecision> decisions, Job? job, CancellationToken ct) => RunDurablyAsync(
        (decisions, job),
        static (writer, state) =>
        {
            int applied = writer.Compaction.Apply(state.decisions, writer.Now);
            if (state.job is { } job)
            {
                writer.Jobs.Update(job);
            }

            return applied;
        },
        ct);
}
