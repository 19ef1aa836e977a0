using Panal.Archive.Ingest;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>What this door answers for each reason why an instance is refused; docs/refusals.tsv shows all doors.</summary>
public static class RefusalTable
{
    /// <summary>Returns the status and the Error Comment (0000,0902) of a refusal.</summary>
    public static (ServiceStatus Status, string ErrorComment) Find(IngestRefusal refusal) => refusal switch
    {
        IngestRefusal.OutOfResources => (StorageTable.OutOfResources, "Out of storage"),
        IngestRefusal.DataSetDoesNotMatchSopClass => (StorageTable.DataSetDoesNotMatchSopClass, "Data set differs from the command"),
        IngestRefusal.CannotUnderstand => (StorageTable.CannotUnderstand, "Data set cannot be understood"),
        IngestRefusal.InvalidUid => (StorageTable.InvalidSopInstance, "Invalid UID"),
        IngestRefusal.DuplicateSopInstance => (StorageTable.DuplicateSopInstance, "Other content is stored under this UID"),
        IngestRefusal.NotAuthorized => (GeneralStatus.NotAuthorized, "Not authorized"),
        IngestRefusal.ProcessingFailure => (GeneralStatus.ProcessingFailure, "Processing failure"),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal)),
    };
}
