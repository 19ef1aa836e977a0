using Panal.Swarm.Links;

namespace Panal.Swarm.Multiplexing;

/// <summary>What a link sends over a line that others share: messages at once, bulk when it is its turn.</summary>
/// <remarks>Guarded by the gate of the link.</remarks>
internal sealed class LinkTurns : IDisposable
{
    private readonly Uplink _uplink;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long? _takenAt;
    private TimeSpan _wait;

    /// <param name="uplink">The line.</param>
    /// <param name="isDue">Called when a turn that was waited for has come.</param>
    /// <param name="time">The clock.</param>
    public LinkTurns(Uplink uplink, Action isDue, TimeProvider time)
    {
        (_uplink, _time) = (uplink, time);
        _timer = time.CreateTimer(static isDue => ((Action)isDue!)(), isDue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Writes the frames that may leave now; zero when there are none, or when a turn has to be waited for.</summary>
    public int Fill(SendSchedule schedule, Span<byte> target)
    {
        if (_takenAt is null && schedule.HasBulk)
        {
            (_takenAt, _wait) = (_time.GetTimestamp(), _uplink.TakeTurn());
        }

        var left = _takenAt is { } at ? _wait - _time.GetElapsedTime(at) : TimeSpan.MaxValue;
        var isTurn = left <= TimeSpan.Zero;
        var length = schedule.Fill(target[.._uplink.TurnBytes], withBulk: isTurn);
        if (isTurn || (_takenAt is not null && !schedule.HasBulk))
        {
            // What stood in the queue of bulk may have been messages.
            _uplink.EndTurn(length);
            _takenAt = null;
            return length;
        }

        _uplink.Sent(length);
        if (_takenAt is not null)
        {
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        }

        return length;
    }

    /// <summary>The link has ended.</summary>
    public void Dispose() => _timer.Dispose();
}
