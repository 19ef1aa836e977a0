namespace Panal.Swarm.Links;

/// <summary>What the host decides about links.</summary>
public sealed record LinkOptions
{
    /// <summary>How long a TLS handshake with its preface may take. Five round trips of a satellite line are 4 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Handshakes under way at a time, so that callers who say nothing do not fill the memory.</summary>
    public int MaxHandshakes { get; init; } = 64;

    /// <summary>How often a link is looked at: its rates are taken, and it is pinged if nothing came since, or every fourth time if it carries something.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>A link on which nothing came for so long is dead; with the interval above it is noticed within 10 s.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(7.5);

    /// <summary>A peer that takes nothing for so long is dead although it still talks.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Streams that a peer may have open at a time, and we with it (docs/formats/link.md).</summary>
    public int MaxStreams { get; init; } = 256;

    /// <summary>What a peer may send on a stream that we opened before we consume it, in bytes; 16 KiB to <see cref="LongestWindowBytes"/>.</summary>
    public int FirstWindowBytes { get; init; } = 256 * 1024;

    /// <summary>How far the window of a stream grows while it is consumed quickly, in bytes: 300 Mbit/s at 100 ms.</summary>
    public int LongestWindowBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What all windows of a link may grow by together, in bytes. With the first windows it is the bound on its memory.</summary>
    public int WindowBudgetBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>First and longest pause between two attempts to reach a peer; doubled each time, half of it at random.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc cref="FirstBackOff"/>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the streams of a link may go on after a better link of the same pair stands.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a TCP connection may take to stand.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What we relay for others.</summary>
    public RelayOptions Relay { get; init; } = new();
}

/// <summary>What a node relays between two others that cannot reach one another.</summary>
public sealed record RelayOptions
{
    /// <summary>Whether we relay at all.</summary>
    public bool IsOffered { get; init; } = true;

    /// <summary>Relayed links at a time.</summary>
    public int MaxLinks { get; init; } = 64;

    /// <summary>Relayed links at a time that one member asked for.</summary>
    public int MaxLinksOfMember { get; init; } = 8;

    /// <summary>Most that one relayed link carries in each direction, in bytes a second.</summary>
    public int BytesPerSecond { get; init; } = 2_000_000;
}
