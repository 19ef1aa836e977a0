using System.Net;
using Microsoft.Extensions.Logging;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.Security.Audit;

namespace Panal.ServiceClasses.Associations;

/// <summary>Decides on each association: who calls, and which services it may use.</summary>
public sealed class ServicePolicy(
    AccessControl access, AuditTrail audit, ServiceClassOptions options, ILogger<ServicePolicy> logger) : IAssociationPolicy
{
    /// <inheritdoc/>
    public async ValueTask<AssociationDecision> DecideAsync(AssociationRequest request, CancellationToken ct)
    {
        var decision = await access.DecideAsync(AccessRequestOf(request.CallingAeTitle, request.CalledAeTitle, request.Peer), ct);
        if (!decision.IsAccepted)
        {
            return await RejectAsync(request, decision.Refusal, ct);
        }

        var known = decision.Rights;
        return new AssociationDecision.Accept([.. request.Contexts.Select(context => Negotiator.Answer(context, known, options))])
        {
            Roles = [.. request.UserInformation.Roles.Select(role => Negotiator.Answer(role, known))],
            ExtendedNegotiation = [.. request.UserInformation.ExtendedNegotiation.Select(Negotiator.Answer).OfType<ExtendedNegotiation>()],
        };
    }

    /// <summary>The facts that access is decided by.</summary>
    internal static AccessRequest AccessRequestOf(string callingAeTitle, string calledAeTitle, Peer peer) =>
        new(callingAeTitle, calledAeTitle, (peer.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None, peer.IsTls || peer.Certificate is not null, peer.Certificate);

    private async ValueTask<AssociationDecision> RejectAsync(AssociationRequest request, AccessRefusal refusal, CancellationToken ct)
    {
        var address = (request.Peer.RemoteEndPoint as IPEndPoint)?.Address;
        var calling = Security.Access.AeTitle.ForDisplay(request.CallingAeTitle);
        Log.AssociationRejected(logger, calling, address, refusal);
        if (refusal == AccessRefusal.CalledAeUnknown)
        {
            return new AssociationDecision.Reject(RejectResult.Permanent, RejectReason.CalledAeTitleNotRecognized);
        }

        await audit.RecordAsync(
            AuditEvents.SecurityAlert(
                options.DeviceName, new AuditParty(calling, address), SecurityAlertType.NetworkAccess, $"A-ASSOCIATE rejected: {refusal}"),
            ct);
        return new AssociationDecision.Reject(RejectResult.Permanent, RejectReason.CallingAeTitleNotRecognized);
    }
}
