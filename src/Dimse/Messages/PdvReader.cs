using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Panal.Dimse;

/// <summary>
/// The data set of one message as a pipe: its buffers are pieces of the transport's own buffer, with the PDU and PDV headers
/// left out, and what the consumer advances over is advanced there. Nothing is copied, nothing allocated for a PDV.
/// </summary>
//   transport:  |PDU hdr|PDV hdr| fragment        |PDU hdr|PDV hdr| fragment   |
//   data set:                   |-----------------|               |------------|
internal sealed class PdvReader : PipeReader
{
    private readonly MessageReceiver receiver;
    private readonly byte contextId;
    private PdvPosition position;
    private PdvPosition parsed;
    private SequencePosition parsedEnd;
    private SequencePosition transportEnd;
    private DataSetSegment? last;
    private SequencePosition transportStart;
    private int begunPdus;
    private bool isLent;
    private bool hasLeft;
    private bool isInterrupted;
    private bool isFinished;
    private bool isReaderCompleted;
    private volatile bool isCancelled;

    public PdvReader(MessageReceiver receiver, byte contextId, PdvPosition position)
    {
        this.receiver = receiver;
        this.contextId = contextId;
        this.position = position;
    }

    /// <summary>Whether all bytes were taken.</summary>
    public bool IsFinished => isFinished;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        ThrowIfUnreadable();
        if (TryAnswerWithoutTransport(out var result))
        {
            return new(result);
        }

        var pending = receiver.Connection.ReadAsync();
        if (!pending.IsCompletedSuccessfully)
        {
            return WaitAsync(pending, cancellationToken);
        }

        return TryTake(pending.Result, out result) ? new(result) : WaitAsync(receiver.Connection.ReadAsync(), cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfUnreadable();
        if (TryAnswerWithoutTransport(out result))
        {
            return true;
        }

        return receiver.Connection.TryRead(out var transport) && TryTake(transport, out result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!isLent)
        {
            return;
        }

        isLent = false;
        var transportConsumed = ToTransport(consumed, transportStart, out var reached);
        position = reached ?? position;

        // After the last fragment nothing more need come for the next read to answer.
        var transportExamined = parsed.IsComplete || isInterrupted ? transportConsumed
            : IsAtEnd(examined) ? transportEnd
            : ToTransport(examined, transportConsumed, out _);
        receiver.Connection.AdvanceTo(transportConsumed, transportExamined);
        if (position.IsComplete)
        {
            Finish();
        }
    }

    public override void CancelPendingRead()
    {
        isCancelled = true;
        receiver.Connection.CancelPendingRead();
    }

    public override void Complete(Exception? exception = null)
    {
        if (isReaderCompleted)
        {
            return;
        }

        isReaderCompleted = true;
        if (isLent)
        {
            isLent = false;
            receiver.Connection.AdvanceTo(transportStart, transportStart);
        }

        Leave();
    }

    /// <summary>Throws away what is left; stops before a PDU that breaks the data set off.</summary>
    public async ValueTask DrainAsync()
    {
        while (!isFinished && !isInterrupted)
        {
            try
            {
                var result = await ReadAsync(CancellationToken.None);
                AdvanceTo(result.Buffer.End);
            }
            catch (AssociationEndedException) when (isInterrupted)
            {
                return;
            }
        }
    }

    private void ThrowIfUnreadable()
    {
        if (isReaderCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }

        if (isLent)
        {
            throw new InvalidOperationException("Reading is already in progress.");
        }
    }

    private bool TryAnswerWithoutTransport(out ReadResult result)
    {
        result = new ReadResult(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: true);
        if (isFinished)
        {
            return true;
        }

        if (isInterrupted)
        {
            throw new AssociationEndedException(AssociationEnd.ProtocolViolation, "The data set was broken off.", inner: null);
        }

        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> pending, CancellationToken ct)
    {
        await using var registration = ct.UnsafeRegister(static reader => ((PdvReader)reader!).CancelPendingRead(), this);
        while (true)
        {
            if (TryTake(await pending, out var result))
            {
                if (result.IsCanceled)
                {
                    ct.ThrowIfCancellationRequested();
                }

                return result;
            }

            pending = receiver.Connection.ReadAsync();
        }
    }

