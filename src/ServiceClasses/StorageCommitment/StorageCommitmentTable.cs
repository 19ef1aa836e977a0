using Panal.Dicom;
using Panal.Security.Access;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>The Storage Commitment service class, Push Model. PS3.4 Annex J.</summary>
public static class StorageCommitmentTable
{
    /// <summary>Action Type ID (0000,1008): request storage commitment. PS3.4 Table J.3-1.</summary>
    public const ushort RequestStorageCommitment = 1;

    /// <summary>Event Type ID (0000,1002): every instance is committed. PS3.4 Table J.3-2.</summary>
    public const ushort StorageCommitmentRequestSuccessful = 1;

    /// <summary>Event Type ID (0000,1002): failures exist. PS3.4 Table J.3-2.</summary>
    public const ushort StorageCommitmentRequestCompleteFailuresExist = 2;

    public static readonly ServiceStatus ActionSuccess =
        new(0x0000, StatusKind.Success, "Success", "the request is recorded durably; the result follows by N-EVENT-REPORT", "PS3.7 §10.1.4.1.10");

    public static readonly ServiceStatus NoSuchSopInstance =
        new(0x0112, StatusKind.Failure, "No such SOP Instance", "Requested SOP Instance UID is not the well-known instance", "PS3.7 §C.5.19");

    public static readonly ServiceStatus NoSuchActionType =
        new(0x0123, StatusKind.Failure, "No such Action Type", "Action Type ID is not 1", "PS3.7 §C.5.24");

    public static readonly ServiceStatus NoSuchEventType =
        new(0x0113, StatusKind.Failure, "No such Event Type", "Event Type ID is neither 1 nor 2", "PS3.7 §C.5.18");

    public static readonly ServiceStatus InvalidArgumentValue =
        new(0x0115, StatusKind.Failure, "Invalid argument value", "Transaction UID or Referenced SOP Sequence is missing, empty or malformed", "PS3.7 §C.5.10");

    public static ServiceClass Service { get; } = new(
        "Storage Commitment", "PS3.4 Annex J", Rights.Commit, TransferSyntaxRule.Decodable,
        [new ServiceSopClass(Uids.StorageCommitmentPushModel, "Storage Commitment Push Model", ServiceRoles.Scp | ServiceRoles.Scu)],
        [
            new OperationStatuses("N-ACTION", [ActionSuccess, NoSuchSopInstance, NoSuchActionType, InvalidArgumentValue, .. GeneralStatus.All]),
            new OperationStatuses("N-EVENT-REPORT (as SCU)", [ActionSuccess, NoSuchEventType, InvalidArgumentValue, .. GeneralStatus.All]),
        ]);
}
