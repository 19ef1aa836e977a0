using Microsoft.Extensions.Time.Testing;
using Panal.Node.Operation;
using Prometheus;

namespace Panal.Unit.Node.Operation;

public sealed class OperationHistoryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counters_are_shown_as_rates_and_gauges_as_they_are_summed_over_their_labels()
    {
        var time = new FakeTimeProvider();
        var registry = Metrics.NewCustomRegistry();
        var metrics = Metrics.WithCustomRegistry(registry);
        var images = metrics.CreateCounter("panal_archive_ingest_instances", "Images.", "result");
        var free = metrics.CreateGauge("panal_volume_free_bytes", "Free.", "volume");
        var history = new OperationHistory(time);
        await history.TakeAsync(Ct);
        Assert.Empty(history.Look().Series["ingestInstances"]);

        history.Watch(registry);
        images.WithLabels("stored").Inc(100);
        free.WithLabels("1").Set(1000);
        free.WithLabels("2").Set(2000);
        await history.TakeAsync(Ct);
        images.WithLabels("stored").Inc(40);
        images.WithLabels("refused {\"}").Inc(10);
        free.WithLabels("2").Set(500);
        time.Advance(OperationHistory.Interval);
        await history.TakeAsync(Ct);

        var view = history.Look();
        Assert.Equal((10.0, time.GetUtcNow()), (view.IntervalSeconds, view.EndsAt));
        Assert.Equal([5.0], view.Series["ingestInstances"]);
        Assert.Equal([1500.0], view.Series["freeBytes"]);
    }

    [Fact]
    public async Task An_hour_is_kept_and_no_more()
    {
        var time = new FakeTimeProvider();
        var registry = Metrics.NewCustomRegistry();
        var staged = Metrics.WithCustomRegistry(registry).CreateGauge("panal_staging_bytes", "Staged.");
        var history = new OperationHistory(time);
        history.Watch(registry);
        for (var value = 0; value <= OperationHistory.Length + 5; value++)
        {
            staged.Set(value);
            await history.TakeAsync(Ct);
            time.Advance(OperationHistory.Interval);
        }

        var values = history.Look().Series["stagedBytes"];
        Assert.Equal(OperationHistory.Length, values.Length);
        Assert.Equal(OperationHistory.Length + 5, values[^1]);
        Assert.All(history.Look().Series.Values, series => Assert.Equal(OperationHistory.Length, series.Length));
    }

    [Theory]
    [InlineData("")]
    [InlineData("panal_staging_bytes")]
    [InlineData("panal_staging_bytes NaN\npanal_staging_bytes{ +Inf\npanal_staging_bytes_more 7\n# panal_staging_bytes 7")]
    public void What_is_no_figure_counts_nothing(string text) => Assert.All(OperationHistory.TotalsOf(text), total => Assert.Equal(0, total));
}
