using System.Globalization;
using System.Text;
using Prometheus;

namespace Panal.Node.Operation;

/// <summary>
/// Keeps what the node measured of itself in the last hour, for the plots of the page: the figures of `/metrics`, so that both tell the same. Longer memory is
/// the business of the monitoring that reads `/metrics`.
/// </summary>
internal sealed class OperationHistory(TimeProvider time) : BackgroundService
{
    /// <summary>Between two values: fine enough to see a study arrive, coarse enough to cost nothing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Values that are kept: an hour.</summary>
    public const int Length = 360;

    /// <summary>What is plotted: its name for the page, its name in `/metrics`, and whether it is a counter, of which the rate is shown.</summary>
    private static readonly (string Name, string Metric, bool IsCounter)[] Figures =
    [
        ("ingestInstances", "panal_archive_ingest_instances", true),
        ("ingestBytes", "panal_archive_ingest_bytes", true),
        ("messages", "panal_dimse_messages", true),
        ("receivedBytes", "panal_dimse_received", true),
        ("sentBytes", "panal_dimse_sent", true),
        ("associations", "panal_dimse_associations_open", false),
        ("linkSentBytes", "panal_link_sent_bytes_per_second", false),
        ("linkReceivedBytes", "panal_link_received_bytes_per_second", false),
        ("stagedBytes", "panal_staging_bytes", false),
        ("freeBytes", "panal_volume_free_bytes", false),
        ("memoryBytes", "process_working_set_bytes", false),
        ("processorSeconds", "process_cpu_seconds_total", true),
    ];

    private readonly Lock _gate = new();
    private readonly Queue<double[]> _values = new();
    private CollectorRegistry? _registry;
    private double[]? _last;
    private DateTimeOffset _lastAt;

    /// <summary>When the node was started.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>Names the figures to be followed; once, before the start.</summary>
    public void Watch(CollectorRegistry registry) => _registry = registry;

    /// <summary>What is known.</summary>
    public HistoryView Look()
    {
        lock (_gate)
        {
            var values = _values.ToArray();
            return new HistoryView(
                Interval.TotalSeconds,
                _lastAt,
                Figures.Index().ToDictionary(static figure => figure.Item.Name, figure => values.Select(value => value[figure.Index]).ToArray()));
        }
    }

    /// <summary>Takes one value of each figure.</summary>
    internal async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_registry is null)
        {
            return;
        }

        using var text = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(text, cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var totals = TotalsOf(Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length));
        lock (_gate)
        {
            if (_last is { } last)
            {
                var seconds = Math.Max((now - _lastAt).TotalSeconds, 0.001);
                _values.Enqueue([.. Figures.Select((figure, index) =>
                    figure.IsCounter ? Math.Max(0, totals[index] - last[index]) / seconds : totals[index])]);
                if (_values.Count > Length)
                {
                    _values.Dequeue();
                }
            }

            (_last, _lastAt) = (totals, now);
        }
    }

    /// <summary>Sums of the figures over all their labels, of the text format of Prometheus.</summary>
    internal static double[] TotalsOf(string text)
    {
        var totals = new double[Figures.Length];
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var name = line[..Math.Max(0, line.IndexOfAny('{', ' '))];
            for (var index = 0; index < Figures.Length && name.Length > 0; index++)
            {
                if (name.SequenceEqual(Figures[index].Metric)
                    && double.TryParse(line[(line.LastIndexOf(' ') + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
                {
                    totals[index] += value;
                }
            }
        }

        return totals;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await TakeAsync(stoppingToken).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
