using Panal.Catalogue;
using Panal.Federation.Broker;
using Panal.Node.Network;
using Panal.Node.Transport;
using Panal.Security.Audit;
using Panal.Volumes;
using Prometheus;

namespace Panal.Node.Hosting;

/// <summary>The registry behind `/metrics`; the rooms' own figures are added where they are composed.</summary>
internal static class NodeMetrics
{
    public static CollectorRegistry Create(IServiceProvider services)
    {
        var registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(registry);
        DotNetStats.Register(registry);
        AddRooms(registry, metrics);
        AddHoldings(registry, metrics, services.GetRequiredService<CatalogueDatabase>(), services.GetRequiredService<VolumeStore>());
        NetworkMetrics.Add(registry, metrics, services);
        BrokerMetrics.Add(registry, metrics, services.GetRequiredService<BrokerService>());
        var limiter = services.GetRequiredService<ConnectionLimiter>();
        var audit = services.GetRequiredService<AuditTrail>();
        var open = metrics.CreateGauge("panal_dicom_connections", "DICOM connections open now.");
        var refused = metrics.CreateCounter("panal_dicom_connections_refused_total", "DICOM connections closed at once because of a limit.");
        var lost = metrics.CreateCounter("panal_audit_messages_lost_total", "Audit messages that could not be written.");
        registry.AddBeforeCollectCallback(() =>
        {
            open.Set(limiter.Count);
            refused.IncTo(limiter.Refused);
            lost.IncTo(audit.Lost);
        });
        return registry;
    }

    /// <summary>The figures that the rooms keep themselves, as System.Diagnostics.Metrics.</summary>
    private static void AddRooms(CollectorRegistry registry, MetricFactory metrics) => MeterAdapter.StartListening(new MeterAdapterOptions
    {
        Registry = registry,
        MetricFactory = metrics,
        InstrumentFilterPredicate = instrument => instrument.Meter.Name.StartsWith("Panal.", StringComparison.Ordinal) || instrument.Meter.Name == "System.Runtime",
        // 0.25 ms to 16 s: from a sync of a good disk to a slow line.
        ResolveHistogramBuckets = _ => Histogram.ExponentialBuckets(0.000_25, 2, 17),
    });

    private static void AddHoldings(CollectorRegistry registry, MetricFactory metrics, CatalogueDatabase catalogue, VolumeStore volumes)
    {
        var free = metrics.CreateGauge("panal_volume_free_bytes", "Free space of a volume.", ["volume"]);
        var writable = metrics.CreateGauge("panal_volume_writable", "1 when a volume takes objects.", ["volume"]);
        var stagedObjects = metrics.CreateGauge("panal_staging_objects", "Objects that are durable in the staging log and not yet on their volume.");
        var stagedBytes = metrics.CreateGauge("panal_staging_bytes", "Their bytes.");
        var pending = metrics.CreateGauge("panal_catalogue_pending_writes", "Writes that wait for a transaction.");
        registry.AddBeforeCollectCallback(() =>
        {
            foreach (var volume in volumes.Volumes)
            {
                free.WithLabels(volume.Id.ToString()).Set(volume.FreeBytes);
                writable.WithLabels(volume.Id.ToString()).Set(volume.State == VolumeState.Writable ? 1 : 0);
            }

            var staging = volumes.Staging;
            stagedObjects.Set(staging.StagedObjects);
            stagedBytes.Set(staging.StagedBytes);
            pending.Set(catalogue.PendingWrites);
        });
    }
}
