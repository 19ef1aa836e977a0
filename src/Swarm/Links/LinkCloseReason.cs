namespace Panal.Swarm.Links;

/// <summary>Why a link or a stream of it was closed. The numbers are on the wire (docs/formats/link.md) and never change.</summary>
public enum LinkCloseReason : ushort
{
    /// <summary>The node stops in order.</summary>
    Stopping = 0,

    /// <summary>A frame or preface breaks the format.</summary>
    Malformed = 1,

    /// <summary>A length is above its limit.</summary>
    Oversized = 2,

    /// <summary>There is no version that both speak.</summary>
    Version = 3,

    /// <summary>A frame of a type that the version does not have.</summary>
    UnknownType = 4,

    /// <summary>The certificate is not a member's.</summary>
    Stranger = 5,

    /// <summary>The member's right to be here was taken away.</summary>
    Revoked = 6,

    /// <summary>Another version of TLS, another suite or another application protocol than the one allowed.</summary>
    Downgrade = 7,

    /// <summary>Handshake or preface was not complete in time.</summary>
    TooSlow = 8,

    /// <summary>No answer to a ping in time.</summary>
    Silent = 9,

    /// <summary>Another link of the same pair stays.</summary>
    Duplicate = 10,

    /// <summary>A better link of the same pair stands.</summary>
    Replaced = 11,

    /// <summary>More data than credit, or credit beyond its limit.</summary>
    Credit = 12,

    /// <summary>A frame for a stream that cannot have it.</summary>
    Stream = 13,

    /// <summary>Nobody serves the protocol.</summary>
    NotServed = 14,

    /// <summary>The stream is no longer wanted.</summary>
    GivenUp = 15,

    /// <summary>A limit of the relay or of streams is reached.</summary>
    Quota = 16,

    /// <summary>Our side failed.</summary>
    Failed = 17,

    /// <summary>The TLS handshake failed or the connection was cut; never on the wire.</summary>
    Tunnel = 18,
}
