using Panal.Node.Transport;
using Panal.Security.Audit;
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
}
