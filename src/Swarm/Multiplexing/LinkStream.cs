using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Panal.Swarm.Links;

namespace Panal.Swarm.Multiplexing;

/// <summary>One stream of a link: two pipes in memory whose other ends are the link's reader and its writer.</summary>
/// <remarks>
/// Everything that is not a pipe is guarded by the gate of the link. What a peer may send is bounded by credit, which is given when it is
/// consumed; what we write is bounded by the threshold of the pipe, which waits for the line.
/// </remarks>
internal sealed class LinkStream : ILinkStream
{
    private static readonly PipeOptions IncomingOptions = new(
        SegmentPool.Instance, pauseWriterThreshold: 0, minimumSegmentSize: SegmentPool.SegmentBytes, useSynchronizationContext: false);

    private readonly Link _link;
    private readonly Pipe _incoming;
    private readonly Pipe _outgoing;

    /// <param name="link">Whose stream it is.</param>
    /// <param name="id">Its number on the wire.</param>
    /// <param name="protocol">What is spoken.</param>
    /// <param name="priority">What goes first.</param>
    /// <param name="buffers">What it may hold.</param>
    public LinkStream(Link link, uint id, string protocol, LinkPriority priority, StreamBuffers buffers)
    {
        _link = link;
        Id = id;
        Protocol = protocol;
        Priority = priority;
        Buffers = buffers;
        SendCredit = buffers.SendCreditBytes;
        Window = buffers.WindowBytes;
        ReceiveCredit = buffers.WindowBytes;
        _incoming = new Pipe(IncomingOptions);

        // The writer goes on, and chooses what is next, when all that it wrote is in a batch: the line takes longer for that than the choice does.
        _outgoing = new Pipe(new PipeOptions(
            SegmentPool.Instance,
            pauseWriterThreshold: buffers.UnsentBytes,
            resumeWriterThreshold: 1,
            minimumSegmentSize: SegmentPool.SegmentBytes,
            useSynchronizationContext: false));
        Input = new StreamInput(this, _incoming.Reader);
        Output = new StreamOutput(this, _outgoing.Writer);
    }

    public uint Id { get; }

    public Link Link => _link;

    public NodeId Peer => _link.Peer;

    public string Protocol { get; }

    public LinkPriority Priority { get; }

    public CancellationToken Draining => _link.Draining;

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    internal StreamBuffers Buffers { get; }

    /// <summary>The ends of the pipes that are the link's.</summary>
    internal PipeWriter Arriving => _incoming.Writer;

    internal PipeReader Leaving => _outgoing.Reader;

    // Sending.
    internal long SendCredit { get; set; }

    internal bool IsOpenPending { get; set; }

    internal uint PendingCredit { get; set; }

    internal LinkCloseReason? PendingAbort { get; set; }

    internal bool IsControlQueued { get; set; }

    internal bool IsDataQueued { get; set; }

    /// <summary>Our end or abort is written: no data follows.</summary>
    internal bool IsSendClosed { get; set; }

    // Receiving.
    internal long Window { get; set; }

    internal long ReceiveCredit { get; set; }

    internal long Unacknowledged { get; set; }

    /// <summary>The peer's end or abort arrived, or ours took it out.</summary>
    internal bool IsReceiveClosed { get; set; }

    /// <summary>The peer's end arrived.</summary>
    internal bool IsEndReceived { get; set; }

    /// <summary>Nobody reads any more: what arrives is dropped and its credit given back.</summary>
    internal bool IsUnread { get; set; }

    /// <summary>How much of the link's budget its window has taken.</summary>
    internal long Borrowed { get; set; }

    /// <summary>The one who uses it is done with it.</summary>
    internal bool IsGivenUp { get; set; }

    /// <summary>What the peer still sends is to be stopped once our end is written.</summary>
    internal bool IsAbortedAfterEnd { get; set; }

    /// <summary>It stands in the table of the link.</summary>
    internal bool IsListed { get; set; }

    /// <summary>The peer opened it, and its service has not returned.</summary>
    internal bool IsServed { get; set; }

    public bool IsBringing => _link.Traffic.IsBringing;

    public void Share(Uplink uplink)
    {
        // What goes through a relay is bulk of the link to that one, and takes its turns there.
        if (_link.Line is not null)
        {
            _link.Share(uplink);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _link.GiveUp(this);
        await Input.CompleteAsync();
        await Output.CompleteAsync();
        _link.Released(this);
    }

    private sealed class StreamInput(LinkStream stream, PipeReader inner) : PipeReader
    {
        private ReadOnlySequence<byte> _read;
        private bool _isCompleted;

        // A wait for each frame must not be an allocation for each frame.
        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var pending = inner.ReadAsync(cancellationToken);
            return Keep(pending.IsCompletedSuccessfully ? pending.Result : await pending);
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            Keep(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            var length = _read.Slice(0, consumed).Length;
            var isAllExamined = length < _read.Length && _read.Slice(examined).IsEmpty;
            var kept = _read.Length - length;
            _read = default;
            inner.AdvanceTo(consumed, examined);
            stream._link.Consumed(stream, length, isAllExamined ? kept : 0);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            if (_isCompleted)
            {
                return;
            }

            _isCompleted = true;
            _read = default;
            inner.Complete(exception);
            stream._link.Unread(stream);
        }

        private ReadResult Keep(ReadResult result)
        {
            _read = result.Buffer;
            return result;
        }
    }

    private sealed class StreamOutput(LinkStream stream, PipeWriter inner) : PipeWriter
    {
        private bool _isCompleted;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            var flush = inner.FlushAsync(cancellationToken);
            stream._link.Flushed(stream);
            return flush;
        }

        public override void Complete(Exception? exception = null)
        {
            if (_isCompleted)
            {
                return;
            }

            _isCompleted = true;
            if (exception is not null || stream._link.IsGivenUp(stream))
            {
                // The abort first: what was not flushed must not leave as if it were complete.
                stream._link.Abort(stream, exception is null ? LinkCloseReason.GivenUp : LinkCloseReason.Failed);
                inner.Complete();
                return;
            }

            inner.Complete();
            stream._link.Flushed(stream);
        }
    }
}

/// <summary>What one stream may hold, in bytes.</summary>
/// <param name="SendCreditBytes">What we may send before the peer gives credit.</param>
/// <param name="WindowBytes">What the peer may send before we consume.</param>
/// <param name="UnsentBytes">What we write before the line must take it.</param>
/// <param name="CanGrow">Whether the window grows while it is consumed quickly.</param>
internal readonly record struct StreamBuffers(int SendCreditBytes, int WindowBytes, int UnsentBytes, bool CanGrow);
