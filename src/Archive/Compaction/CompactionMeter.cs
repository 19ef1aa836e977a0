using System.Diagnostics.Metrics;
using Panal.Archive.Ingest;
using Panal.Catalogue;

namespace Panal.Archive.Compaction;

/// <summary>Counts what compaction decided, and what it saved.</summary>
public sealed class CompactionMeter : IDisposable
{
    private readonly Meter _meter = new(IngestMeter.Name);
    private readonly Counter<long> _instances;
    private readonly Counter<long> _received;
    private readonly Counter<long> _compact;
    private readonly Histogram<double> _seconds;

    public CompactionMeter()
    {
        _instances = _meter.CreateCounter<long>("compaction_instances", description: "Instances that compaction decided upon, by outcome");
        _received = _meter.CreateCounter<long>("compaction_received_bytes", "By", "Bytes of compacted instances as they were received");
        _compact = _meter.CreateCounter<long>("compaction_compact_bytes", "By", "Bytes of compacted instances now");
        _seconds = _meter.CreateHistogram<double>("compaction_duration_seconds", "s", "Encoding, decoding again and comparing one instance");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Record(CompactionDecision decision, TimeSpan duration)
    {
        _instances.Add(1, new KeyValuePair<string, object?>("outcome", Term(decision.Outcome)));
        _seconds.Record(duration.TotalSeconds);
        if (decision.File is { } file)
        {
            _received.Add(decision.Before.LengthBytes);
            _compact.Add(file.LengthBytes);
        }
    }

    private static string Term(CompactionOutcome outcome) => outcome switch
    {
        CompactionOutcome.Compact => "compact",
        CompactionOutcome.NotApplicable => "not_applicable",
        CompactionOutcome.NotShorter => "not_shorter",
        CompactionOutcome.NotReversible => "not_reversible",
        _ => "not_possible",
    };
}
