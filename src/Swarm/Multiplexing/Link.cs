using System.Buffers;
using Microsoft.Extensions.Logging;
using Panal.Swarm.Links;
using Panal.Swarm.Tunnel;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Multiplexing;

/// <summary>One connection to a peer that carries many streams in both directions (docs/formats/link.md).</summary>
/// <remarks>
/// One loop reads, one writes; <see cref="_gate"/> guards what they share with those who use streams. The reader never waits for a
/// consumer: what a peer may send is bounded by credit, and that by <see cref="LinkOptions"/>.
/// </remarks>
internal sealed partial class Link : IDisposable
{
    /// <summary>How long the last frame and the peer's closing are waited for.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly Stream _transport;
    private readonly LinkOptions _options;
    private readonly ILinkKeeper _keeper;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Signal _toSend = new();
    private readonly SendSchedule _schedule;
    private readonly LinePace _pace;
    private readonly Dictionary<uint, LinkStream> _streams = [];
    private readonly Dictionary<LinkStream, Task> _served = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _cut;
    private readonly LinkTraffic _traffic;
    private readonly bool _isDialler;
    private uint _nextStream;
    private uint _lastPeerStream;
    private int _ownStreams;
    private int _looks;
    private Uplink? _uplink;
    private LinkTurns? _turns;
    private long _budgetBytes;
    private long? _writingSince;
    private LinkCloseReason? _drain;
    private long _drainingSince;
    private bool _isDrainedByPeer;
    private bool _hasPeerGoneAway;
    private LinkEnd? _end;
    private Task _told = Task.CompletedTask;
    private Task _drainTold = Task.CompletedTask;

    /// <param name="transport">What carries the frames, after the preface; the link closes it.</param>
    /// <param name="peer">Who is at the other end.</param>
    /// <param name="isDialler">Whether we made the connection: our streams are odd.</param>
    /// <param name="options">Limits.</param>
    /// <param name="keeper">Who serves the streams that the peer opens.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">For what services throw.</param>
    public Link(Stream transport, NodeId peer, bool isDialler, LinkOptions options, ILinkKeeper keeper, TimeProvider time, ILogger logger)
    {
        _transport = transport;
        Peer = peer;
        _isDialler = isDialler;
        _options = options;
        _keeper = keeper;
        _time = time;
        _logger = logger;
        _cut = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Draining = _draining.Token;
        _nextStream = isDialler ? 1u : 2u;
        _budgetBytes = options.WindowBudgetBytes;
        _schedule = new SendSchedule(SendClosed);
        _pace = new LinePace(time);
        _traffic = new LinkTraffic(time);
    }

    public NodeId Peer { get; }

    public LinkTraffic Traffic => _traffic;

    /// <summary>The TCP connection below the tunnel, which is told how much is handed to it at once; null if there is none.</summary>
    public LineStream? Line { get; init; }

    /// <summary>Whether we made the connection.</summary>
    public bool IsDialler => _isDialler;

    /// <summary>Streams that stand, of both sides.</summary>
    public int Streams
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>Most that windows grew by, in bytes; for the bound on memory.</summary>
    internal long BorrowedBytes
    {
        get
        {
            lock (_gate)
            {
                return _options.WindowBudgetBytes - _budgetBytes;
            }
        }
    }

    /// <summary>Whether no new streams go here.</summary>
    public bool IsDraining
    {
        get
        {
            lock (_gate)
            {
                return _drain is not null || _end is not null;
            }
        }
    }

    /// <summary>Cancelled when no new streams go here since another link of the pair stands.</summary>
    public CancellationToken Draining { get; }

