using Panal.Dicom;
using Panal.Security.Access;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Verification;

/// <summary>The Verification service class. PS3.4 Annex A.</summary>
public static class VerificationTable
{
    public static readonly ServiceStatus Success =
        new(0x0000, StatusKind.Success, "Success", "always", "PS3.7 §9.1.5.1.4");

    public static ServiceClass Service { get; } = new(
        "Verification", "PS3.4 Annex A", Rights.Echo, TransferSyntaxRule.Decodable,
        [new ServiceSopClass(Uids.Verification, "Verification", ServiceRoles.Scp | ServiceRoles.Scu)],
        [new OperationStatuses("C-ECHO", [Success])]);
}
