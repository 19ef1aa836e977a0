
namespace Panal.Dimse;

/// <summary>The fixed part of A-ASSOCIATE-RQ and A-ASSOCIATE-AC, and the item types of both.</summary>
internal static class AssociatePdu
{
    /// <summary>Protocol version, two reserved bytes, two titles, 32 reserved bytes.</summary>
    public const int FixedBytes = 68;

    public const int AeTitleBytes = 16;
    public const int ReservedBytes = 32;

    /// <summary>PS3.5 §9.1.</summary>
    public const int MaximumUidBytes = 64;

    /// <summary>PS3.8 §9.3.2.2: odd numbers from 1 to 255.</summary>
    public const int MaximumContexts = 128;

    /// <summary>More than twice the transfer syntaxes that the standard has ever defined.</summary>
    public const int MaximumTransferSyntaxes = 128;

    /// <summary>Roles and negotiations: a few for each context.</summary>
    public const int MaximumNegotiationItems = 1024;

    /// <summary>PS3.7 §D.3.3.2.3.</summary>
    public const int MaximumVersionNameBytes = 16;

    /// <summary>Bit 0 of the protocol version field (PS3.8 §9.3.2, Table 9-11).</summary>
    public const ushort ProtocolVersion = 1;

    /// <summary>DICOM Application Context Name (PS3.7 §A.2.1).</summary>
    public const string ApplicationContextName = "1.2.840.10008.3.1.1.1";
}

/// <summary>Items and sub-items (PS3.8 §9.3.2, 9.3.3 and Annex D; PS3.7 §D.3.3).</summary>
internal enum ItemType : byte
{
    ApplicationContext = 0x10,
    ProposedContext = 0x20,
    ContextReply = 0x21,
    AbstractSyntax = 0x30,
    TransferSyntax = 0x40,
    UserInformation = 0x50,
    MaximumLength = 0x51,
    ImplementationClassUid = 0x52,
    AsynchronousOperationsWindow = 0x53,
    RoleSelection = 0x54,
    ImplementationVersionName = 0x55,
    ExtendedNegotiation = 0x56,
    CommonExtendedNegotiation = 0x57,
    UserIdentity = 0x58,
    UserIdentityResponse = 0x59,
}

/// <summary>A-ASSOCIATE-RQ (PS3.8 §9.3.2, Table 9-11).</summary>
internal sealed record AssociateRequestPdu(
    ushort ProtocolVersion,
    string CalledAeTitle,
    string CallingAeTitle,
    string ApplicationContextName,
    IReadOnlyList<ProposedPresentationContext> Contexts,
    UserInformation UserInformation);

/// <summary>A-ASSOCIATE-AC (PS3.8 §9.3.3, Table 9-17).</summary>
internal sealed record AssociateAcceptPdu(
    ushort ProtocolVersion,
    string CalledAeTitle,
    string CallingAeTitle,
    string ApplicationContextName,
    IReadOnlyList<PresentationContextReply> Contexts,
    UserInformation UserInformation);
