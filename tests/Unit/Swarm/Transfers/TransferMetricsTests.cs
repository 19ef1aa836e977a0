using System.Diagnostics.Metrics;
using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

public sealed class TransferMetricsTests
{
    [Fact]
    public void What_was_served_is_told_to_whoever_begins_to_listen_later()
    {
        TransferMetrics.Served(5);
        var served = new List<long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == TransferMetrics.MeterName && instrument.Name == "transfers.sent")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, bytes, _, _) => served.Add(bytes));
        listener.Start();
        listener.RecordObservableInstruments();
        TransferMetrics.Served(3);
        listener.RecordObservableInstruments();

        // Tests beside this one serve too.
        Assert.Equal(2, served.Count);
        Assert.InRange(served[0], 5, long.MaxValue);
        Assert.InRange(served[1] - served[0], 3, long.MaxValue);
    }
}
