namespace Panal.Swarm.Links;

/// <summary>A link or a stream cannot be had, or has ended.</summary>
public sealed class LinkException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Why, where it is known.</summary>
    public LinkCloseReason? Reason { get; init; }
}
