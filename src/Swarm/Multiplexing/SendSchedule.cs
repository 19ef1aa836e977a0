using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Swarm.Multiplexing;

/// <summary>
/// What leaves next on a link: control first, then interactive data, then bulk; streams of one class take turns, a frame each.
/// Frames are cut when the line can take them, not when they are written, so that what is urgent overtakes.
/// </summary>
/// <remarks>Guarded by the gate of the link.</remarks>
internal sealed class SendSchedule(Action<LinkStream> onSendClosed)
{
    /// <summary>A peer that makes us refuse more than this before the line takes it is a flood.</summary>
    public const int MostRefusals = 1024;

    /// <summary>What a stream of bulk has to say in no more than this is a message: a request, what is held.</summary>
    public const int MessageBytes = 1024;

    /// <summary>Less than this is not worth a frame: it goes with the next batch.</summary>
    private const int LeastBytes = 512;

    private const int ControlFrameBytes = FrameHeader.SizeBytes + FramePayloads.PingBytes;

    private readonly Queue<LinkStream> _control = new();
    private readonly Queue<LinkStream> _interactive = new();
    private readonly Queue<LinkStream> _bulk = new();
    private readonly Queue<(uint Stream, LinkCloseReason Reason)> _refusals = new();

    public ulong? Ping { get; set; }

    public ulong? Pong { get; set; }

    public LinkCloseReason? GoAway { get; set; }

    /// <summary>Whether streams of bulk have something to send.</summary>
    public bool HasBulk => _bulk.Count > 0;

    public bool TryRefuse(uint stream, LinkCloseReason reason)
    {
        if (_refusals.Count == MostRefusals)
        {
            return false;
        }

        _refusals.Enqueue((stream, reason));
        return true;
    }

    public void QueueControl(LinkStream stream)
    {
        if (!stream.IsControlQueued)
        {
            stream.IsControlQueued = true;
            _control.Enqueue(stream);
        }
    }

    public void QueueData(LinkStream stream)
    {
        if (!stream.IsDataQueued && !stream.IsSendClosed)
        {
            stream.IsDataQueued = true;
            (stream.Priority == LinkPriority.Bulk ? _bulk : _interactive).Enqueue(stream);
        }
    }

    /// <summary>Writes the frames that go next.</summary>
    /// <param name="target">Where to; at least 4 KiB.</param>
    /// <param name="withBulk">False for messages alone.</param>
    /// <returns>Bytes written; zero when there is nothing to send.</returns>
    public int Fill(Span<byte> target, bool withBulk = true)
    {
        var frames = new FrameWriter(target);
        WriteOfLink(ref frames);
        while (frames.LeftBytes >= 2 * ControlFrameBytes + FrameHeader.SizeBytes + OpenFrame.LongestBytes && _control.TryDequeue(out var stream))
        {
            stream.IsControlQueued = false;
            WriteControl(ref frames, stream);
        }

        // Data of a stream never goes before its open, and a goaway not before the last open.
        if (_control.Count == 0)
        {
            if (GoAway is { } reason && frames.LeftBytes >= ControlFrameBytes)
            {
                frames.WriteReason(FrameType.GoAway, 0, reason);
                GoAway = null;
            }

            WriteData(ref frames, _interactive);
            WriteMessages(ref frames);
            if (withBulk)
            {
                WriteData(ref frames, _bulk);
            }
        }

        return frames.WrittenBytes;
    }

    private void WriteOfLink(ref FrameWriter frames)
    {
        if (Pong is { } pong)
        {
            frames.WritePing(FrameType.Pong, pong);
            Pong = null;
        }

        if (Ping is { } ping)
        {
            frames.WritePing(FrameType.Ping, ping);
            Ping = null;
        }

        while (frames.LeftBytes >= ControlFrameBytes && _refusals.TryDequeue(out var refusal))
        {
            frames.WriteReason(FrameType.Abort, refusal.Stream, refusal.Reason);
        }
    }

    private static void WriteControl(ref FrameWriter frames, LinkStream stream)
    {
        if (stream.IsOpenPending)
        {
            frames.WriteOpen(stream);
            stream.IsOpenPending = false;
        }

        if (stream.PendingCredit > 0 && !stream.IsReceiveClosed)
        {
            frames.WriteCredit(stream.Id, stream.PendingCredit);
        }

        stream.PendingCredit = 0;
        if (stream.PendingAbort is { } abort)
        {
            frames.WriteReason(FrameType.Abort, stream.Id, abort);
            stream.PendingAbort = null;
        }
    }

