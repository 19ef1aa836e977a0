using System.Net;

namespace Panal.Swarm.Links;

/// <summary>How it stands with a peer.</summary>
public enum LinkState
{
    /// <summary>No link, and none is being made: it can only dial us, or the next attempt is waited for.</summary>
    Down,

    /// <summary>A link is being made.</summary>
    Dialling,

    /// <summary>A link stands.</summary>
    Up,
}

/// <summary>One peer and the link to it, as they are at one moment.</summary>
public sealed record LinkStatus
{
    /// <summary>Who it is.</summary>
    public required NodeId Peer { get; init; }

    /// <summary>Whether a link stands.</summary>
    public required LinkState State { get; init; }

    /// <summary>Where the connection goes; of a relayed link, null.</summary>
    public EndPoint? Remote { get; init; }

    /// <summary>Through whom, if the link is relayed.</summary>
    public NodeId? Relay { get; init; }

    /// <summary>Whether we made the connection.</summary>
    public bool IsDialledByUs { get; init; }

    /// <summary>How long the link stands.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>Smoothed time from a ping to its answer; null before the first.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Bytes of frames, without those of TLS and TCP, since the link stands.</summary>
    public long SentBytes { get; init; }

    /// <inheritdoc cref="SentBytes"/>
    public long ReceivedBytes { get; init; }

    /// <summary>Bytes a second, smoothed over some seconds.</summary>
    public double SentPerSecond { get; init; }

    /// <inheritdoc cref="SentPerSecond"/>
    public double ReceivedPerSecond { get; init; }

    /// <summary>Streams that stand, of both sides.</summary>
    public int Streams { get; init; }

    /// <summary>Why the last attempt or link ended, in words; null if none did.</summary>
    public string? LastFailure { get; init; }
}
