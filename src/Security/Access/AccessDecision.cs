namespace Panal.Security.Access;

/// <summary>Why a caller is turned away; each door has its own code for it.</summary>
public enum AccessRefusal
{
    /// <summary>The caller is welcome.</summary>
    None = 0,

    /// <summary>No entity with this title is registered. A-ASSOCIATE-RJ 1, 1, 3.</summary>
    CallingAeUnknown = 1,

    /// <summary>The title is registered with another address. A-ASSOCIATE-RJ 1, 1, 3: the caller learns no more than a stranger does.</summary>
    AddressDiffers = 2,

    /// <summary>The title is registered with a certificate that the caller did not show. A-ASSOCIATE-RJ 1, 1, 3.</summary>
    CertificateDiffers = 3,

    /// <summary>The title is registered for calls over TLS and this one came in the clear. A-ASSOCIATE-RJ 1, 1, 3.</summary>
    TlsRequired = 4,

    /// <summary>The caller wants another AE than us. A-ASSOCIATE-RJ 1, 1, 7.</summary>
    CalledAeUnknown = 5,
}

/// <summary>Whether a caller may come in, and what it may do.</summary>
/// <param name="Refusal">None when it may come in.</param>
/// <param name="Rights">What it may do; none when refused.</param>
/// <param name="Entity">Its registration; null for a loopback or open caller without one.</param>
public sealed record AccessDecision(AccessRefusal Refusal, Rights Rights, ApplicationEntity? Entity)
{
    /// <summary>True when the caller may come in.</summary>
    public bool IsAccepted => Refusal == AccessRefusal.None;

    /// <summary>True when the caller may do all of <paramref name="wanted"/>.</summary>
    public bool Allows(Rights wanted) => IsAccepted && (Rights & wanted) == wanted;

    internal static AccessDecision Refuse(AccessRefusal refusal) => new(refusal, Rights.None, null);
}
