using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Security.Access;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>The Query/Retrieve service class. PS3.4 Annex C.</summary>
public static class QueryRetrieveTable
{
    public static readonly ServiceStatus FindSuccess =
        new(0x0000, StatusKind.Success, "Matching is complete", "after the last match; carries no identifier", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus FindPending =
        new(0xFF00, StatusKind.Pending, "Matches are continuing", "once for each match", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus FindPendingKeysUnsupported =
        new(0xFF01, StatusKind.Pending, "Matches are continuing, optional keys unsupported", "once for each match, when the identifier asks for an attribute that is not catalogued", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus FindCancelled =
        new(0xFE00, StatusKind.Cancel, "Matching terminated due to Cancel request", "after C-CANCEL", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus FindIdentifierDoesNotMatch =
        new(0xA900, StatusKind.Failure, "Identifier does not match SOP Class", "the level is missing or unknown, or a unique key above it is missing in a strict query", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus FindUnableToProcess =
        new(0xC000, StatusKind.Failure, "Unable to process", "the identifier cannot be parsed", "PS3.4 Table C.4-1");

    public static readonly ServiceStatus MoveUnableToCalculate =
        new(0xA701, StatusKind.Failure, "Refused: Out of Resources - Unable to calculate number of matches", "the catalogue cannot be read", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveUnableToPerform =
        new(0xA702, StatusKind.Failure, "Refused: Out of Resources - Unable to perform sub-operations", "every sub-operation failed, or the destination cannot be reached", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveDestinationUnknown =
        new(0xA801, StatusKind.Failure, "Refused: Move Destination unknown", "the destination is not registered, or the caller may not send to it", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveIdentifierDoesNotMatch =
        new(0xA900, StatusKind.Failure, "Identifier does not match SOP Class", "the level is missing or unknown, or a unique key is missing", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveUnableToProcess =
        new(0xC000, StatusKind.Failure, "Unable to process", "the identifier cannot be parsed", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveCancelled =
        new(0xFE00, StatusKind.Cancel, "Sub-operations terminated due to Cancel Indication", "after C-CANCEL; carries the counters", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveFailures =
        new(0xB000, StatusKind.Warning, "Sub-operations complete - one or more failures or warnings", "some sub-operations failed or were warned of", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MoveSuccess =
        new(0x0000, StatusKind.Success, "Sub-operations complete - no failures or warnings", "all went well, also when nothing matched", "PS3.4 Table C.4-2");

    public static readonly ServiceStatus MovePending =
        new(0xFF00, StatusKind.Pending, "Sub-operations are continuing", "at the beginning, as instances are sent, and at least every three seconds", "PS3.4 Table C.4-2");

    // PS3.4 Table C.4-3 has the same codes as Table C.4-2, without the destination.
    private static readonly ServiceStatus[] GetStatuses =
        [.. MoveStatuses().Where(status => status != MoveDestinationUnknown).Select(status => status with { Source = "PS3.4 Table C.4-3" })];

    public static ServiceClass Find { get; } = new(
        "Query", "PS3.4 Annex C (C-FIND)", Rights.Find, TransferSyntaxRule.Decodable,
        [
            Both(Uids.PatientRootQueryRetrieveInformationModelFind, "Patient Root Query/Retrieve Information Model - FIND"),
            Both(Uids.StudyRootQueryRetrieveInformationModelFind, "Study Root Query/Retrieve Information Model - FIND"),
        ],
        [new OperationStatuses("C-FIND", [FindSuccess, FindPending, FindPendingKeysUnsupported, FindCancelled, FindIdentifierDoesNotMatch, FindUnableToProcess, .. GeneralStatus.All])]);

    public static ServiceClass Move { get; } = new(
        "Retrieve (MOVE)", "PS3.4 Annex C (C-MOVE)", Rights.Retrieve, TransferSyntaxRule.Decodable,
        [
            Both(Uids.PatientRootQueryRetrieveInformationModelMove, "Patient Root Query/Retrieve Information Model - MOVE"),
            Both(Uids.StudyRootQueryRetrieveInformationModelMove, "Study Root Query/Retrieve Information Model - MOVE"),
        ],
        [new OperationStatuses("C-MOVE", [.. MoveStatuses(), .. GeneralStatus.All])]);

    public static ServiceClass Get { get; } = new(
        "Retrieve (GET)", "PS3.4 Annex C (C-GET)", Rights.Retrieve, TransferSyntaxRule.Decodable,
        [
            Both(Uids.PatientRootQueryRetrieveInformationModelGet, "Patient Root Query/Retrieve Information Model - GET"),
            Both(Uids.StudyRootQueryRetrieveInformationModelGet, "Study Root Query/Retrieve Information Model - GET"),
        ],
        [new OperationStatuses("C-GET", [.. GetStatuses, .. GeneralStatus.All])]);

    /// <summary>Returns the model of a Query/Retrieve SOP class: all Patient Root classes share one branch of UIDs. PS3.4 §C.6.</summary>
    internal static InformationModel ModelOf(string sopClassUid) =>
        sopClassUid.StartsWith("1.2.840.10008.5.1.4.1.2.1.", StringComparison.Ordinal) ? InformationModel.PatientRoot : InformationModel.StudyRoot;

    private static ServiceSopClass Both(string uid, string name) => new(uid, name, ServiceRoles.Scp | ServiceRoles.Scu);

    private static ServiceStatus[] MoveStatuses() =>
    [
        MoveSuccess, MovePending, MoveFailures, MoveCancelled, MoveUnableToCalculate, MoveUnableToPerform,
        MoveDestinationUnknown, MoveIdentifierDoesNotMatch, MoveUnableToProcess,
    ];
}
