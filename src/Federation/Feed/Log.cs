using Microsoft.Extensions.Logging;
using Panal.Swarm;

namespace Panal.Federation.Feed;

internal static partial class Log
{
    [LoggerMessage(101, LogLevel.Information, "Takes over a snapshot of {Publisher}")]
    public static partial void SnapshotBegins(ILogger logger, NodeId publisher);

    [LoggerMessage(102, LogLevel.Information, "The snapshot of {Publisher} is taken over: {Instances} instances")]
    public static partial void SnapshotEnded(ILogger logger, NodeId publisher, long instances);

    [LoggerMessage(103, LogLevel.Information, "The feed of {Publisher} is interrupted: {Reason}; next attempt in {Wait}")]
    public static partial void Interrupted(ILogger logger, NodeId publisher, string reason, TimeSpan wait);

    [LoggerMessage(104, LogLevel.Warning, "{Subscriber} may not follow the feed")]
    public static partial void Refused(ILogger logger, NodeId subscriber);

    [LoggerMessage(105, LogLevel.Information, "Dropped {Count} old changes")]
    public static partial void Compacted(ILogger logger, int count);

    [LoggerMessage(106, LogLevel.Error, "The feed of {Publisher} cannot be followed")]
    public static partial void Failed(ILogger logger, Exception fault, NodeId publisher);
}
