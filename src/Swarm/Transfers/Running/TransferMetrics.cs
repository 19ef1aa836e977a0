using System.Diagnostics.Metrics;

namespace Panal.Swarm.Transfers.Running;

/// <summary>The meter "Panal.Swarm": what transfers bring and what is served to those of others.</summary>
internal static class TransferMetrics
{
    /// <summary>The meter's name, for whoever listens.</summary>
    public const string MeterName = "Panal.Swarm";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> UnderWay = Meter.CreateUpDownCounter<long>("panal.transfers.open", description: "Transfers under way");

    public static readonly Counter<long> Completed = Meter.CreateCounter<long>("panal.transfers.completed", description: "Transfers that brought all they were to bring");

    public static readonly Counter<long> ReceivedBytes = Meter.CreateCounter<long>("panal.transfers.received", "By", "Bytes of blocks that came, were right and were lacking");

    public static readonly Counter<long> RepeatedBytes = Meter.CreateCounter<long>("panal.transfers.repeated", "By", "Bytes of blocks that came although they were there");

    public static readonly Counter<long> FalseBlocks = Meter.CreateCounter<long>("panal.transfers.false", description: "Blocks that came and did not agree with their object");

    public static readonly Counter<long> SentBytes = Meter.CreateCounter<long>("panal.transfers.sent", "By", "Bytes of blocks served to others");

    public static readonly UpDownCounter<long> Receivers = Meter.CreateUpDownCounter<long>("panal.transfers.receivers", description: "Streams of others that are served now");
}
