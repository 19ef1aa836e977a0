using Panal.Dicom;
using Panal.Security.Access;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.InstanceAvailability;

/// <summary>The Instance Availability Notification service class. PS3.4 Annex R.</summary>
public static class InstanceAvailabilityTable
{
    public static readonly ServiceStatus Success = new(
        0x0000, StatusKind.Success, "Success", "the notice is taken; if the caller is an archive that this node mirrors, it is asked about the study", "PS3.7 §10.1.5.1.6");

    public static readonly ServiceStatus MissingAttribute =
        new(0x0120, StatusKind.Failure, "Missing attribute", "Study Instance UID or Referenced Series Sequence is missing, empty or malformed", "PS3.7 §C.5.13");

    // Whoever may store may say that something can be had.
    public static ServiceClass Service { get; } = new(
        "Instance Availability Notification", "PS3.4 Annex R", Rights.Store, TransferSyntaxRule.Decodable,
        [new ServiceSopClass(Uids.InstanceAvailabilityNotification, "Instance Availability Notification", ServiceRoles.Scp)],
        [new OperationStatuses("N-CREATE", [Success, MissingAttribute, .. GeneralStatus.All])]);
}
