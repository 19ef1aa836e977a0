using System.Buffers;
using System.IO.Pipelines;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Multiplexing;

/// <summary>What the peer does to the link.</summary>
internal sealed partial class Link
{
    /// <summary>Several full frames, so that one read of a quick line brings more than one.</summary>
    private const int ReadBytes = 128 * 1024;

    /// <summary>Has unflushed bytes: flushed when another stream or nothing follows, so that its reader wakes once.</summary>
    private LinkStream? _unflushed;

    private async Task ReadAllAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            var filled = 0;
            while (true)
            {
                var read = await _transport.ReadAsync(buffer.AsMemory(filled), _cut.Token);
                if (read == 0)
                {
                    Close(EndOfConnection("it ended"));
                    return;
                }

                _traffic.Received(read);
                filled += read;
                var consumed = Receive(buffer.AsMemory(0, filled));
                filled -= consumed;
                if (filled > 0)
                {
                    buffer.AsSpan(consumed, filled).CopyTo(buffer);
                }
            }
        }
        catch (LinkViolationException violation)
        {
            Close(new LinkEnd(violation.Reason, IsByPeer: false, IsViolation: true, violation.Message));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            Close(EndOfConnection(e.Message));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private LinkEnd EndOfConnection(string how)
    {
        lock (_gate)
        {
            return _drain is { } drain
                ? new LinkEnd(drain, IsByPeer: true, IsViolation: false, "a better link of the same pair stands")
                : new LinkEnd(LinkCloseReason.Tunnel, IsByPeer: true, IsViolation: false, "the connection was cut: " + how);
        }
    }

    /// <summary>Takes in the frames that are whole.</summary>
    /// <returns>Bytes consumed.</returns>
    private int Receive(Memory<byte> bytes)
    {
        var consumed = 0;
        try
        {
            while (true)
            {
                var rest = new ReadOnlySequence<byte>(bytes[consumed..]);
                if (!FrameHeader.TryRead(rest, out var header, out _) || rest.Length < FrameHeader.SizeBytes + header.LengthBytes)
                {
                    return consumed;
                }

                var payload = bytes.Span.Slice(consumed + FrameHeader.SizeBytes, header.LengthBytes);
                consumed += FrameHeader.SizeBytes + header.LengthBytes;
                Dispatch(header, payload);
            }
        }
        finally
        {
            lock (_gate)
            {
                FlushArrived(null);
            }
        }
    }

    private void Dispatch(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        LinkStream? opened = null;
        if (header.Type == FrameType.GoAway)
        {
            WentAway(FramePayloads.ReadReason(payload));
            return;
        }

        lock (_gate)
        {
            if (_end is not null)
            {
                return;
            }

            switch (header.Type)
            {
                case FrameType.Open:
                    opened = Opened(header, payload);
                    break;
                case FrameType.Data:
                    if (Find(header) is { } to)
                    {
                        Arrived(to, payload);
                    }

                    break;
                case FrameType.Credit:
                    Credited(Find(header), payload);
                    break;
                case FrameType.End:
                    Ended(Find(header));
                    break;
                case FrameType.Abort:
                    Aborted(Find(header), FramePayloads.ReadReason(payload));
                    break;
                case FrameType.Ping:
                    _schedule.Pong = FramePayloads.ReadPing(payload);
                    _toSend.Set();
                    break;
                case FrameType.Pong:
                    _traffic.Ponged(FramePayloads.ReadPing(payload));
                    break;
            }
        }

        if (opened is not null)
        {
            Serve(opened);
        }
    }

    /// <summary>The stream of a frame; null if it has ended, and its frames were under way.</summary>
    private LinkStream? Find(FrameHeader header)
    {
        if (_streams.TryGetValue(header.Stream, out var stream))
        {
            return stream;
        }

        var wasOpened = IsOurs(header.Stream) ? header.Stream < _nextStream : header.Stream <= _lastPeerStream;
        return wasOpened
            ? null
            : throw new LinkViolationException(LinkCloseReason.Stream, $"{header.Type} for a stream that was never opened.");
    }

    private LinkStream? Opened(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (IsOurs(header.Stream) || header.Stream <= _lastPeerStream)
        {
            throw new LinkViolationException(LinkCloseReason.Stream, "Open of a stream that cannot be new.");
        }

        _lastPeerStream = header.Stream;
        var open = OpenFrame.Read(payload);
        var isFull = _streams.Count - _ownStreams >= _options.MaxStreams;
        if (isFull || _keeper.Find(open.Protocol) is null)
        {
            if (!_schedule.TryRefuse(header.Stream, isFull ? LinkCloseReason.Quota : LinkCloseReason.NotServed))
            {
                throw new LinkViolationException(LinkCloseReason.Quota, "A flood of streams that are refused.");
            }

            _toSend.Set();
            return null;
        }

        var priority = header.Flags.HasFlag(FrameFlags.Bulk) ? LinkPriority.Bulk : LinkPriority.Interactive;
        var buffers = _keeper.Buffers(open.Protocol)
            ?? new StreamBuffers(0, FramePayloads.OpenersCreditBytes, UnsentBytes, CanGrow: true);
        var stream = new LinkStream(this, header.Stream, open.Protocol, priority, buffers with { SendCreditBytes = (int)open.CreditBytes })
        {
            IsListed = true,
            IsServed = true,
        };
        _streams.Add(stream.Id, stream);
        return stream;
    }

    private void Serve(LinkStream stream)
    {
        var service = _keeper.Find(stream.Protocol)!;
        lock (_gate)
        {
            _served[stream] = Task.Run(() => ServeAsync(service, stream), CancellationToken.None);
        }
    }

    private async Task ServeAsync(ILinkService service, LinkStream stream)
    {
        try
        {
            await service.ServeAsync(stream, _closing.Token);
        }
        catch (Exception e)
        {
            if (e is not (OperationCanceledException or LinkException))
            {
                Log.ServiceFailed(_logger, stream.Protocol, e);
            }

            Abort(stream, LinkCloseReason.Failed);
        }

        await stream.DisposeAsync();
        lock (_gate)
        {
            stream.IsServed = false;
            _served.Remove(stream);
            TryUnlist(stream);
        }
    }

    private void Arrived(LinkStream stream, ReadOnlySpan<byte> payload)
    {
        if (stream.IsReceiveClosed)
        {
            // Of a stream that we aborted, until its service has returned; after the peer's own end it is a violation.
            if (stream.IsEndReceived)
            {
                throw new LinkViolationException(LinkCloseReason.Stream, "Data after the end of a stream.");
            }

            return;
        }

        stream.ReceiveCredit -= payload.Length;
        if (stream.ReceiveCredit < 0)
        {
            throw new LinkViolationException(LinkCloseReason.Credit, "More data than there was credit for.");
        }

        if (stream.IsUnread)
        {
            stream.Unacknowledged += payload.Length;
            if (stream.Unacknowledged >= stream.Window / 2)
            {
                Give(stream, stream.Unacknowledged, 0);
            }

            return;
        }

        if (stream != _unflushed)
        {
            FlushArrived(stream);
        }

        stream.Arriving.Write(payload);
    }

    /// <summary>Wakes the reader of the stream that got something last; remembers the next.</summary>
    private void FlushArrived(LinkStream? next)
    {
        var last = _unflushed;
        _unflushed = next;
        if (last is null || last.IsReceiveClosed)
        {
            return;
        }

        // Without a threshold a flush never waits.
        var flush = last.Arriving.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
        }
    }

    private void Credited(LinkStream? stream, ReadOnlySpan<byte> payload)
    {
        var credit = FramePayloads.ReadCredit(payload);
        if (stream is null || stream.IsSendClosed)
        {
            return;
        }

        stream.SendCredit += credit;
        if (stream.SendCredit > FramePayloads.MostCreditBytes)
        {
            throw new LinkViolationException(LinkCloseReason.Credit, "Credit beyond its limit.");
        }

        _schedule.QueueData(stream);
        _toSend.Set();
    }

    private void Ended(LinkStream? stream)
    {
        if (stream is null)
        {
            return;
        }

        if (stream.IsEndReceived)
        {
            throw new LinkViolationException(LinkCloseReason.Stream, "A second end of a stream.");
        }

        stream.IsEndReceived = true;
        CloseReceiving(stream, null);
    }

    private void Aborted(LinkStream? stream, LinkCloseReason reason)
    {
        if (stream is not null)
        {
            Finish(stream, new LinkException($"The stream was aborted by the peer: {reason}.") { Reason = reason });
        }
    }

    private void WentAway(LinkCloseReason reason)
    {
        if (reason is not (LinkCloseReason.Duplicate or LinkCloseReason.Replaced))
        {
            Close(new LinkEnd(reason, IsByPeer: true, IsViolation: false, "the peer closed it: " + reason));

            // If we closed it ourselves meanwhile, there is nothing more to wait for.
            _cut.Cancel();
            return;
        }

        lock (_gate)
        {
            _hasPeerGoneAway = true;
            _toSend.Set();
            if (_drain is not null)
            {
                return;
            }

            _drain = reason;
            _schedule.GoAway = reason;
            _isDrainedByPeer = true;
            _drainingSince = _time.GetTimestamp();
            _drainTold = _draining.CancelAsync();
        }

        _keeper.Draining(this);
    }
}
