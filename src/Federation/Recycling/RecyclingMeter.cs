using System.Diagnostics.Metrics;

namespace Panal.Federation.Recycling;

/// <summary>Counts what is dropped, and what was here when it was asked for.</summary>
public sealed class RecyclingMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Panal.Federation.Recycling";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _studies;
    private readonly Counter<long> _bytes;

    /// <param name="statistics">What is counted there is looked at whenever somebody reads the meter.</param>
    public RecyclingMeter(UseStatistics statistics)
    {
        _studies = _meter.CreateCounter<long>("studies", description: "Studies that were dropped");
        _bytes = _meter.CreateCounter<long>("bytes", "By", "Bytes that were dropped");
        _meter.CreateObservableCounter("use.hits", () => statistics.Counts.Hits, description: "Instances that were here when they were asked for");
        _meter.CreateObservableCounter("use.hit_bytes", () => statistics.Counts.HitBytes, "By", "Their bytes, which no line had to carry");
        _meter.CreateObservableCounter("use.misses", () => statistics.Counts.Misses, description: "Instances that other nodes had to be asked for");
        _meter.CreateObservableCounter("use.miss_bytes", () => statistics.Counts.MissBytes, "By", "Their bytes");
    }

    /// <summary>A study was dropped.</summary>
    public void Dropped(long lengthBytes, RecyclingReason reason)
    {
        var tag = new KeyValuePair<string, object?>("reason", reason.ToString());
        _studies.Add(1, tag);
        _bytes.Add(lengthBytes, tag);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
