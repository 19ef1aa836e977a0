namespace Panal.Unit.Federation.Support;

/// <summary>A clock that runs a hundred times as fast: what waits for seconds waits for hundredths, and nothing is asserted of how long.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Factor = 100;
    private readonly long _start = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero) + (System.GetElapsedTime(_start) * Factor);

    public override long GetTimestamp() => System.GetTimestamp() * Factor;

    public override long TimestampFrequency => System.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(System.CreateTimer(callback, state, Scaled(dueTime), Scaled(period)));

    private static TimeSpan Scaled(TimeSpan span) => span > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Max(1, span.TotalMilliseconds / Factor)) : span;

    private sealed class FastTimer(ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Scaled(dueTime), Scaled(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
