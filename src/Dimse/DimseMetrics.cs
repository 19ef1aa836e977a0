using System.Diagnostics.Metrics;

namespace Panal.Dimse;

/// <summary>The meter "Panal.Dimse".</summary>
internal static class DimseMetrics
{
    /// <summary>The meter's name, for whoever listens.</summary>
    public const string MeterName = "Panal.Dimse";

    private static readonly Meter Meter = new(MeterName);

    private static long s_messages;

    public static readonly Counter<long> Associations = Meter.CreateCounter<long>("associations", description: "Associations established");

    public static readonly UpDownCounter<long> Open = Meter.CreateUpDownCounter<long>("associations.open", description: "Associations open now");

    public static readonly Counter<long> Rejected = Meter.CreateCounter<long>("associations.rejected", description: "Association requests rejected");

    public static readonly Counter<long> Aborted = Meter.CreateCounter<long>("associations.aborted", description: "Associations that did not end by release");

    public static readonly Counter<long> ReceivedBytes = Meter.CreateCounter<long>("received", "By", "Bytes of PDUs received");

    public static readonly Counter<long> SentBytes = Meter.CreateCounter<long>("sent", "By", "Bytes of P-DATA-TF PDUs sent");

    /// <summary>Asked for when somebody looks: to tell whoever listens of each request would take longer than to count it.</summary>
    public static readonly ObservableCounter<long> Messages =
        Meter.CreateObservableCounter("messages", static () => Interlocked.Read(ref s_messages), description: "Requests received");

    public static void CountMessage() => Interlocked.Increment(ref s_messages);
}
