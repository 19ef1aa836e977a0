using Panal.Swarm.Links;

namespace Panal.Swarm.Wire;

/// <summary>The peer broke the format of the link: the link is closed with this reason.</summary>
internal sealed class LinkViolationException(LinkCloseReason reason, string message) : IOException(message)
{
    /// <summary>What the peer is told.</summary>
    public LinkCloseReason Reason { get; } = reason;
}
