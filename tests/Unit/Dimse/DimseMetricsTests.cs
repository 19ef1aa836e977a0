using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Panal.Dimse;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.Dimse;

public sealed class DimseMetricsTests
{
    [Fact]
    public async Task Associations_messages_and_bytes_are_counted()
    {
        var totals = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == DimseMetrics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => totals.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.Start();
        await using (var pair = await AssociationPair.OpenAsync(Service.Success))
        {
            await pair.Requestor.RequestAsync(DimseCommand.Echo(pair.Requestor.Contexts[0]), TestContext.Current.CancellationToken);
        }

        listener.RecordObservableInstruments();

        // Other tests count too, side by side.
        Assert.True(totals["associations"] >= 2);
        Assert.True(totals["messages"] >= 1);
        Assert.True(totals["received"] >= 100);
        Assert.True(totals["sent"] >= 100);
    }
}
