using Panal.Archive.Ingest;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>Answers C-STORE: the data set flows from the association to the archive. PS3.4 §B.2.</summary>
public sealed class StorageScp(Ingester ingester, Callers callers, StorageAudit audit) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var sopClassUid = request.SopClassUid ?? request.Context.AbstractSyntax;
        if (request.SopInstanceUid is not { } sopInstanceUid || !request.HasDataSet)
        {
            await request.RespondWithErrorAsync(GeneralStatus.MistypedArgument, "Affected SOP Instance UID or data set is missing", ct);
            return;
        }

        if (!await callers.MayAsync(request.Association, Rights.Store, ct))
        {
            await RefuseAsync(request, IngestRefusal.NotAuthorized, null, ct);
            return;
        }

        var ingest = new IngestRequest(sopClassUid, sopInstanceUid, request.Context.TransferSyntax, request.Association.CallingAeTitle);
        var outcome = await ingester.StoreAsync(request.DataSet, ingest, ct);
        if (outcome.Refusal is { } refusal)
        {
            await RefuseAsync(request, refusal, outcome.Explanation, ct);
            return;
        }

        await audit.RecordAsync(request.Association, sopClassUid, outcome, isRetrieved: false);
        await request.RespondAsync(StorageTable.Success.Code, ct);
    }

    private static ValueTask RefuseAsync(DimseRequest request, IngestRefusal refusal, string? explanation, CancellationToken ct)
    {
        var (status, comment) = RefusalTable.Find(refusal);
        return request.RespondWithErrorAsync(status, explanation ?? comment, ct);
    }
}
