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
        var outcome = await ingester.StoreCopyAsync(bytes, cancellationToken);
        if (outcome.Result is IngestResult.Refused)
        {
            throw outcome.Refusal is IngestRefusal.OutOfResources or IngestRefusal.ProcessingFailure
                ? new StorageFailedException(outcome.Explanation ?? "The archive cannot take it.")
                : new InvalidDataException(outcome.Explanation);
        }
    }
}
