using Panal.Federation.Membership;
using Panal.Swarm;
using Panal.Swarm.Links;
using Prometheus;

namespace Panal.Node.Network;

/// <summary>Figures of each link and of the membership for `/metrics`. Members are labelled with the names of the roster.</summary>
internal static class NetworkMetrics
{
    private static readonly string[] Label = ["member"];

    public static void Add(CollectorRegistry registry, MetricFactory metrics, IServiceProvider services)
    {
        var links = services.GetRequiredService<Links>();
        var membership = services.GetRequiredService<NetworkMembership>();
        var members = metrics.CreateGauge("panal_network_members", "Members of the network that are not revoked, this node too; 0 when it is no member.");
        var ends = metrics.CreateGauge("panal_network_certificate_end_seconds", "When the certificate of this node ends, Unix time.");
        var up = metrics.CreateGauge("panal_link_up", "1 while a link to the member stands.", Label);
        var relayed = metrics.CreateGauge("panal_link_relayed", "1 while the link goes through another member.", Label);
        var trip = metrics.CreateGauge("panal_link_round_trip_seconds", "Smoothed time from a ping to its answer.", Label);
        var sent = metrics.CreateGauge("panal_link_sent_bytes_per_second", "Bytes of frames sent, smoothed over some seconds.", Label);
        var received = metrics.CreateGauge("panal_link_received_bytes_per_second", "Bytes of frames received, smoothed over some seconds.", Label);
        var streams = metrics.CreateGauge("panal_link_streams", "Streams that stand on the link.", Label);
        Gauge[] ofLinks = [up, relayed, trip, sent, received, streams];
        var shown = new HashSet<string>(StringComparer.Ordinal);
        registry.AddBeforeCollectCallback(() =>
        {
            if (membership.Standing is not { } standing)
            {
                return;
            }

            members.Set(standing.Others.Count() + (standing.IsRevoked(standing.Identity.Node) ? 0 : 1));
            ends.Set(new DateTimeOffset(standing.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero).ToUnixTimeSeconds());
            lock (shown)
            {
                var now = links.Status().Select(status => (Name: NameOf(standing, status.Peer), Status: status)).ToArray();
                foreach (var (name, status) in now)
                {
                    up.WithLabels(name).Set(status.State == LinkState.Up ? 1 : 0);
                    relayed.WithLabels(name).Set(status.Relay is null ? 0 : 1);
                    trip.WithLabels(name).Set(status.RoundTrip?.TotalSeconds ?? double.NaN);
                    sent.WithLabels(name).Set(status.SentPerSecond);
                    received.WithLabels(name).Set(status.ReceivedPerSecond);
                    streams.WithLabels(name).Set(status.Streams);
                }

                // Who left is not shown as it was last.
                foreach (var gone in shown.Except(now.Select(n => n.Name)).ToArray())
                {
                    Array.ForEach(ofLinks, gauge => gauge.RemoveLabelled(gone));
                }

                shown.Clear();
                shown.UnionWith(now.Select(n => n.Name));
            }
        });
    }

    private static string NameOf(NetworkStanding standing, NodeId node) => standing.Roster.Find(node.Value)?.Name ?? node.ToString();
}
