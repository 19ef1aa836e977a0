using System.Diagnostics;
using Panal.Conformance.WireClient;

namespace Panal.Load;

/// <summary>Brings whole studies back by C-GET, or has them moved to a receiver of our own.</summary>
internal sealed record RetrieveLoad
{
    public const string MoveTitle = "LOADMOVE";

    public long Run { get; init; } = 1;

    public int FirstStudy { get; init; }

    public int Studies { get; init; } = 1;

    public int InstancesPerStudy { get; init; } = 100;

    /// <summary>The port of our receiver; null retrieves by C-GET.</summary>
    public int? MovePort { get; init; }

    /// <exception cref="WitnessProtocolException">Something did not come.</exception>
    public StoreResult Execute(WitnessTarget target)
    {
        var sink = new CountingSink();
        var result = new StoreResult();
        using var receiver = MovePort is { } port ? new StoreScp(port, sink) : null;
        using var client = QueryClient.Open(target, canGet: receiver is null);
        var startedAt = Stopwatch.GetTimestamp();
        for (var study = FirstStudy; study < FirstStudy + Studies; study++)
        {
            var sentAt = Stopwatch.GetTimestamp();
            var key = (QueryClient.StudyInstanceUid, new SyntheticIdentity(Run, study, 0).StudyUid);
            var outcome = receiver is null ? client.Get("STUDY", sink, key) : client.Move("STUDY", MoveTitle, key);
            result.Latencies.Add(sentAt);
            if (outcome.Status != 0 || sink.Instances != (long)(study - FirstStudy + 1) * InstancesPerStudy)
            {
                throw new WitnessProtocolException($"{sink.Instances} instances came; {outcome}.");
            }
        }

        result.Elapsed = Stopwatch.GetElapsedTime(startedAt);
        result.LengthBytes = sink.LengthBytes;
        return result;
    }
}