    /// <summary>Reads and writes until the link has ended; does not throw.</summary>
    /// <param name="onEnded">Told as soon as the link is of no more use, before services have returned.</param>
    /// <param name="cancellationToken">Closes the link in order.</param>
    public async Task<LinkEnd> RunAsync(Action<LinkEnd> onEnded, CancellationToken cancellationToken)
    {
        var look = _time.CreateTimer(static link => ((Link)link!).Look(), this, _options.PingInterval, _options.PingInterval);
        await using (look)
        await using (cancellationToken.UnsafeRegister(static link => ((Link)link!).Close(LinkCloseReason.Stopping, "the node stops"), this))
        {
            if (Line is not null)
            {
                Line.GathersUntilFlushed = true;
            }

            Ping();
            var reading = ReadAllAsync();
            await WriteAllAsync();
            onEnded(_end!);

            if (_end!.IsByPeer)
            {
                await _cut.CancelAsync();
            }

            // Closed with unread bytes, TCP would reset the connection and our last frame be lost: the peer closes, or the time is up.
            await reading;
        }

        Share(null);
        await CloseTransportAsync();
        await _told;
        await _drainTold;
        Task[] served;
        lock (_gate)
        {
            served = [.. _served.Values];
        }

        await Task.WhenAll(served);
        return _end!;
    }

