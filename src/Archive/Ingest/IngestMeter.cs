using System.Diagnostics.Metrics;

namespace Panal.Archive.Ingest;

/// <summary>Counts instances by what became of them, and how long they took.</summary>
public sealed class IngestMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Panal.Archive";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _instances;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _seconds;
    private long _offered;

    public IngestMeter()
    {
        _instances = _meter.CreateCounter<long>("ingest_instances", description: "Instances offered, by result");
        _bytes = _meter.CreateCounter<long>("ingest_bytes", "By", "Bytes of instances that were kept");
        _seconds = _meter.CreateHistogram<double>("ingest_duration_seconds", "s", "From the first byte of a data set to the outcome");
    }

    /// <summary>Instances offered since the start: what is the same twice was quiet in between.</summary>
    public long Offered => Interlocked.Read(ref _offered);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Kept(long lengthBytes) => _bytes.Add(lengthBytes);

    internal void Record(in IngestOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _offered);
        _instances.Add(1, new KeyValuePair<string, object?>("result", Term(outcome.Result)));
        _seconds.Record(duration.TotalSeconds);
    }

    private static string Term(IngestResult result) => result switch
    {
        IngestResult.Stored => "stored",
        IngestResult.AlreadyThere => "already_there",
        IngestResult.KeptFirst => "kept_first",
        IngestResult.KeptBoth => "kept_both",
        _ => "refused",
    };
}
