using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Panal.Swarm.Links;

namespace Panal.Swarm.Tunnel;

/// <summary>The bytes of a TCP connection of a link: read in portions where the line is slow, in few calls of the system where it is quick.</summary>
/// <remarks>
/// TLS reads and writes a record of 16 KiB at a time. On a quick line that is a call of the system and a wake-up of the peer for each: what is
/// written is sent when it is flushed, and where a read left something behind the next takes more than it was asked for.
///
/// Whoever reads each segment as it comes makes the kernel acknowledge every second one: 66 bytes for 3,028, or 2.2 % of what a receiver
/// gets, on the uplink that it needs to pass blocks on. What is read some milliseconds later is acknowledged together. Which line is slow is seen by how fast bytes come: how long an
/// answer takes says little, since that of a line which is idle for a moment comes at once.
/// </remarks>
/// <param name="socket">A connected socket.</param>
/// <param name="owner">What closes the socket; null if that is this stream.</param>
/// <param name="time">The clock.</param>
internal sealed class LineStream(Socket socket, Stream? owner, TimeProvider time) : NetworkStream(socket, ownsSocket: owner is null)
{
    /// <summary>The longest pause, on a line that takes 14 ms or more for a segment.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(36);

    /// <summary>
    /// The pause on a line that takes no time for a segment. The kernel acknowledges by itself with the first segment that comes 28 ms or more after one that was not read, else
    /// after 40 ms; once it was first, the next read is followed by one more acknowledgement than it needs. So a read comes before that, also when we are woken some
    /// milliseconds late.
    /// </summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(22);

    /// <summary>What comes slower came over a line whose other direction is scarce too, or from a node that would not be faster without a pause; in bytes a second.</summary>
    private const double SlowBytesPerSecond = 1_500_000;

    /// <summary>A longer gap is the sender's, not the line's: the rate is measured anew.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(60);

    /// <summary>A rate is judged after so much at least: what a line hands over at once when something stood in its queue says little.</summary>
    private const int LeastRunBytes = 24 * 1024;

    /// <summary>A read that brought less was a message, whose answer may be awaited: what follows is read at once.</summary>
    private const int LeastBytes = 1024;

    /// <summary>The largest batch of a link in its records.</summary>
    private const int MostGatheredBytes = Multiplexing.LinePace.MostBytes + 4096;

    /// <summary>What came in a pause tells how long the line takes for a segment if it was so much.</summary>
    private const int LeastTellingBytes = 3 * Uplink.SegmentBytes;

    private const int AheadBytes = 128 * 1024;

    /// <summary>Reads ahead only after one that brought more than this: half a record.</summary>
    private const int LeastAheadBytes = 8 * 1024;

    private long _readAt;
    private long _unasked;
    private bool _hasMore;
    private TimeSpan _pause;
    private TimeSpan _run;
    private long _runBytes;
    private byte[]? _gathered;
    private int _gatheredBytes;
    private byte[]? _ahead;             // an idle line owns no buffer
    private Memory<byte> _aheadLeft;
    private bool _wasFilled;

    /// <summary>Our address on the line; null if it has ended already.</summary>
    public IPAddress? LocalAddress { get; } = AddressOf(socket);

    /// <summary>What is written leaves when it is flushed; for those who flush.</summary>
    public bool GathersUntilFlushed { get; set; }

    /// <summary>How long one waits for more, from the first that comes after a read that took all there was; zero to read at once.</summary>
    public TimeSpan Pause => _pause;

    /// <summary>Learns how much is handed to the line at once, in bytes: the kernel holds as much again, no more.</summary>
    public void BatchIs(int bytes) => LineSocket.HoldUnsent(Socket, bytes);

    /// <inheritdoc cref="LineSocket.Pace"/>
    public void Pace(double bytesPerSecond) => LineSocket.Pace(Socket, bytesPerSecond);

    /// <summary>Bytes on the line that nobody wrote since it was asked last: acknowledgements, and what was sent again; zero where the system does not say.</summary>
    public long TakeUnaskedBytes()
    {
        var before = _unasked;
        _unasked = LineSocket.UnaskedBytes(Socket) ?? before;
        return _unasked - before;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ahead is not null)
        {
            return ValueTask.FromResult(TakeAhead(buffer));
        }

