namespace Panal.Dimse;

/// <summary>Who aborted (PS3.8 §9.3.8, Table 9-26).</summary>
public enum AbortSource : byte
{
    /// <summary>The DICOM application.</summary>
    ServiceUser = 0,

    /// <summary>The upper layer itself.</summary>
    ServiceProvider = 2,
}

/// <summary>Why the provider aborted (PS3.8 §9.3.8, Table 9-26); without meaning when the user aborted.</summary>
public enum AbortReason : byte
{
    NotSpecified = 0,
    UnrecognizedPdu = 1,
    UnexpectedPdu = 2,
    UnrecognizedPduParameter = 4,
    UnexpectedPduParameter = 5,
    InvalidPduParameterValue = 6,
}

/// <summary>The peer broke the protocol; carries the reason that the A-ABORT PDU tells it (PS3.8 Table 9-26).</summary>
public sealed class AssociationAbortException(string message, AbortReason reason) : Exception(message)
{
    /// <summary>The reason field of the A-ABORT PDU.</summary>
    public AbortReason Reason { get; } = reason;
}

/// <summary>How an association ended.</summary>
public enum AssociationEnd
{
    /// <summary>Released by either side, in order.</summary>
    Released,

    /// <summary>The peer sent A-ABORT.</summary>
    AbortedByPeer,

    /// <summary>We sent A-ABORT because the peer broke the protocol.</summary>
    ProtocolViolation,

    /// <summary>We sent A-ABORT because this side wished it.</summary>
    AbortedLocally,

    /// <summary>The transport connection closed without release.</summary>
    ConnectionLost,

    /// <summary>The peer was silent, too slow, or did not read.</summary>
    TimedOut,

    /// <summary>This side is stopping.</summary>
    Stopped,
}

/// <summary>The association ended before the operation did.</summary>
public sealed class AssociationEndedException(AssociationEnd end, string message, Exception? inner) : Exception(message, inner)
{
    /// <summary>How it ended.</summary>
    public AssociationEnd End { get; } = end;
}
