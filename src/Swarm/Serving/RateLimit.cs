namespace Panal.Swarm.Serving;

/// <summary>
/// Keeps what is sent over a line below a rate that may differ by the hour of the day. A bucket of one second: a block may go at once after
/// silence, and the mean over any longer time is the rate.
/// </summary>
internal sealed class RateLimit
{
    /// <summary>Hours of a day, each with a rate.</summary>
    public const int Hours = 24;

    private readonly double[] _bytesPerSecond;
    private double _tokens;
    private TimeSpan _filledAt;
    private bool _isFilled;

    /// <summary>A limit by the hour.</summary>
    /// <param name="bytesPerSecond">24 rates in bytes a second, from midnight; infinity for no limit, and none is zero: a pause is not a rate.</param>
    /// <exception cref="ArgumentException">There are not 24, or one is not positive.</exception>
    public RateLimit(ReadOnlySpan<double> bytesPerSecond)
    {
        if (bytesPerSecond.Length != Hours || bytesPerSecond.ContainsAnyInRange(double.NegativeInfinity, 0) || bytesPerSecond.Contains(double.NaN))
        {
            throw new ArgumentException("A limit has 24 positive rates.", nameof(bytesPerSecond));
        }

        _bytesPerSecond = bytesPerSecond.ToArray();
    }

    /// <summary>Zero if something may be sent now, else how long to wait.</summary>
    /// <param name="now">Time that only grows.</param>
    /// <param name="hour">Hour of the local day, 0 to 23.</param>
    public TimeSpan Wait(TimeSpan now, int hour)
    {
        Fill(now, hour);
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _bytesPerSecond[hour]);
    }

    /// <summary>Bytes were sent; the bucket may go below zero by one block, which is then waited for.</summary>
    public void Sent(int bytes) => _tokens -= bytes;

    private void Fill(TimeSpan now, int hour)
    {
        var rate = _bytesPerSecond[hour];
        if (double.IsInfinity(rate))
        {
            (_tokens, _filledAt, _isFilled) = (0, now, true);
            return;
        }

        // A clock that jumps back gives nothing, one that jumps forward a second at most.
        var passed = _isFilled ? Math.Max(0, (now - _filledAt).TotalSeconds) : 0;
        _tokens = Math.Min(rate, _tokens + rate * passed);
        (_filledAt, _isFilled) = (now, true);
    }
}