        return _hasMore && _pause > TimeSpan.Zero ? ReadLaterAsync(buffer, cancellationToken) : ReadLineAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!GathersUntilFlushed || buffer.Length > MostGatheredBytes - _gatheredBytes)
        {
            return WriteAfterGatheredAsync(buffer, cancellationToken);
        }

        _gathered ??= ArrayPool<byte>.Shared.Rent(MostGatheredBytes);
        buffer.CopyTo(_gathered.AsMemory(_gatheredBytes));
        _gatheredBytes += buffer.Length;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _gatheredBytes == 0 ? Task.CompletedTask : SendGatheredAsync(cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (owner is not null)
        {
            await owner.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            owner?.Dispose();
        }
    }

    private static IPAddress? AddressOf(Socket socket)
    {
        try
        {
            return (socket.LocalEndPoint as IPEndPoint)?.Address;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private async ValueTask WriteAfterGatheredAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await base.WriteAsync(buffer, cancellationToken);
    }

    // After a failure the buffer may still be the socket's: it is left to the collector.
    private async Task SendGatheredAsync(CancellationToken cancellationToken)
    {
        var (bytes, length) = (_gathered!, _gatheredBytes);
        (_gathered, _gatheredBytes) = (null, 0);
        await base.WriteAsync(bytes.AsMemory(0, length), cancellationToken);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    private async ValueTask<int> ReadLaterAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Takes nothing: the pause begins with what comes first, so that one read takes all that the sender gave to the line in one turn.
        if (await base.ReadAsync(Memory<byte>.Empty, cancellationToken) == 0 && Socket.Available >= LeastBytes)
        {
            await Task.Delay(_pause, time, cancellationToken);
            _pause = Socket.Available >= LeastTellingBytes ? PauseAt(Socket.Available / _pause.TotalSeconds) : _pause;
        }

        // All that has come, in one call: what a second call took would be acknowledged by itself.
        return await (Socket.Available > buffer.Length ? ReadAheadAsync(buffer, cancellationToken) : ReadLineAsync(buffer, cancellationToken));
    }

    private ValueTask<int> ReadLineAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _wasFilled ? ReadAheadAsync(buffer, cancellationToken) : NoteAsync(base.ReadAsync(buffer, cancellationToken), buffer.Length);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAheadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var ahead = ArrayPool<byte>.Shared.Rent(AheadBytes);
        var read = await NoteAsync(base.ReadAsync(ahead.AsMemory(0, AheadBytes), cancellationToken), AheadBytes);
        _ahead = ahead;
        _aheadLeft = ahead.AsMemory(0, read);

        // The next is read ahead too unless little came.
        _wasFilled = read > LeastAheadBytes;
        return TakeAhead(buffer);
    }

    private int TakeAhead(Memory<byte> buffer)
    {
        var taken = Math.Min(buffer.Length, _aheadLeft.Length);
        _aheadLeft[..taken].CopyTo(buffer);
        _aheadLeft = _aheadLeft[taken..];
        if (_aheadLeft.IsEmpty)
        {
            ArrayPool<byte>.Shared.Return(_ahead!);
            _ahead = null;
        }

        return taken;
    }

    // A read that filled the buffer left something behind, which is read at once.
    private ValueTask<int> NoteAsync(ValueTask<int> reading, int most)
    {
        if (!reading.IsCompletedSuccessfully)
        {
            return NoteLaterAsync(reading, most);
        }

        var read = reading.Result;
        Note(read, most);
        return ValueTask.FromResult(read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NoteLaterAsync(ValueTask<int> reading, int most)
    {
        var read = await reading;
        Note(read, most);
        return read;
    }

    private static TimeSpan PauseAt(double bytesPerSecond) =>
        ShortestPause + TimeSpan.FromSeconds(Math.Min((LongestPause - ShortestPause).TotalSeconds, Uplink.SegmentBytes / bytesPerSecond));

    private void Note(int read, int most)
    {
        _wasFilled = read == most && most > LeastAheadBytes;
        _hasMore = read >= LeastBytes && read < most;
        if (_pause > TimeSpan.Zero)
        {
            LineSocket.AcknowledgeLate(Socket);
        }

        var (before, now) = (_readAt, time.GetTimestamp());
        _readAt = now;
        var gap = time.GetElapsedTime(before, now);
        if (gap > LongestGap)
        {
            // What came now may have come at any time since.
            (_runBytes, _run) = (0, TimeSpan.Zero);
            return;
        }

        _runBytes += read;
        _run += gap;
        if (_runBytes >= LeastRunBytes && _run >= LongestPause)
        {
            var bytesPerSecond = _runBytes / _run.TotalSeconds;
            _pause = bytesPerSecond >= SlowBytesPerSecond ? TimeSpan.Zero : _pause > TimeSpan.Zero ? _pause : PauseAt(bytesPerSecond);
            (_runBytes, _run) = (0, TimeSpan.Zero);
        }
    }
}
