using Microsoft.Extensions.Logging;

namespace Panal.Dimse;

/// <summary>From A-ASSOCIATE-RQ to the answer: what the provider checks itself, then the policy (PS3.8 Table 9-10, Evt6 to Evt8).</summary>
internal sealed record Acceptance(
    Peer Peer, AssociationOptions Options, IAssociationPolicy Policy, IDimseService Service, TimeProvider Time, ILogger Logger, bool IsFull)
{
    /// <summary>Reads the request and answers it; null when it was rejected.</summary>
    /// <exception cref="AssociationAbortException">The first PDU is no valid A-ASSOCIATE-RQ.</exception>
    public async Task<Association?> DecideAsync(UpperLayerConnection connection, CancellationToken ct)
    {
        var header = await connection.ReadHeaderAsync(isAfterSilence: true);
        if (header.Type != PduType.AssociateRequest)
        {
            if (connection.Receive(header.Type) == UpperLayerAction.AA2)
            {
                throw new AssociationEndedException(AssociationEnd.AbortedByPeer, "The peer aborted before it asked.", inner: null);
            }
        }

        var body = await connection.ReadBodyAsync(header);
        var pdu = AssociateReader.ReadRequest(body);
        connection.AdvanceTo(body.End, body.End);
        connection.Receive(header.Type);
        if (ProviderRefusal(pdu) is { } refusal)
        {
            connection.RefuseByProvider();
            await RejectAsync(connection, pdu, refusal);
            return null;
        }

        var request = new AssociationRequest(pdu.CallingAeTitle, pdu.CalledAeTitle, Peer, pdu.Contexts, pdu.UserInformation);
        var decision = IsFull
            ? new AssociationDecision.Reject(RejectResult.Transient, RejectReason.LocalLimitExceeded)
            : await Policy.DecideAsync(request, ct);
        if (decision is AssociationDecision.Accept accept)
        {
            return await AcceptAsync(connection, pdu, accept);
        }

        connection.Apply(UpperLayerEvent.AssociateRejectPrimitive);
        await RejectAsync(connection, pdu, (AssociationDecision.Reject)decision);
        return null;
    }

    private static AssociationDecision.Reject? ProviderRefusal(AssociateRequestPdu pdu) =>
        (pdu.ProtocolVersion & AssociatePdu.ProtocolVersion) == 0
            ? new(RejectResult.Permanent, RejectReason.ProtocolVersionNotSupported)
            : pdu.ApplicationContextName != AssociatePdu.ApplicationContextName
                ? new(RejectResult.Permanent, RejectReason.ApplicationContextNotSupported)
                : null;

    private async ValueTask RejectAsync(UpperLayerConnection connection, AssociateRequestPdu pdu, AssociationDecision.Reject reject)
    {
        DimseMetrics.Rejected.Add(1);
        Log.Rejected(
            Logger, Association.NextNumber(), AeTitle.Sanitise(pdu.CallingAeTitle), AeTitle.Sanitise(pdu.CalledAeTitle), Peer.RemoteEndPoint,
            reject.Result, reject.Reason);
        await connection.SendAsync(target => ShortPdus.WriteReject(target, reject.Result, reject.Reason));
    }

    private async ValueTask<Association> AcceptAsync(UpperLayerConnection connection, AssociateRequestPdu pdu, AssociationDecision.Accept accept)
    {
        var replies = ContextNegotiation.Complete(pdu.Contexts, accept.Contexts);
        var roles = ContextNegotiation.Narrow(pdu.UserInformation.Roles, accept.Roles);
        var window = pdu.UserInformation.AsynchronousOperations?.Narrow(Options.AsynchronousOperations);
        var association = new Association(new AssociationParts(Association.NextNumber(), connection, Options, IsRequestor: false)
        {
            Service = Service,
            Logger = Logger,
            Time = Time,
            CallingAeTitle = pdu.CallingAeTitle,
            CalledAeTitle = pdu.CalledAeTitle,
            Peer = Peer,
            Contexts = ContextNegotiation.Accepted(pdu.Contexts, replies, roles),
            PeerInformation = pdu.UserInformation,
            ExtendedNegotiation = accept.ExtendedNegotiation,
            Window = window ?? AsynchronousOperationsWindow.Synchronous,
        });
        var isResponseWanted = pdu.UserInformation.UserIdentity is { PositiveResponseRequested: true };
        var reply = new AssociateAcceptPdu(
            AssociatePdu.ProtocolVersion, pdu.CalledAeTitle, pdu.CallingAeTitle, AssociatePdu.ApplicationContextName, replies, new UserInformation
            {
                MaximumLengthBytes = (uint)Options.MaximumPduLengthBytes,
                ImplementationClassUid = Options.ImplementationClassUid,
                ImplementationVersionName = Options.ImplementationVersionName,
                AsynchronousOperations = window,
                Roles = roles,
                ExtendedNegotiation = accept.ExtendedNegotiation,
                UserIdentityResponse = isResponseWanted ? accept.UserIdentityResponse : (ReadOnlyMemory<byte>?)null,
            });
        connection.Apply(UpperLayerEvent.AssociateAcceptPrimitive);
        await connection.SendAsync(target => AssociateWriter.WriteAccept(target, reply));
        DimseMetrics.Associations.Add(1);
        Log.Accepted(
            Logger, association.Number, AeTitle.Sanitise(pdu.CallingAeTitle), AeTitle.Sanitise(pdu.CalledAeTitle), association.Contexts.Count,
            Peer.RemoteEndPoint);
        return association;
    }
}
