using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Dimse;

/// <summary>Facts of the connection, which the peer cannot choose in its A-ASSOCIATE-RQ.</summary>
/// <param name="RemoteEndPoint">Where the connection comes from or goes to; null when unknown.</param>
/// <param name="Certificate">What the peer proved by TLS; null without.</param>
/// <param name="IsTls">True when the connection is over TLS, with or without a certificate of the peer.</param>
public sealed record Peer(EndPoint? RemoteEndPoint, X509Certificate2? Certificate, bool IsTls = false);

/// <summary>What a requestor asks for (PS3.8 §7.1.1); titles may hold any character that fits in a byte.</summary>
public sealed record AssociationRequest(
    string CallingAeTitle,
    string CalledAeTitle,
    Peer Peer,
    IReadOnlyList<ProposedPresentationContext> Contexts,
    UserInformation UserInformation)
{
    /// <summary>Who the user says to be; null when nothing is said.</summary>
    public UserIdentity? UserIdentity => UserInformation.UserIdentity;

    public override string ToString() => $"AssociationRequest from {AeTitle.Sanitise(CallingAeTitle)}, {Contexts.Count} contexts";
}

/// <summary>The answer to an <see cref="AssociationRequest"/>.</summary>
public abstract record AssociationDecision
{
    private AssociationDecision()
    {
    }

    /// <summary>A-ASSOCIATE-AC (PS3.8 §9.3.3); each context has its own result.</summary>
    /// <param name="Contexts">One reply for each proposed context; what is missing is answered "no reason".</param>
    public sealed record Accept(IReadOnlyList<PresentationContextReply> Contexts) : AssociationDecision
    {
        /// <summary>Roles granted; never more than proposed (PS3.7 §D.3.3.4).</summary>
        public IReadOnlyList<RoleSelection> Roles { get; init; } = [];

        /// <summary>Service-class information in reply, for proposed classes alone.</summary>
        public IReadOnlyList<ExtendedNegotiation> ExtendedNegotiation { get; init; } = [];

        /// <summary>Server's part of Kerberos or SAML; empty for a plain positive response.</summary>
        public ReadOnlyMemory<byte> UserIdentityResponse { get; init; }
    }

    /// <summary>A-ASSOCIATE-RJ (PS3.8 §9.3.4, Table 9-21).</summary>
    public sealed record Reject(RejectResult Result, RejectReason Reason) : AssociationDecision;
}

/// <summary>Decides who may open an association, and for what.</summary>
public interface IAssociationPolicy
{
    /// <summary>Decides on one request; the cancellation fires when this side stops.</summary>
    ValueTask<AssociationDecision> DecideAsync(AssociationRequest request, CancellationToken ct);
}
