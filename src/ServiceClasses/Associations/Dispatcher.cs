using Microsoft.Extensions.Logging;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.InstanceAvailability;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;
using Panal.ServiceClasses.Tables;
using Panal.ServiceClasses.Verification;

namespace Panal.ServiceClasses.Associations;

/// <summary>Hands each request to its service; the one place where a failure of ours becomes a status.</summary>
public sealed class Dispatcher(
    VerificationScp verification,
    StorageScp storage,
    QueryScp query,
    MoveScp move,
    GetScp get,
    StorageCommitmentScp commitment,
    StorageCommitmentScu commitmentResults,
    InstanceAvailabilityScp availability,
    ILogger<Dispatcher> logger) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        if (Find(request) is not { } service)
        {
            await request.RespondWithErrorAsync(GeneralStatus.UnrecognizedOperation, "Not an operation of this SOP class", ct);
            return;
        }

        try
        {
            await service.HandleAsync(request, ct);
        }
        catch (DicomFormatException fault)
        {
            Log.DataSetMalformed(logger, request.Association.CallingAeTitle, fault.Reason, fault.OffsetBytes);
            await FailAsync(request, QueryRetrieveTable.FindUnableToProcess, $"{fault.Reason} at byte {fault.OffsetBytes}");
        }
        catch (Exception e) when (e is not (OperationCanceledException or AssociationEndedException or AssociationAbortException))
        {
            Log.RequestFailed(logger, request.CommandField, request.Association.CallingAeTitle, e);
            await FailAsync(request, GeneralStatus.ProcessingFailure, "Processing failure");
        }
    }

    private static ValueTask FailAsync(DimseRequest request, ServiceStatus status, string comment) =>
        request.IsAnswered ? ValueTask.CompletedTask : request.RespondWithErrorAsync(status, comment, CancellationToken.None);

    private IDimseService? Find(DimseRequest request)
    {
        var service = ServiceClassTable.Find(request.Context.AbstractSyntax);
        return request.CommandField switch
        {
            CommandField.CEcho when service == VerificationTable.Service => verification,
            CommandField.CStore when service == StorageTable.Service => storage,
            CommandField.CFind when service == QueryRetrieveTable.Find => query,
            CommandField.CMove when service == QueryRetrieveTable.Move => move,
            CommandField.CGet when service == QueryRetrieveTable.Get => get,
            CommandField.NAction when service == StorageCommitmentTable.Service => commitment,
            CommandField.NCreate when service == InstanceAvailabilityTable.Service => availability,
            CommandField.NEventReport when service == StorageCommitmentTable.Service => commitmentResults,
            _ => null,
        };
    }
}
