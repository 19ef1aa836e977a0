using System.Runtime.ExceptionServices;
using Panal.Archive.Compaction;
using Panal.Catalogue;
using Panal.Volumes;

namespace Panal.Archive.Ingest;

/// <summary>Catalogues objects that were durable when the node stopped, as far as their rows are missing: many in a transaction.</summary>
/// <remarks>
/// Every object that reached the staging log was decided upon before, so it is the first of its UID, the same again, or a version.
/// </remarks>
internal sealed class Replay(CatalogueDatabase catalogue) : ICommitWitness
{
    private Exception? _failure;

    /// <summary>Every row is committed when it returns.</summary>
    /// <param name="recovered">In the order in which they became durable.</param>
    /// <exception cref="CatalogueException">A row could not be committed.</exception>
    /// <exception cref="InvalidDataException">A note cannot be read.</exception>
    public void Run(IReadOnlyList<RecoveredObject> recovered)
    {
        foreach (var one in recovered)
        {
            // The note of a compact form names no row: a job names the form, and deletes it unless a row does.
            if (!one.Note.Span.SequenceEqual(CompactMaker.Note))
            {
                Add(one);
            }
        }

        catalogue.CatchUp();
        if (Volatile.Read(ref _failure) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Add(RecoveredObject recovered)
    {
        if (!InstanceNote.TryDecode(recovered.Note, out var record))
        {
            throw new InvalidDataException("A note in the staging log cannot be read; it was written by a later version.");
        }

        catalogue.AddSoon(record with { Copy = record.Copy with { VolumeId = recovered.Volume.Value } }, this);
    }

    void ICommitWitness.Committed()
    {
        // Catching up is what waits for it.
    }

    void ICommitWitness.Failed(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);
}