    /// <summary>Opens a stream; its first frames leave together.</summary>
    /// <exception cref="LinkException">The link ends, or carries too many streams.</exception>
    public LinkStream Open(string protocol, LinkPriority priority, StreamBuffers? buffers = null)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                throw _end.ToException();
            }

            if (_drain is { } drain)
            {
                throw new LinkException("A better link of the same pair stands.") { Reason = drain };
            }

            if (_ownStreams >= _options.MaxStreams || _nextStream > uint.MaxValue - 2)
            {
                throw new LinkException($"The link carries {_ownStreams} streams of ours already.") { Reason = LinkCloseReason.Quota };
            }

            var stream = new LinkStream(this, _nextStream, protocol, priority, buffers ?? OwnBuffers()) { IsOpenPending = true, IsListed = true };
            _nextStream += 2;
            _ownStreams++;
            _streams.Add(stream.Id, stream);
            _schedule.QueueControl(stream);
            _toSend.Set();
            return stream;
        }
    }

    /// <summary>What it sends goes over this line from now on, which other links share; null for a line that nobody knows.</summary>
    public void Share(Uplink? uplink)
    {
        lock (_gate)
        {
            if (_uplink == uplink || (_end is not null && uplink is not null))
            {
                return;
            }

            _turns?.Dispose();
            _turns = uplink is null ? null : new LinkTurns(uplink, _toSend.Set, _time);
            if (Line is { } line)
            {
                _uplink?.Remove(line);
                uplink?.Add(line);
            }

            _uplink = uplink;
            _toSend.Set();
        }
    }

    /// <summary>Ends the link; the peer is told why, and everything that is not written yet is dropped.</summary>
    public void Close(LinkCloseReason reason, string message) => Close(new LinkEnd(reason, IsByPeer: false, IsViolation: false, message));

    /// <summary>Lets the streams that stand end; opens no more. The peer answers with the same, so that none of its opens is lost.</summary>
    public void Drain(LinkCloseReason reason)
    {
        lock (_gate)
        {
            if (_drain is not null || _end is not null)
            {
                return;
            }

            _drain = reason;
            _drainingSince = _time.GetTimestamp();
            _drainTold = _draining.CancelAsync();
            _schedule.GoAway = reason;
            _toSend.Set();
        }
    }

    /// <summary>For the one who ran it, after it has ended.</summary>
    public void Dispose()
    {
        _closing.Dispose();
        _cut.Dispose();
        _draining.Dispose();
    }

    /// <summary>A link that carries something is pinged at every fourth look.</summary>
    private const int LooksOfPing = 4;

    /// <summary>What a stream holds that the line has not taken: a block, so that what goes next is chosen late.</summary>
    private const int UnsentBytes = 64 * 1024;

    private StreamBuffers OwnBuffers() =>
        new(FramePayloads.OpenersCreditBytes, _options.FirstWindowBytes, UnsentBytes, CanGrow: true);

    private void Close(LinkEnd end)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                return;
            }

            _end = end;
            if (!end.IsByPeer && _drain is null)
            {
                _schedule.GoAway = end.Reason;
            }

            var failure = end.ToException();
            foreach (var stream in _streams.Values.ToArray())
            {
                Finish(stream, failure);
            }

            _toSend.Set();

            // Services are told; a write that hangs and a peer that does not close get no more than the farewell.
            _told = _closing.CancelAsync();
            _cut.CancelAfter(Farewell);
        }
    }

    private async Task CloseTransportAsync()
    {
        try
        {
            await _transport.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone already.
        }
    }

    private async Task WriteAllAsync()
    {
        byte[]? batch = null;
        try
        {
            while (true)
            {
                batch ??= ArrayPool<byte>.Shared.Rent(LinePace.MostBytes);
                int length;
                bool isEnding;
                lock (_gate)
                {
                    isEnding = _end is not null;
                    length = isEnding ? FillFarewell(batch) : _turns?.Fill(_schedule, batch) ?? _schedule.Fill(batch.AsSpan(0, _pace.BatchBytes));
                    _writingSince = length > 0 ? _time.GetTimestamp() : null;
                }

                if (length > 0)
                {
                    await _transport.WriteAsync(batch.AsMemory(0, length), _cut.Token);
                    await _transport.FlushAsync(_cut.Token);
                    _traffic.Sent(length);
                    var before = _pace.BatchBytes;
                    _pace.Took(length, _writingSince!.Value);
                    if (_pace.BatchBytes != before && _turns is null)
                    {
                        Line?.BatchIs(_pace.BatchBytes);
                    }
                }

                if (isEnding)
                {
                    return;
                }

                if (length == 0 && HasDrained())
                {
                    Close(EndOfDrain());
                }
                else if (length == 0)
                {
                    // An idle link owns no buffer.
                    ArrayPool<byte>.Shared.Return(batch);
                    batch = null;
                    await _toSend.WaitAsync();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            Close(EndOfConnection(e.Message));
        }
        finally
        {
            if (batch is not null)
            {
                ArrayPool<byte>.Shared.Return(batch);
            }
        }
    }

    private bool HasDrained()
    {
        lock (_gate)
        {
            return _hasPeerGoneAway && _schedule.GoAway is null && _streams.Count == 0;
        }
    }

    private LinkEnd EndOfDrain() => new(_drain!.Value, IsByPeer: _isDrainedByPeer, IsViolation: false, "a better link of the same pair stands");

    /// <summary>Only the goaway: nothing else may leave once the link is closed.</summary>
    private int FillFarewell(byte[] batch)
    {
        if (_schedule.GoAway is not { } reason)
        {
            return 0;
        }

        var farewell = new SendSchedule(static _ => { }) { GoAway = reason };
        return farewell.Fill(batch);
    }

    /// <summary>Looked at now and then: is the peer alive, does it take what we write, has a drain ended.</summary>
    private void Look()
    {
        _traffic.Look();
        bool isStalled;
        LinkCloseReason? overdue;
        lock (_gate)
        {
            isStalled = _writingSince is { } since && _time.GetElapsedTime(since) >= _options.StallTimeout;
            overdue = _drain is not null && _time.GetElapsedTime(_drainingSince) >= _options.DrainTimeout ? _drain : null;
        }

        if (_traffic.Silence >= _options.SilenceTimeout)
        {
            Close(LinkCloseReason.Silent, "nothing came for too long");
        }
        else if (isStalled)
        {
            Close(LinkCloseReason.Silent, "the peer takes nothing");
        }
        else if (overdue is { } reason)
        {
            Close(reason, "a better link of the same pair stands");
        }
        else if (_traffic.Silence >= _options.PingInterval || (!_traffic.IsResting && _looks++ % LooksOfPing == 0))
        {
            // Where both rest, one ping in the interval tells both that the other lives. Where they do not, the line may have become another; a ping and its answer on
            // each of ten links are a hundredth of a slow line if they come at every look.
            Ping();
        }
    }

    private void Ping()
    {
        lock (_gate)
        {
            if (_traffic.TryBeginPing(out var number))
            {
                _schedule.Ping = number;
                _toSend.Set();
            }
        }
    }
}
