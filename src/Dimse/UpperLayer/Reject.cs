namespace Panal.Dimse;

/// <summary>Result field of A-ASSOCIATE-RJ (PS3.8 §9.3.4, Table 9-21).</summary>
public enum RejectResult : byte
{
    Permanent = 1,
    Transient = 2,
}

/// <summary>Source and reason of A-ASSOCIATE-RJ in one value: high byte source, low byte reason (PS3.8 §9.3.4, Table 9-21).</summary>
public enum RejectReason : ushort
{
    UserNoReason = 0x0101,
    ApplicationContextNotSupported = 0x0102,
    CallingAeTitleNotRecognized = 0x0103,
    CalledAeTitleNotRecognized = 0x0107,
    AcseNoReason = 0x0201,
    ProtocolVersionNotSupported = 0x0202,
    TemporaryCongestion = 0x0301,
    LocalLimitExceeded = 0x0302,
}

/// <summary>The peer answered A-ASSOCIATE-RJ.</summary>
public sealed class AssociationRejectedException(RejectResult result, byte source, byte reason)
    : Exception($"The association was rejected (result {(byte)result}, source {source}, reason {reason}).")
{
    /// <summary>Permanent or transient.</summary>
    public RejectResult Result { get; } = result;

    /// <summary>1 service user, 2 service provider (ACSE), 3 service provider (presentation).</summary>
    public byte RejectSource { get; } = source;

    /// <summary>Reason code, whose meaning depends on <see cref="RejectSource"/>.</summary>
    public byte Reason { get; } = reason;
}
