namespace Panal.Swarm.Transfers;

/// <summary>
/// The rate at which a peer delivers while something is asked of it, in bytes a second; smoothed over about the last four deliveries or
/// half a second, whichever is longer, so that one block between two sleeps of the line does not move it.
/// </summary>
internal struct RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);
    private const double Weight = 0.3;

    private TimeSpan _since;
    private long _bytes;
    private bool _isRunning;

    /// <summary>Bytes a second; zero until something was measured.</summary>
    public double BytesPerSecond { get; private set; }

    /// <summary>Something is asked of the peer now: time begins to count.</summary>
    public void Start(TimeSpan now)
    {
        if (!_isRunning)
        {
            (_isRunning, _since, _bytes) = (true, now, 0);
        }
    }

    /// <summary>Nothing is asked of the peer any more: time does not count against it.</summary>
    public void Stop() => _isRunning = false;

    /// <summary>Bytes arrived.</summary>
    public void Add(int bytes, TimeSpan now)
    {
        Start(now);
        _bytes += bytes;
        var elapsed = now - _since;
        if (elapsed >= Window || (BytesPerSecond == 0 && elapsed > TimeSpan.Zero))
        {
            var rate = _bytes / elapsed.TotalSeconds;
            BytesPerSecond = BytesPerSecond == 0 ? rate : BytesPerSecond + Weight * (rate - BytesPerSecond);
            (_since, _bytes) = (now, 0);
        }
    }

    /// <summary>The rate that can be counted on now: it falls while the peer is silent, whatever it delivered before.</summary>
    /// <param name="now">The time.</param>
    /// <param name="blockBytes">What is awaited next, in bytes.</param>
    /// <param name="prior">The rate to begin with while nothing was measured, in bytes a second.</param>
    public readonly double Expected(TimeSpan now, int blockBytes, double prior)
    {
        var rate = BytesPerSecond == 0 ? prior : BytesPerSecond;
        var silence = _isRunning ? (now - _since).TotalSeconds : 0;
        return silence <= 0 ? rate : Math.Min(rate, (_bytes + blockBytes) / silence);
    }

    /// <summary>A request was taken from it because of its silence: from now on it counts for no more than it showed.</summary>
    public void Lower(double bytesPerSecond)
    {
        if (_isRunning && (BytesPerSecond == 0 || bytesPerSecond < BytesPerSecond))
        {
            BytesPerSecond = bytesPerSecond;
        }
    }
}
