using Panal.Federation.Broker;
using Prometheus;

namespace Panal.Node.Hosting;

/// <summary>Figures of each archive that the node mirrors, for `/metrics`.</summary>
internal static class BrokerMetrics
{
    private static readonly string[] Label = ["broker"];

    public static void Add(CollectorRegistry registry, MetricFactory metrics, BrokerService brokers)
    {
        (Gauge Gauge, Func<BrokerStatus, double> Value)[] gauges =
        [
            (metrics.CreateGauge("panal_broker_studies", "Studies that the archive offers.", Label), static one => one.Studies),
            (metrics.CreateGauge("panal_broker_instances", "Instances that the archive offers.", Label), static one => one.Instances),
            (metrics.CreateGauge("panal_broker_windows_left", "Windows of the sweep that are known to be left; each may be split.", Label), static one => one.WindowsLeft),
            (metrics.CreateGauge("panal_broker_up", "1 while the archive answers.", Label), static one => one.Trouble is null ? 1 : 0),
            (metrics.CreateGauge("panal_broker_polled_seconds", "When what is new was looked at last, Unix time; 0 when never.", Label), static one => one.PolledAt?.ToUnixTimeSeconds() ?? 0),
            (metrics.CreateGauge("panal_broker_doubtful_studies", "Studies about which the archive contradicts itself.", Label), static one => one.Doubtful),
            (metrics.CreateGauge("panal_broker_forwards_waiting", "Jobs of instances that wait to be sent to the archive.", Label), static one => one.ForwardsWaiting),
        ];
        (Counter Counter, Func<BrokerStatus, double> Value)[] counters =
        [
            (metrics.CreateCounter("panal_broker_requests_total", "Questions to the archive.", Label), static one => one.Requests),
            (metrics.CreateCounter("panal_broker_retrieved_total", "Instances that came from the archive on demand.", Label), static one => one.InstancesRetrieved),
            (metrics.CreateCounter("panal_broker_missing_total", "Instances that the archive offers and did not give.", Label), static one => one.InstancesMissing),
            (metrics.CreateCounter("panal_broker_forwarded_total", "Instances that were sent to the archive.", Label), static one => one.InstancesForwarded),
        ];
        var shown = new HashSet<string>(StringComparer.Ordinal);
        registry.AddBeforeCollectCallback(() =>
        {
            lock (shown)
            {
                var now = brokers.Status();
                foreach (var broker in now)
                {
                    Array.ForEach(gauges, one => one.Gauge.WithLabels(broker.Definition.Name).Set(one.Value(broker)));
                    Array.ForEach(counters, one => one.Counter.WithLabels(broker.Definition.Name).IncTo(one.Value(broker)));
                }

                // What was removed is not shown as it was last.
                foreach (var gone in shown.Except(now.Select(static one => one.Definition.Name)).ToArray())
                {
                    Array.ForEach(gauges, one => one.Gauge.RemoveLabelled(gone));
                    Array.ForEach(counters, one => one.Counter.RemoveLabelled(gone));
                }

                shown.Clear();
                shown.UnionWith(now.Select(static one => one.Definition.Name));
            }
        });
    }
}
