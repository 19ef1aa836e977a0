using System.Net;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Audit;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Associations;

/// <summary>What every service does with a request or its association.</summary>
internal static class Requests
{
    // Error Comment (0000,0902) is LO. PS3.5 Table 6.2-1.
    private const int ErrorCommentLimit = 64;

    /// <summary>Answers that a request failed, and why.</summary>
    public static ValueTask RespondWithErrorAsync(this DimseRequest request, ServiceStatus status, string comment, CancellationToken ct) =>
        request.RespondAsync(
            status.Code,
            null,
            command => command.Set(Tags.ErrorComment, comment.Length <= ErrorCommentLimit ? comment : comment[..ErrorCommentLimit]),
            ct);

    /// <summary>How many requests of ours may be under way; the standard's 0 is no limit (PS3.7 §D.3.3.3), ours is the option's.</summary>
    public static int Window(ushort granted, ServiceClassOptions options) =>
        granted == 0 ? options.MaximumRequestsUnderWay : Math.Min(granted, options.MaximumRequestsUnderWay);

    /// <summary>The side that opened an association with us.</summary>
    public static AuditParty Requestor(this Association association) =>
        new(Security.Access.AeTitle.ForDisplay(association.CallingAeTitle), (association.Peer.RemoteEndPoint as IPEndPoint)?.Address);

    /// <summary>Us, on an association that another opened.</summary>
    public static AuditParty Acceptor(this Association association) => new(Security.Access.AeTitle.ForDisplay(association.CalledAeTitle), null);

    /// <summary>Us, on an association that we opened.</summary>
    public static AuditParty Caller(this Association association) => new(Security.Access.AeTitle.ForDisplay(association.CallingAeTitle), null);

    /// <summary>The other side of an association that we opened.</summary>
    public static AuditParty Called(this Association association) =>
        new(Security.Access.AeTitle.ForDisplay(association.CalledAeTitle), (association.Peer.RemoteEndPoint as IPEndPoint)?.Address);
}
