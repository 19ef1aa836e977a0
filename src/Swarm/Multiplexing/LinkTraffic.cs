namespace Panal.Swarm.Multiplexing;

/// <summary>What went over a link, how fast, and how long an answer takes.</summary>
internal sealed class LinkTraffic
{
    private const double Weight = 0.5;
    private const double RoundTripWeight = 0.125;

    /// <summary>A read of so much is a part of something long: messages are shorter, and what is written at once is longer.</summary>
    private const int PartBytes = 4096;

    /// <summary>What comes at longer intervals is not one thing.</summary>
    public static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(500);

    /// <summary>Less than this between two looks are pings and heads of feeds, in bytes.</summary>
    private const long RestBytes = 1024;

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly long _begun;
    private long _sent;
    private long _received;
    private long _heardAt;
    private long _broughtAt;
    private long _lookedAt;
    private long _sentThen;
    private long _receivedThen;
    private ulong _pings;
    private ulong? _pending;
    private long _pingedAt;

    public LinkTraffic(TimeProvider time)
    {
        _time = time;
        _begun = time.GetTimestamp();
        _heardAt = _begun;
        _lookedAt = _begun;
    }

    /// <summary>Bytes of frames, without those of TLS.</summary>
    public long SentBytes => Interlocked.Read(ref _sent);

    /// <inheritdoc cref="SentBytes"/>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    /// <summary>Bytes a second, smoothed over a few looks.</summary>
    public double SentPerSecond { get; private set; }

    /// <inheritdoc cref="SentPerSecond"/>
    public double ReceivedPerSecond { get; private set; }

    /// <summary>Nothing to speak of went over it between the last two looks.</summary>
    public bool IsResting { get; private set; }

    /// <summary>Smoothed time from ping to pong; null until there was one.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>The shortest time from ping to pong; null until there was one.</summary>
    public TimeSpan? LeastRoundTrip { get; private set; }

    /// <summary>The peer sends more than messages just now.</summary>
    public bool IsBringing => Interlocked.Read(ref _broughtAt) is not 0 and var at && _time.GetElapsedTime(at) < LongestGap;

    /// <summary>How long the link stands.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_begun);

    /// <summary>How long ago the last byte came.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Interlocked.Read(ref _heardAt));

    public void Sent(int bytes) => Interlocked.Add(ref _sent, bytes);

    public void Received(int bytes)
    {
        Interlocked.Add(ref _received, bytes);
        var now = _time.GetTimestamp();
        Interlocked.Exchange(ref _heardAt, now);
        if (bytes >= PartBytes)
        {
            Interlocked.Exchange(ref _broughtAt, now);
        }
    }

    /// <summary>Takes the rates since the last look.</summary>
    public void Look()
    {
        lock (_gate)
        {
            var seconds = _time.GetElapsedTime(_lookedAt).TotalSeconds;
            if (seconds <= 0)
            {
                return;
            }

            var (sent, received) = (SentBytes, ReceivedBytes);
            IsResting = sent - _sentThen + received - _receivedThen < RestBytes;
            SentPerSecond += Weight * ((sent - _sentThen) / seconds - SentPerSecond);
            ReceivedPerSecond += Weight * ((received - _receivedThen) / seconds - ReceivedPerSecond);
            (_sentThen, _receivedThen, _lookedAt) = (sent, received, _time.GetTimestamp());
        }
    }

    /// <summary>Begins a ping unless one is under way.</summary>
    public bool TryBeginPing(out ulong number)
    {
        lock (_gate)
        {
            number = _pings + 1;
            if (_pending is not null)
            {
                return false;
            }

            _pings = number;
            _pending = number;
            _pingedAt = _time.GetTimestamp();
            return true;
        }
    }

    /// <summary>An answer; one that nobody asked for is ignored.</summary>
    public void Ponged(ulong number)
    {
        lock (_gate)
        {
            if (_pending != number)
            {
                return;
            }

            _pending = null;
            var taken = _time.GetElapsedTime(_pingedAt);
            LeastRoundTrip = taken < (LeastRoundTrip ?? TimeSpan.MaxValue) ? taken : LeastRoundTrip;
            RoundTrip = RoundTrip is { } before ? before + RoundTripWeight * (taken - before) : taken;
        }
    }
}
