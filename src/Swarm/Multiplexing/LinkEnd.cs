using Panal.Swarm.Links;

namespace Panal.Swarm.Multiplexing;

/// <summary>How a link ended.</summary>
/// <param name="Reason">Why.</param>
/// <param name="IsByPeer">Whether the peer said so, or else we.</param>
/// <param name="IsViolation">Whether the peer broke the format.</param>
/// <param name="Message">In words, without identities.</param>
internal sealed record LinkEnd(LinkCloseReason Reason, bool IsByPeer, bool IsViolation, string Message)
{
    public LinkException ToException() => new($"The link has ended: {Message}") { Reason = Reason };
}

/// <summary>What a link asks of those who keep it.</summary>
internal interface ILinkKeeper
{
    /// <summary>Who serves a protocol, or null.</summary>
    ILinkService? Find(string protocol);

    /// <summary>What a stream of the peer may hold, where it differs from the usual; its first credit is not counted.</summary>
    StreamBuffers? Buffers(string protocol);

    /// <summary>The peer will take no more streams on this link.</summary>
    void Draining(Link link);
}
