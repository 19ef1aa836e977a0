using System.Diagnostics;

namespace Panal.Load;

/// <summary>Durations of single operations, one instance per thread, merged at the end.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];

    public int Count => _ticks.Count;

    public void Add(long startedAt) => _ticks.Add(Stopwatch.GetTimestamp() - startedAt);

    public void Add(Latencies others) => _ticks.AddRange(others._ticks);

    /// <summary>The smallest duration that so many parts of a hundred do not exceed, in milliseconds.</summary>
    public double Percentile(double percent)
    {
        _ticks.Sort();
        var index = (int)Math.Ceiling(percent / 100 * _ticks.Count) - 1;
        return _ticks.Count == 0 ? double.NaN : Stopwatch.GetElapsedTime(0, _ticks[Math.Clamp(index, 0, _ticks.Count - 1)]).TotalMilliseconds;
    }

    public override string ToString() => FormattableString.Invariant($"p50 {Percentile(50):F2} ms, p95 {Percentile(95):F2} ms, p99 {Percentile(99):F2} ms");
}
