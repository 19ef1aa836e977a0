using System.Diagnostics.Metrics;
using Panal.Swarm.Transfers.Exchange;

namespace Panal.Swarm.Transfers;

/// <summary>The meter "Panal.Swarm": what transfers bring and what is served to those of others.</summary>
internal static class TransferMetrics
{
    /// <summary>The meter's name, for whoever listens.</summary>
    public const string MeterName = "Panal.Swarm";

    private static readonly Meter Meter = new(MeterName);

    public static readonly UpDownCounter<long> UnderWay = Meter.CreateUpDownCounter<long>("transfers.open", description: "Transfers under way");

    public static readonly Counter<long> Completed = Meter.CreateCounter<long>("transfers.completed", description: "Transfers that brought all they were to bring");

    public static readonly Counter<long> ReceivedBytes = Meter.CreateCounter<long>("transfers.received", "By", "Bytes of blocks that came, were right and were lacking");

    public static readonly Counter<long> RepeatedBytes = Meter.CreateCounter<long>("transfers.repeated", "By", "Bytes of blocks that came although they were there");

    public static readonly Counter<long> FalseBlocks = Meter.CreateCounter<long>("transfers.false", description: "Blocks that came and did not agree with their object");

    /// <summary>Asked for its value, unlike the others: it is listed before anything was served, whenever whoever listens began to.</summary>
    public static readonly ObservableCounter<long> SentBytes =
        Meter.CreateObservableCounter("transfers.sent", static () => Interlocked.Read(ref _sentBytes), "By", "Bytes of blocks served to others");

    public static readonly UpDownCounter<long> Receivers = Meter.CreateUpDownCounter<long>("transfers.receivers", description: "Streams of others that are served now");

    private static readonly Counter<long> MessageBytes = Meter.CreateCounter<long>(
        "transfers.messages", "By", "Bytes of messages sent, by kind; of a block its header and its proof");

    private static readonly KeyValuePair<string, object?>[] Kinds =
        [.. Enumerable.Range(0, (int)TransferFrameKind.Peers + 1).Select(static kind => new KeyValuePair<string, object?>("kind", ((TransferFrameKind)kind).ToString()))];

    private static long _sentBytes;

    /// <summary>Bytes of blocks were served to others, or a node that may serve some begins.</summary>
    public static void Served(int lengthBytes) => Interlocked.Add(ref _sentBytes, lengthBytes);

    /// <summary>A message leaves.</summary>
    public static void Told(TransferFrameKind kind, int lengthBytes) => MessageBytes.Add(lengthBytes, Kinds[(int)kind]);
}
