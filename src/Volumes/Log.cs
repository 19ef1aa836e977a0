using Microsoft.Extensions.Logging;

namespace Panal.Volumes;

/// <summary>Log messages of this room; object paths may name patients and never appear.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Volume {Volume} is {State}: {Reason}")]
    public static partial void VolumeChanged(ILogger logger, int volume, VolumeState state, string reason);

    [LoggerMessage(2, LogLevel.Information, "Volume {Volume} is writable")]
    public static partial void VolumeWritable(ILogger logger, int volume);

    [LoggerMessage(3, LogLevel.Error, "Segment {Segment} of the staging log is withdrawn: {Reason}")]
    public static partial void SegmentWithdrawn(ILogger logger, int segment, string reason);

    [LoggerMessage(4, LogLevel.Error, "Staged objects cannot settle; they stay staged: {Reason}")]
    public static partial void SettlingFailed(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Information, "Staging log: {Objects} objects ({Bytes} bytes) of {Segments} segments recovered")]
    public static partial void Recovered(ILogger logger, int objects, long bytes, int segments);

    [LoggerMessage(6, LogLevel.Warning, "An object cannot lie under its own path on volume {Volume}: {Reason}; it lies under a hash name")]
    public static partial void PlacedApart(ILogger logger, int volume, string reason);

    [LoggerMessage(7, LogLevel.Warning, "Segment {Segment} of the staging log could not be prepared: {Reason}")]
    public static partial void SegmentNotPrepared(ILogger logger, int segment, string reason);

    [LoggerMessage(8, LogLevel.Error, "The last object of segment {Segment} is incomplete and was never acknowledged; it is dropped")]
    public static partial void TornObject(ILogger logger, int segment);
}
