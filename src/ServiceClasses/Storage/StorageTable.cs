using Panal.Dicom;
using Panal.Security.Access;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>The Storage service class. PS3.4 Annex B.</summary>
public static class StorageTable
{
    /// <summary>Standard storage SOP classes begin so; those of a newer edition than ours, too. PS3.6 Table A-1.</summary>
    internal const string StandardPrefix = "1.2.840.10008.";

    internal const string StandardStoragePrefix = "1.2.840.10008.5.1.4.1.1.";

    public static readonly ServiceStatus Success =
        new(0x0000, StatusKind.Success, "Success", "the instance is stored durably and catalogued, or was already there unchanged", "PS3.4 Table B.2-1");

    public static readonly ServiceStatus OutOfResources =
        new(0xA700, StatusKind.Failure, "Refused: Out of Resources", "no volume has room, or every volume fails", "PS3.4 Table B.2-1");

    public static readonly ServiceStatus DataSetDoesNotMatchSopClass =
        new(0xA900, StatusKind.Failure, "Error: Data Set does not match SOP Class", "the data set names another SOP Class or SOP Instance than the command", "PS3.4 Table B.2-1");

    public static readonly ServiceStatus CannotUnderstand =
        new(0xC000, StatusKind.Failure, "Error: Cannot understand", "the data set cannot be parsed, or lacks Study or Series Instance UID", "PS3.4 Table B.2-1");

    public static readonly ServiceStatus InvalidSopInstance =
        new(0x0117, StatusKind.Failure, "Invalid SOP Instance", "a UID violates the construction rules", "PS3.7 §C.5.12");

    public static readonly ServiceStatus DuplicateSopInstance =
        new(0x0111, StatusKind.Failure, "Duplicate SOP Instance", "another content is stored under this UID, and the policy is to refuse", "PS3.7 §C.5.8");

    private static readonly (string Uid, string Name)[] SopClasses =
        [.. Uids.All.Where(entry => IsStorage(entry.Uid)).Select(entry => (entry.Uid, entry.Name.Length > 0 ? entry.Name : entry.Keyword)).OrderBy(entry => entry.Item2, StringComparer.Ordinal)];

    public static ServiceClass Service { get; } = new(
        "Storage", "PS3.4 Annex B", Rights.Store, TransferSyntaxRule.Any,
        [.. SopClasses.Select(entry => new ServiceSopClass(entry.Uid, entry.Name, ServiceRoles.Scp | ServiceRoles.Scu))],
        [new OperationStatuses("C-STORE", [Success, OutOfResources, DataSetDoesNotMatchSopClass, CannotUnderstand, InvalidSopInstance, DuplicateSopInstance, .. GeneralStatus.All])]);

    /// <summary>Tells whether instances may be sent under an abstract syntax: storage classes that the dictionary knows,
    /// unknown ones of the standard's storage branch, and every private one.</summary>
    public static bool IsStorage(string abstractSyntaxUid)
    {
        if (Uids.TryFind(abstractSyntaxUid, out UidEntry? entry))
        {
            return entry!.Type == "SOP Class" && entry.Keyword.Contains("Storage", StringComparison.Ordinal)
                && !entry.Keyword.StartsWith("StorageCommitment", StringComparison.Ordinal)
                && abstractSyntaxUid != Uids.MediaStorageDirectoryStorage;
        }

        return abstractSyntaxUid.StartsWith(StandardStoragePrefix, StringComparison.Ordinal)
            || !abstractSyntaxUid.StartsWith(StandardPrefix, StringComparison.Ordinal);
    }
}
