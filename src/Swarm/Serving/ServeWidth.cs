namespace Panal.Swarm.Serving;

/// <summary>
/// How many receivers are sent to at the same time: as few as fill the line. One after the other they have their blocks sooner, to pass them on, and
/// the queue decides late who is next; but where each receiver's own line is slower than ours, more of them are needed to fill it.
/// </summary>
/// <remarks>
/// Begins with the fewest and doubles while the rate grows by it. Where it is seen whether a line is full nothing has to be tried: <see cref="Widen"/>. No input or
/// output, no clock, no threads.
/// </remarks>
internal sealed class ServeWidth
{
    /// <summary>The fewest: the next is chosen while the last batch of the one before is written, which bridges the gap.</summary>
    public const int Fewest = 1;

    /// <summary>The most, as many as the queue may have.</summary>
    public const int Most = ServeQueue.MaxCustomers;

    // Wider is better only if it brings so much more; less is noise of the line.
    private const double Gain = 1.15;

    // A look covers so many blocks at least, and so much time.
    private const int BlocksOfLook = 12;

    private const double Weight = 0.2;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(8);

    private readonly List<(int Customer, TimeSpan Since)> _busy = [];
    private readonly int _fewest;
    private readonly bool _isFullSeen;
    private TimeSpan _lookedAt;
    private TimeSpan _triedAt;
    private TimeSpan _endedAt = -Rest;
    private TimeSpan _meanTime = TimeSpan.FromMilliseconds(100);
    private long _bytes;
    private int _blocks;
    private int _before;
    private double _rateBefore;
    private bool _wasFull;

    /// <summary>Of a line of which nothing is known.</summary>
    public ServeWidth() => (_fewest, _before, Width) = (Fewest, Fewest, Fewest);

    /// <summary>Of a line of which it is seen whether it is full.</summary>
    /// <param name="fewest">Receivers that are sent to at a time at least.</param>
    public ServeWidth(int fewest) => (_fewest, _before, Width, _isFullSeen) = (fewest, fewest, fewest, true);

    /// <summary>Receivers that are sent to at a time now.</summary>
    public int Width { get; private set; }

    /// <summary>True if another receiver may be sent to. Who takes nothing for long does not count.</summary>
    public bool HasRoom(TimeSpan now)
    {
        var patience = 4 * _meanTime;
        patience = patience < LeastPatience ? LeastPatience : patience > MostPatience ? MostPatience : patience;
        var count = 0;
        foreach (var (_, since) in _busy)
        {
            count += now - since < patience ? 1 : 0;
        }

        _wasFull |= count >= Width;
        return count < Width;
    }

    /// <summary>Those who are served do not fill the line: one more is, for a while.</summary>
    public void Widen(TimeSpan now) => (Width, _triedAt) = (Math.Min(_busy.Count + 1, Most), now);

    /// <summary>A receiver is sent a block.</summary>
    public void Begin(int customer, TimeSpan now)
    {
        if (_busy.Count == 0 && now - _endedAt > Idle)
        {
            // After a rest the line may be another's, and the first block says nothing about the time since the last.
            Restart(now);
        }

        _busy.Add((customer, now));
    }

    /// <summary>The block has left.</summary>
    /// <param name="customer">To whom.</param>
    /// <param name="lengthBytes">Its length; zero if it was not sent.</param>
    /// <param name="now">Time that only grows.</param>
    public void End(int customer, int lengthBytes, TimeSpan now)
    {
        var index = _busy.FindIndex(one => one.Customer == customer);
        if (index < 0)
        {
            return;
        }

        var since = _busy[index].Since;
        _busy.RemoveAt(index);
        _endedAt = now;
        _meanTime += Weight * (now - since - _meanTime);
        _bytes += lengthBytes;
        _blocks++;
        if (_blocks < BlocksOfLook || now - _lookedAt < Look)
        {
            return;
        }

        if (_wasFull || Width > _before)
        {
            Judge(_bytes / (now - _lookedAt).TotalSeconds, now);
        }

        (_bytes, _blocks, _lookedAt, _wasFull) = (0, 0, now, false);
    }

    /// <summary>A receiver is gone.</summary>
    public void Forget(int customer) => _busy.RemoveAll(one => one.Customer == customer);

    private void Restart(TimeSpan now)
    {
        (Width, _before, _rateBefore, _triedAt) = (_fewest, _fewest, 0, now - Rest);
        (_bytes, _blocks, _lookedAt, _wasFull) = (0, 0, now, false);
    }

    private void Judge(double rate, TimeSpan now)
    {
        if (_isFullSeen)
        {
            if (now - _triedAt >= Rest)
            {
                (Width, _triedAt) = (Math.Max(_fewest, Width - 1), now);
            }

            return;
        }

        if (Width > _before)
        {
            // This was a trial.
            if (rate < Gain * _rateBefore)
            {
                (Width, _triedAt) = (_before, now);
                return;
            }

            _before = Width;
        }

        _rateBefore = rate;
        if (now - _triedAt >= Rest || rate == 0)
        {
            Width = Math.Min(2 * Width, Most);
        }
    }
}
