using Panal.Swarm.Multiplexing;
using Panal.Swarm.Tunnel;

namespace Panal.Swarm.Links;

/// <summary>
/// A line of this node upwards, of a known rate, as all links over it share it: bulk leaves in turns that come as quickly as the line takes them, one link after the
/// other, so that nothing waits in the kernel or in the queue of a modem. What is small and awaited does not wait for a turn; the turns make room for it afterwards.
/// </summary>
/// <remarks>
/// Each link by itself would hand to the kernel what the whole line takes, and more: the kernel accepts nearly a block at once whatever it is told
/// (docs/decisions/2026-11-26-one-line-one-pace.md). Acknowledgements and what is sent again leave without being asked; the kernel's counters tell of them.
/// </remarks>
/// <param name="bytesPerSecond">What the line carries, in bytes of its frames a second.</param>
/// <param name="time">The clock.</param>
public sealed class Uplink(double bytesPerSecond, TimeProvider time)
{
    private const int LeastTurnBytes = 3 * SegmentBytes;

    /// <summary>What a segment has around it: headers of Ethernet, IP and TCP with timestamps.</summary>
    internal const int SegmentHeaderBytes = 66;

    /// <summary>What a record of TLS has around it: header, kind and tag.</summary>
    private const int RecordBytes = 5 + 1 + 16;

    /// <summary>What a segment of a frame of 1,514 bytes carries.</summary>
    internal const int SegmentBytes = 1448;

    /// <summary>
    /// So much of the line is given out: what the turns do not know of needs some, and a queue that was ever filled would stay full, lose a part of what comes and
    /// delay the rest.
    /// </summary>
    private const double GivenShare = 0.998;

    /// <summary>Beyond, a line is so quick that nobody puts his acknowledgements off.</summary>
    private const int MostFewestLinks = 6;

    /// <summary>A turn begins so long before the one before has left: a machine that wakes us late leaves no gap.</summary>
    private static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(40);

    /// <summary>A line that has been idle for so long takes more than those who are served now can have.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Longest for which what left by itself between two looks holds up the turns: a line carries no more in that time, whatever the kernel counted. One of 1 Mbit/s was
    /// silent for 20 s, as if 800 kB had been sent again.
    /// </summary>
    private static readonly TimeSpan MostUnasked = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the kernel is asked what left by itself.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly double _bytesPerSecond = GivenShare * bytesPerSecond;
    private readonly Lock _gate = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly List<LineStream> _lines = [];
    private TimeSpan _freeAt;
    private TimeSpan _lookedAt;

    /// <summary>What it carries, in bytes of its frames a second.</summary>
    internal double BytesPerSecond => bytesPerSecond;

    /// <summary>How quickly one link may send over it, in bytes of its payload a second.</summary>
    private double PayloadBytesPerSecond => bytesPerSecond / (SegmentBytes + SegmentHeaderBytes) * SegmentBytes;

    /// <summary>
    /// Bytes of a turn: what the line takes in 24 ms, which is read and acknowledged at once (<see cref="LineStream.Pause"/>); on a slow one more, lest tags and headers count, as far
    /// as what is urgent is not held up for long.
    /// </summary>
    internal int TurnBytes { get; } = WholeSegments(Math.Clamp(
        bytesPerSecond * 0.024, Math.Clamp(bytesPerSecond * 0.080, LeastTurnBytes, LinePace.LeastBytes), LinePace.MostBytes));

    /// <summary>
    /// Links that are served at a time at least: a connection that has rested begins with ten segments, of which it hears after the 60 ms that acknowledgements take,
    /// and one alone would not fill a quick line in the time of a block.
    /// </summary>
    internal int FewestLinks { get; } = (int)Math.Clamp(Math.Round(bytesPerSecond / (10 * SegmentBytes / 0.060)), 1, MostFewestLinks);

    /// <summary>What a connection over it sends by itself is counted until it is taken away.</summary>
    internal void Add(LineStream line)
    {
        line.Pace(PayloadBytesPerSecond);
        line.BatchIs(TurnBytes);
        _ = line.TakeUnaskedBytes();
        lock (_gate)
        {
            _lines.Add(line);
        }
    }

    /// <inheritdoc cref="Add"/>
    internal void Remove(LineStream line)
    {
        lock (_gate)
        {
            _lines.Remove(line);
        }
    }

    /// <summary>Takes the next turn of <see cref="TurnBytes"/>; how long to wait for it, zero or less for now.</summary>
    internal TimeSpan TakeTurn()
    {
        lock (_gate)
        {
            var now = Now;
            if (now - _lookedAt >= LookInterval)
            {
                _lookedAt = now;
                LeftUnasked(_lines.Sum(static line => line.TakeUnaskedBytes()));
            }

            var wait = _freeAt - now - Lead;
            Occupy(OnLine(TurnBytes), now);
            return wait;
        }
    }

    /// <summary>What a turn was used for: the rest of it is given back.</summary>
    internal void EndTurn(int bytes)
    {
        lock (_gate)
        {
            _freeAt -= TimeSpan.FromSeconds((OnLine(TurnBytes) - OnLine(bytes)) / _bytesPerSecond);
        }
    }

    /// <summary>Something was sent without a turn.</summary>
    internal void Sent(int bytes)
    {
        lock (_gate)
        {
            Occupy(OnLine(bytes), Now);
        }
    }

    /// <summary>How long until it is plain that it takes more than it is given, unless more comes; zero when it is.</summary>
    internal TimeSpan FullFor()
    {
        lock (_gate)
        {
            var full = _freeAt + Patience - Now;
            return full > TimeSpan.Zero ? full : TimeSpan.Zero;
        }
    }

    /// <summary>So much left by itself since this was said last.</summary>
    internal void LeftUnasked(long bytes)
    {
        lock (_gate)
        {
            Occupy(Math.Min(bytes, _bytesPerSecond * MostUnasked.TotalSeconds), Now);
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_begun);

    private void Occupy(double bytes, TimeSpan now) => _freeAt = (_freeAt > now ? _freeAt : now) + TimeSpan.FromSeconds(bytes / _bytesPerSecond);

    // With the tag and the header of a record of TLS, and the headers of segments: what is flushed leaves, also as a part of one.
    private static double OnLine(int bytes) => bytes == 0 ? 0 : bytes + RecordBytes + ((bytes + RecordBytes + SegmentBytes - 1) / SegmentBytes * SegmentHeaderBytes);

    private static int WholeSegments(double bytes) => (int)bytes / SegmentBytes * SegmentBytes - RecordBytes;
}