    /// <summary>Of the streams of bulk, what those that send few bytes have to say; the others keep their order.</summary>
    private void WriteMessages(ref FrameWriter frames)
    {
        for (var left = _bulk.Count; left > 0; left--)
        {
            var stream = _bulk.Dequeue();
            var isMessage = !stream.IsSendClosed && frames.LeftBytes >= LeastBytes + MessageBytes && IsMessage(stream);
            stream.IsDataQueued = isMessage ? WriteData(ref frames, stream) : !stream.IsSendClosed;
            if (stream.IsDataQueued)
            {
                _bulk.Enqueue(stream);
            }
        }
    }

    private static bool IsMessage(LinkStream stream)
    {
        if (!stream.Leaving.TryRead(out var result))
        {
            return true;
        }

        stream.Leaving.AdvanceTo(result.Buffer.Start);
        return result.Buffer.Length <= MessageBytes;
    }

    private void WriteData(ref FrameWriter frames, Queue<LinkStream> queue)
    {
        while (frames.LeftBytes >= LeastBytes && queue.TryDequeue(out var stream))
        {
            stream.IsDataQueued = false;
            if (!stream.IsSendClosed && WriteData(ref frames, stream))
            {
                stream.IsDataQueued = true;
                queue.Enqueue(stream);
            }
        }
    }

    /// <summary>Writes one frame of a stream; true if it has more to send.</summary>
    private bool WriteData(ref FrameWriter frames, LinkStream stream)
    {
        if (!stream.Leaving.TryRead(out var result))
        {
            return false;
        }

        // Room for the end that may follow.
        var most = Math.Min(FrameHeader.LongestPayloadBytes, frames.LeftBytes - 2 * FrameHeader.SizeBytes);
        var length = Math.Min(Math.Min(result.Buffer.Length, stream.SendCredit), most);
        var sent = result.Buffer.Slice(0, length);
        if (length > 0)
        {
            frames.WriteData(stream.Id, sent);
            stream.SendCredit -= length;
        }

        var isAll = length == result.Buffer.Length;
        stream.Leaving.AdvanceTo(sent.End);
        if (isAll && result.IsCompleted)
        {
            frames.WriteEmpty(FrameType.End, stream.Id);
            stream.IsSendClosed = true;
            stream.Leaving.Complete();
            onSendClosed(stream);
            return false;
        }

        // Without credit it comes back when credit does.
        return !isAll && stream.SendCredit > 0;
    }

    private ref struct FrameWriter(Span<byte> target)
    {
        private readonly Span<byte> _target = target;

        public int WrittenBytes { get; private set; }

        public readonly int LeftBytes => _target.Length - WrittenBytes;

        public void WriteEmpty(FrameType type, uint stream) => Begin(type, FrameFlags.None, stream, 0);

        public void WriteData(uint stream, in ReadOnlySequence<byte> data) => data.CopyTo(Begin(FrameType.Data, FrameFlags.None, stream, (int)data.Length));

        public void WriteOpen(LinkStream stream)
        {
            var open = new OpenFrame((uint)stream.Window, stream.Protocol);
            var flags = stream.Priority == LinkPriority.Bulk ? FrameFlags.Bulk : FrameFlags.None;
            open.Write(Begin(FrameType.Open, flags, stream.Id, open.LengthBytes));
        }

        public void WriteCredit(uint stream, uint credit) =>
            BinaryPrimitives.WriteUInt32LittleEndian(Begin(FrameType.Credit, FrameFlags.None, stream, FramePayloads.CreditBytes), credit);

        public void WriteReason(FrameType type, uint stream, LinkCloseReason reason) =>
            BinaryPrimitives.WriteUInt16LittleEndian(Begin(type, FrameFlags.None, stream, FramePayloads.ReasonBytes), (ushort)reason);

        public void WritePing(FrameType type, ulong number) =>
            BinaryPrimitives.WriteUInt64LittleEndian(Begin(type, FrameFlags.None, 0, FramePayloads.PingBytes), number);

        private Span<byte> Begin(FrameType type, FrameFlags flags, uint stream, int lengthBytes)
        {
            new FrameHeader(type, flags, stream, lengthBytes).Write(_target[WrittenBytes..]);
            var payload = _target.Slice(WrittenBytes + FrameHeader.SizeBytes, lengthBytes);
            WrittenBytes += FrameHeader.SizeBytes + lengthBytes;
            return payload;
        }
    }
}
