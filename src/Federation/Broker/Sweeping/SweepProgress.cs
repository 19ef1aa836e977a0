namespace Panal.Federation.Broker.Sweeping;

/// <summary>How far the sweeping of an archive is; kept on disk after each window, see docs/formats/brokers.md.</summary>
public sealed record SweepProgress
{
    /// <summary>Windows that can wait at most: each split adds one, and days of a century are 17 splits deep.</summary>
    public const int WindowLimit = 4096;

    /// <summary>Windows that are still to be asked for, the next one last.</summary>
    public IReadOnlyList<SweepWindow> Pending { get; init; } = [SweepWindow.All];

    /// <summary>Windows that were asked for in this sweep.</summary>
    public long WindowsDone { get; init; }

    /// <summary>When everything was swept last; null before the first sweep has ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When what is new was looked at last.</summary>
    public DateTimeOffset? PolledAt { get; init; }

    /// <summary>Changes of the catalogue up to here were looked at for what is to be forwarded; null before.</summary>
    public long? ForwardedSequence { get; init; }

    internal bool IsValid => Pending.Count <= WindowLimit && WindowsDone >= 0 && ForwardedSequence is null or >= 0 && Pending.All(static window => window is { IsValid: true });
}
