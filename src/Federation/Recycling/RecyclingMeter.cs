using System.Diagnostics.Metrics;

namespace Panal.Federation.Recycling;

/// <summary>Counts what is dropped.</summary>
public sealed class RecyclingMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Panal.Federation.Recycling";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _studies;
    private readonly Counter<long> _bytes;

    public RecyclingMeter()
    {
        _studies = _meter.CreateCounter<long>("panal.recycling.studies", description: "Studies that were dropped.");
        _bytes = _meter.CreateCounter<long>("panal.recycling.bytes", "By", "Bytes that were dropped.");
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
