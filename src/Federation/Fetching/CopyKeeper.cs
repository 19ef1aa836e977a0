using Panal.Archive.Compaction;
using Panal.Archive.Ingest;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>Gives what transfers have completed to the archive, as if a modality had sent it: bytes, then row, then announced.</summary>
public sealed class CopyKeeper(Ingester ingester) : IFinishedObjects
{
    /// <inheritdoc/>
    public async ValueTask KeepAsync(TransferScope scope, TransferObject finished, Stream bytes, CancellationToken cancellationToken)
    {
        Check(await ingester.StoreCopyAsync(bytes, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask KeepWholeAsync(TransferScope scope, IReadOnlyList<Stream> parts, CancellationToken cancellationToken)
    {
        var stages = new ReadOnlyMemory<byte>[parts.Count];
        for (var i = 0; i < stages.Length; i++)
        {
            var bytes = new byte[parts[i].Length];
            await parts[i].ReadExactlyAsync(bytes, cancellationToken);
            stages[i] = bytes;
        }

        await using var file = CompactStages.Join(stages);
        Check(await ingester.StoreCopyAsync(file, cancellationToken));
    }

    private static void Check(IngestOutcome outcome)
    {
        if (outcome.Result is IngestResult.Refused)
        {
            throw outcome.Refusal is IngestRefusal.OutOfResources or IngestRefusal.ProcessingFailure
                ? new StorageFailedException(outcome.Explanation ?? "The archive cannot take it.")
                : new InvalidDataException(outcome.Explanation);
        }
    }
}