    // False when the transport's bytes hold nothing for the consumer; then they are taken.
    private bool TryTake(in ReadResult transport, out ReadResult result)
    {
        if (transport.IsCanceled && isCancelled)
        {
            isCancelled = false;
            receiver.Connection.AdvanceTo(transport.Buffer.Start, transport.Buffer.Start);
            result = new ReadResult(ReadOnlySequence<byte>.Empty, isCanceled: true, isCompleted: false);
            return true;
        }

        transportStart = transport.Buffer.Start;
        transportEnd = transport.Buffer.End;
        var first = ParseOrFail(transport.Buffer);
        if (transport.IsCompleted && !parsed.IsComplete && !isInterrupted)
        {
            // What is missing will never come.
            UpperLayerConnection.ThrowIfCompleted(transport);
        }

        if (first is not null)
        {
            isLent = true;
            var data = new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
            result = new ReadResult(data, isCanceled: false, parsed.IsComplete);
            return true;
        }

        position = parsed;
        receiver.Connection.AdvanceTo(parsedEnd, parsed.IsComplete || isInterrupted ? parsedEnd : transportEnd);
        result = new ReadResult(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: true);
        if (parsed.IsComplete)
        {
            Finish();
            return true;
        }

        if (isInterrupted)
        {
            Leave();
            TryAnswerWithoutTransport(out _);
        }

        return false;
    }

    private DataSetSegment? ParseOrFail(in ReadOnlySequence<byte> buffer)
    {
        try
        {
            return Parse(buffer);
        }
        catch (AssociationAbortException violation)
        {
            hasLeft = true;
            receiver.Fail(violation);
            throw;
        }
    }

    // Cuts the transport's buffer into the pieces of the data set, as far as it goes.
    private DataSetSegment? Parse(in ReadOnlySequence<byte> buffer)
    {
        DataSetSegment? first = null;
        last = null;
        parsed = position;
        var count = 0;
        var cursor = new TransportCursor(buffer);
        while (!parsed.IsComplete)
        {
            if (parsed.PdvLeft > 0)
            {
                if (cursor.Left == 0)
                {
                    break;
                }

                var before = parsed;
                var memory = cursor.Take(parsed.PdvLeft, out var at);
                parsed.Take(memory.Length);
                var segment = receiver.Segment(count++);
                segment.Set(memory, at, before, last);
                first ??= segment;
                last = segment;
            }
            else if (!TryParseHeader(ref cursor))
            {
                break;
            }
        }

        parsedEnd = cursor.Position;
        return first;
    }

    private bool TryParseHeader(ref TransportCursor cursor)
    {
        Span<byte> bytes = stackalloc byte[PduHeader.SizeBytes];
        var before = cursor;
        if (!cursor.TryTake(bytes))
        {
            return false;
        }

        if (parsed.PduLeft > 0)
        {
            PdvHeader.CheckRoom(parsed.PduLeft);
            var pdv = PdvHeader.Read(bytes, parsed.PduLeft);
            if (pdv.IsCommand || pdv.ContextId != contextId)
            {
                throw new AssociationAbortException("A fragment of another message came within a data set.", AbortReason.UnexpectedPduParameter);
            }

            parsed = new PdvPosition(parsed.PduLeft - PdvHeader.SizeBytes, pdv.FragmentBytes, pdv.IsLast, parsed.PduCount);
            return true;
        }

        var pdu = PduHeader.Read(bytes, receiver.Limits);
        if (pdu.Type != PduType.Data)
        {
            // The receiver's own loop reads it: an abort, or a violation.
            cursor = before;
            isInterrupted = true;
            return false;
        }

        receiver.Connection.ReceiveData();
        parsed.PduLeft = pdu.LengthBytes;
        if (++parsed.PduCount > begunPdus)
        {
            // Not when it is parsed again: its time is not renewed.
            begunPdus = parsed.PduCount;
            receiver.Connection.BeginBody(pdu);
        }

        return true;
    }

    private bool IsAtEnd(SequencePosition at) =>
        last is null || (ReferenceEquals(at.GetObject(), last) && at.GetInteger() == last.Memory.Length);

    // At the end of a piece the headers that follow are taken too.
    private SequencePosition ToTransport(SequencePosition at, SequencePosition fallback, out PdvPosition? reached)
    {
        reached = null;
        if (at.GetObject() is not DataSetSegment segment)
        {
            return fallback;
        }

        var index = at.GetInteger();
        if (index == segment.Memory.Length)
        {
            if (segment.Following is { } following)
            {
                reached = following.Position;
                return following.TransportStart;
            }

            reached = parsed;
            return parsedEnd;
        }

        var inside = segment.Position;
        inside.Take(index);
        reached = inside;
        return segment.ToTransport(index);
    }

    private void Finish()
    {
        isFinished = true;
        Leave();
    }

    // Once: by then the receiver may be at the next message.
    private void Leave()
    {
        if (!hasLeft)
        {
            hasLeft = true;
            receiver.DataSetLeft(position);
        }
    }
}
