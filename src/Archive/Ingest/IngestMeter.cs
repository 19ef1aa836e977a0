using System.Diagnostics.Metrics;

namespace Panal.Archive.Ingest;

/// <summary>Counts instances by what became of them, and how long they took.</summary>
public sealed class IngestMeter : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Panal.Archive";

    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _seconds;
    private readonly long[] _results = new long[Enum.GetValues<IngestResult>().Length];
    private long _keptBytes;

    // The counters are asked for when somebody looks: to tell whoever listens of each instance would take longer than to count it.
    public IngestMeter()
    {
        _meter.CreateObservableCounter("ingest_instances", Results, description: "Instances offered, by result");
        _meter.CreateObservableCounter("ingest_bytes", () => Interlocked.Read(ref _keptBytes), "By", "Bytes of instances that were kept");
        _seconds = _meter.CreateHistogram<double>("ingest_duration_seconds", "s", "From the first byte of a data set to the outcome");
    }

    /// <summary>Instances offered since the start: what is the same twice was quiet in between.</summary>
    public long Offered => Enum.GetValues<IngestResult>().Sum(Count);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Kept(long lengthBytes) => Interlocked.Add(ref _keptBytes, lengthBytes);

    internal void Record(in IngestOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _results[(int)outcome.Result]);
        _seconds.Record(duration.TotalSeconds);
    }

    // A result that never was is not told of.
    private IEnumerable<Measurement<long>> Results() => Enum.GetValues<IngestResult>()
        .Select(result => new Measurement<long>(Count(result), new KeyValuePair<string, object?>("result", Term(result))))
        .Where(measured => measured.Value > 0);

    private long Count(IngestResult result) => Interlocked.Read(ref _results[(int)result]);

    private static string Term(IngestResult result) => result switch
    {
        IngestResult.Stored => "stored",
        IngestResult.AlreadyThere => "already_there",
        IngestResult.KeptFirst => "kept_first",
        IngestResult.KeptBoth => "kept_both",
        _ => "refused",
    };
}
