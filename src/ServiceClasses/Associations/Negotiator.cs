using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Associations;

/// <summary>Answers what a requestor proposes, from the service class tables and what the requestor may do.</summary>
internal static class Negotiator
{
    // PS3.4 Table B.3-2: level 2 (full), signatures preserved bit by bit (level 3), no element is coerced.
    private static readonly byte[] StorageInformation = [2, 0, 3, 0, 0, 0];

    // PS3.4 Table C.5-1: relational, date-time matching, no fuzzy matching, no time zone adjustment, no enhanced multi-frame
    // conversion, empty value matching, multiple value matching.
    private static readonly byte[] QueryInformation = [1, 1, 0, 0, 0, 1, 1];

    // PS3.4 Table C.5-2: relational, no enhanced multi-frame conversion.
    private static readonly byte[] RetrieveInformation = [1, 0];

    /// <summary>Answers one presentation context. PS3.8 Table 9-18.</summary>
    public static PresentationContextReply Answer(ProposedPresentationContext context, Rights rights, ServiceClassOptions options)
    {
        var service = ServiceClassTable.Find(context.AbstractSyntax);
        if (service is null)
        {
            return Refuse(context, PresentationContextResult.AbstractSyntaxNotSupported);
        }

        if (!MayUse(service, rights))
        {
            return Refuse(context, PresentationContextResult.UserRejection);
        }

        return Choose(service, context.TransferSyntaxes, options) is { } syntax
            ? new PresentationContextReply(context.Id, PresentationContextResult.Acceptance, syntax)
            : Refuse(context, PresentationContextResult.TransferSyntaxesNotSupported);
    }

    /// <summary>Grants the roles that the requestor wants and may take. PS3.7 §D.3.3.4.</summary>
    public static RoleSelection Answer(RoleSelection role, Rights rights)
    {
        var service = ServiceClassTable.Find(role.SopClassUid);
        var receives = service == StorageTable.Service
            ? rights.HasFlag(Rights.Retrieve)
            : service == StorageCommitment.StorageCommitmentTable.Service;
        var sends = service is not null && rights.HasFlag(service.Right);
        return new RoleSelection(role.SopClassUid, role.Scu && sends, role.Scp && receives);
    }

    /// <summary>Answers a SOP Class Extended Negotiation, no longer than it was offered; null for services without any. PS3.7 §D.3.3.5.</summary>
    public static ExtendedNegotiation? Answer(ExtendedNegotiation offered)
    {
        var service = ServiceClassTable.Find(offered.SopClassUid);
        var ours = service == StorageTable.Service ? StorageInformation
            : service == QueryRetrieveTable.Find ? QueryInformation
            : service == QueryRetrieveTable.Move || service == QueryRetrieveTable.Get ? RetrieveInformation
            : [];
        var length = Math.Min(ours.Length, offered.ApplicationInformation.Length);
        if (length == 0)
        {
            return null;
        }

        var reply = ours[..length];
        if (service != StorageTable.Service)
        {
            // An option is on when both sides say so.
            for (var i = 0; i < length; i++)
            {
                reply[i] &= offered.ApplicationInformation.Span[i];
            }
        }

        return new ExtendedNegotiation(offered.SopClassUid, reply);
    }

    /// <summary>Storage contexts serve two services: sending to us, and C-GET's sub-operations, which many clients propose without roles.</summary>
    private static bool MayUse(ServiceClass service, Rights rights) =>
        rights.HasFlag(service.Right) || (service == StorageTable.Service && rights.HasFlag(Rights.Retrieve));

    private static string? Choose(ServiceClass service, IReadOnlyList<string> proposed, ServiceClassOptions options)
    {
        string[] acceptable = [.. proposed.Where(uid => IsTransferSyntax(uid) && service.Accepts(TransferSyntax.ForUid(uid)))];
        var preferred = service == StorageTable.Service ? options.StorageTransferSyntaxes : [];
        return preferred.FirstOrDefault(acceptable.Contains) ?? acceptable.FirstOrDefault();
    }

    /// <summary>Whatever the standard does not use for something else may be a transfer syntax.</summary>
    private static bool IsTransferSyntax(string uid) => TransferSyntax.ForUid(uid).IsKnown || (Uid.IsWellFormed(uid) && !Uids.TryFind(uid, out _));

    private static PresentationContextReply Refuse(ProposedPresentationContext context, PresentationContextResult result) =>
        new(context.Id, result, Uids.ImplicitVRLittleEndian);
}
