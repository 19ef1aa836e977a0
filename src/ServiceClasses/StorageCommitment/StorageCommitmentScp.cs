using Microsoft.Extensions.Logging;
using Panal.Archive.Commitment;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>Answers N-ACTION of the Push Model. PS3.4 §J.3.2.</summary>
public sealed class StorageCommitmentScp(CommitmentService commitment, OriginalAssociations associations, ILogger<StorageCommitmentScp> logger) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        if (request.SopInstanceUid != Uids.StorageCommitmentPushModelInstance)
        {
            await request.RespondWithErrorAsync(StorageCommitmentTable.NoSuchSopInstance, "Not the well-known instance", ct);
            return;
        }

        if (request.Command.GetUInt16(Tags.ActionTypeID) != StorageCommitmentTable.RequestStorageCommitment)
        {
            await request.RespondWithErrorAsync(StorageCommitmentTable.NoSuchActionType, "Action Type ID is not 1", ct);
            return;
        }

        var association = request.Association;
        if (CommitmentDataSets.ReadRequest(await request.ReadIdentifierAsync(ct)) is not var (transactionUid, instances))
        {
            await request.RespondWithErrorAsync(StorageCommitmentTable.InvalidArgumentValue, "Transaction UID or references are missing", ct);
            return;
        }

        associations.Remember(association);
        await commitment.RequestAsync(new CommitmentRequest(transactionUid, association.CallingAeTitle, association.CalledAeTitle, instances), ct);
        Log.CommitmentRequested(logger, association.CallingAeTitle, instances.Count);
        await request.RespondAsync(StorageCommitmentTable.ActionSuccess.Code, ct);
    }
}
