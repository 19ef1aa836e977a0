using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Multiplexing;

/// <summary>What those who use streams do to the link.</summary>
internal sealed partial class Link
{
    /// <summary>Something was written, or the output is complete.</summary>
    internal void Flushed(LinkStream stream)
    {
        lock (_gate)
        {
            _schedule.QueueData(stream);
            _toSend.Set();
        }
    }

    /// <summary>Something was consumed: gives credit back in halves of the window, and more of it to those who are quick.</summary>
    /// <param name="stream">Whose.</param>
    /// <param name="length">Bytes consumed.</param>
    /// <param name="kept">Bytes that were looked at and kept because more is needed; else zero.</param>
    internal void Consumed(LinkStream stream, long length, long kept)
    {
        lock (_gate)
        {
            if (stream.IsReceiveClosed)
            {
                return;
            }

            stream.Unacknowledged += length;
            var buffered = stream.Window - stream.ReceiveCredit - stream.Unacknowledged;
            var isStarved = kept >= stream.Window / 2;

            // One who waits for the rest of a message gets what was held back: the peer may have no credit left to send it.
            var isWaiting = kept > 0 && stream.Unacknowledged > 0 && stream.ReceiveCredit < stream.Window / 2;
            if (stream.Unacknowledged < stream.Window / 2 && !isStarved && !isWaiting)
            {
                return;
            }

            var grown = buffered <= stream.Window / 4 || isStarved ? Grow(stream) : 0;
            Give(stream, stream.Unacknowledged, grown);
        }
    }

    /// <summary>Nobody reads what arrives any more.</summary>
    internal void Unread(LinkStream stream)
    {
        lock (_gate)
        {
            stream.IsUnread = true;
            if (!stream.IsReceiveClosed)
            {
                Give(stream, stream.Window - stream.ReceiveCredit, 0);
            }
        }
    }

    internal void GiveUp(LinkStream stream)
    {
        lock (_gate)
        {
            stream.IsGivenUp = true;
        }
    }

    internal bool IsGivenUp(LinkStream stream)
    {
        lock (_gate)
        {
            return stream.IsGivenUp;
        }
    }

    /// <summary>Takes a stream out of both directions; what is not sent yet is dropped.</summary>
    internal void Abort(LinkStream stream, LinkCloseReason reason)
    {
        lock (_gate)
        {
            if (stream.IsSendClosed || _end is not null)
            {
                return;
            }

            stream.PendingAbort = reason;
            _schedule.QueueControl(stream);
            Finish(stream, new LinkException("The stream was aborted by this side.") { Reason = reason });
            _toSend.Set();
        }
    }

    /// <summary>The one who used it is done: whatever the peer still sends is not wanted.</summary>
    internal void Released(LinkStream stream)
    {
        lock (_gate)
        {
            if (stream.IsReceiveClosed || _end is not null)
            {
                return;
            }

            if (stream.IsSendClosed)
            {
                AbortAfterEnd(stream);
            }
            else
            {
                stream.IsAbortedAfterEnd = true;
            }
        }
    }

    private void AbortAfterEnd(LinkStream stream)
    {
        stream.PendingAbort = LinkCloseReason.GivenUp;
        _schedule.QueueControl(stream);
        CloseReceiving(stream, null);
        _toSend.Set();
    }

    private void SendClosed(LinkStream stream)
    {
        if (stream.IsAbortedAfterEnd && !stream.IsReceiveClosed)
        {
            AbortAfterEnd(stream);
        }

        TryUnlist(stream);
    }

    /// <summary>Both directions end now.</summary>
    private void Finish(LinkStream stream, LinkException failure)
    {
        if (!stream.IsSendClosed)
        {
            stream.IsSendClosed = true;
            stream.Leaving.Complete(failure);
        }

        CloseReceiving(stream, failure);
    }

    private void CloseReceiving(LinkStream stream, LinkException? failure)
    {
        if (!stream.IsReceiveClosed)
        {
            stream.IsReceiveClosed = true;
            stream.Arriving.Complete(failure);
            _budgetBytes += stream.Borrowed;
            stream.Borrowed = 0;
        }

        TryUnlist(stream);
    }

    private void TryUnlist(LinkStream stream)
    {
        if (!stream.IsListed || !stream.IsSendClosed || !stream.IsReceiveClosed || stream.IsServed)
        {
            return;
        }

        stream.IsListed = false;
        _streams.Remove(stream.Id);
        if (IsOurs(stream.Id))
        {
            _ownStreams--;
        }

        if (_drain is not null && _streams.Count == 0)
        {
            // The writer looks again, and ends the link.
            _toSend.Set();
        }
    }

    private long Grow(LinkStream stream)
    {
        var grown = stream.Window;
        if (!stream.Buffers.CanGrow || 2 * stream.Window > _options.LongestWindowBytes || grown > _budgetBytes)
        {
            return 0;
        }

        _budgetBytes -= grown;
        stream.Borrowed += grown;
        stream.Window += grown;
        return grown;
    }

    private void Give(LinkStream stream, long consumed, long grown)
    {
        if (consumed + grown == 0)
        {
            return;
        }

        stream.Unacknowledged = Math.Max(0, stream.Unacknowledged - consumed);
        stream.ReceiveCredit += consumed + grown;
        stream.PendingCredit += (uint)(consumed + grown);
        _schedule.QueueControl(stream);
        _toSend.Set();
    }

    private bool IsOurs(uint id) => (id & 1) == (_isDialler ? 1u : 0u);
}
