using Panal.Archive.Ingest;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>Takes the C-STORE sub-operations of a C-GET of ours into the archive. PS3.4 §C.4.3.</summary>
public sealed class RetrievedStorage(Ingester ingester, StorageAudit audit) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        if (request.CommandField != CommandField.CStore || request.SopInstanceUid is not { } sopInstanceUid || !request.HasDataSet)
        {
            await request.RespondWithErrorAsync(GeneralStatus.UnrecognizedOperation, "Only C-STORE is offered", ct);
            return;
        }

        var sopClassUid = request.SopClassUid ?? request.Context.AbstractSyntax;
        var ingest = new IngestRequest(sopClassUid, sopInstanceUid, request.Context.TransferSyntax, request.Association.CalledAeTitle);
        var outcome = await ingester.StoreAsync(request.DataSet, ingest, ct);
        if (outcome.Refusal is { } refusal)
        {
            var (status, comment) = RefusalTable.Find(refusal);
            await request.RespondWithErrorAsync(status, outcome.Explanation ?? comment, ct);
            return;
        }

        await audit.RecordAsync(request.Association, sopClassUid, outcome, isRetrieved: true);
        await request.RespondAsync(StorageTable.Success.Code, ct);
    }
}
