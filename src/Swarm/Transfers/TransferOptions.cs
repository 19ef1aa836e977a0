using System.Net;

namespace Panal.Swarm.Transfers;

/// <summary>What the host decides about transfers.</summary>
public sealed record TransferOptions
{
    /// <summary>Where partial transfers are kept (docs/formats/partial-transfer.md).</summary>
    public required string Folder { get; init; }

    /// <summary>Bytes that stay free on the disk of the folder besides what all transfers still need.</summary>
    public long ReserveBytes { get; init; } = 1L << 30;

    /// <summary>Most transfers at a time; more are refused, because each has files open.</summary>
    public int MaxTransfers { get; init; } = 256;

    /// <summary>What our line carries upwards, in bytes of its frames a second; null if nobody knows.</summary>
    public double? LineBytesPerSecond { get; init; }

    /// <summary>What our uplink carries, in bytes a second: others leave fresh blocks to us in proportion. Where it is not known, an ADSL line's.</summary>
    public double UplinkBytesPerSecond => LineBytesPerSecond ?? Download.UnknownUplink;

    /// <summary>
    /// Most that is sent over all lines together to those who are not near, in bytes a second, for each hour of the local day from midnight; infinity for no
    /// limit.
    /// </summary>
    public IReadOnlyList<double> UplinkLimits { get; init; } = [.. Enumerable.Repeat(double.PositiveInfinity, 24)];

    /// <summary>What goes to those who are near counts for <see cref="UplinkLimits"/> too: for a house whose network is itself a line.</summary>
    public bool LimitsNear { get; init; }

    /// <summary>Lines of their own beside the one that leads to everybody else; of several that fit a peer, the first.</summary>
    public IReadOnlyList<LineOptions> Lines { get; init; } = [];

    /// <summary>Who is near besides those that are recognised.</summary>
    public IReadOnlyList<IPNetwork> NearNetworks { get; init; } = [];

    /// <summary>Who answers within this is near: switches take tenths of a millisecond, the nearest line some milliseconds.</summary>
    public TimeSpan NearRoundTrip { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How often announcements that found no message to ride on are told.</summary>
    public TimeSpan AnnounceInterval { get; init; } = Announcing.Idle;

    /// <summary>First and longest pause before a holder whose stream ended is asked again; doubled each time.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="FirstRetry"/>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before a complete object that the archive could not take is offered again.</summary>
    public TimeSpan KeepRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the directory is asked for holders that are new.</summary>
    public TimeSpan DirectoryInterval { get; init; } = TimeSpan.FromSeconds(10);
}
