using Panal.Swarm.Links;

namespace Panal.Swarm.Tunnel;

/// <summary>A connection does not become a link.</summary>
internal sealed class LinkRefusedException(LinkCloseReason reason, string message, Exception? inner = null) : IOException(message, inner)
{
    public LinkCloseReason Reason { get; } = reason;
}
