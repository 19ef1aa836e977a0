using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Panal.Dimse;

/// <summary>
/// One transport connection under the state machine: reads PDU headers, writes the PDUs without data, bounds every wait,
/// and leads the connection to its close. One task reads at a time; writers take turns by <see cref="EnterSendAsync"/>.
/// </summary>
internal sealed class UpperLayerConnection : IDisposable
{
    private const string TooSlow = "The peer was silent or too slow.";

    // For the A-ABORT of a peer that may have stopped reading.
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly PipeReader input;
    private readonly PipeWriter output;
    private readonly UpperLayerStateMachine machine;
    private readonly AssociationOptions options;
    private readonly TimeProvider time;
    private readonly Deadline readDeadline;
    private readonly Deadline writeDeadline;
    private readonly SemaphoreSlim sendTurn = new(1, 1);
    private readonly CancellationTokenSource closing;
    private AssociationEndedException? end;
    private UpperLayerAction abortAction;
    private TimeSpan readBudget;
    private readonly Lock silenceGate = new();
    private ReadOnlySequence<byte> lent;
    private bool isLent;
    private bool isBetweenPdus;
    private bool isAwaitingPdu;
    private bool isFramed = true;
    private bool isHurried;
    private bool isDisposed;

    public UpperLayerConnection(IDuplexPipe pipe, bool isRequestor, AssociationOptions options, TimeProvider time)
    {
        input = pipe.Input;
        output = pipe.Output;
        machine = new UpperLayerStateMachine(isRequestor);
        this.options = options;
        this.time = time;
        readDeadline = new Deadline(time, () => TryEnd(AssociationEnd.TimedOut, TooSlow));
        writeDeadline = new Deadline(time, () => TryEnd(AssociationEnd.TimedOut, "The peer did not read."));
        closing = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        LongestSilence = () => options.ArtimTimeout;
    }

    public PipeWriter Output => output;

    /// <summary>How the association ended or is about to; null while it lives.</summary>
    public AssociationEndedException? End => Volatile.Read(ref end);

    /// <summary>How long the wait for the first byte of the next PDU may take.</summary>
    public Func<TimeSpan> LongestSilence { get; set; }

    /// <summary>Told once, when the association is about to end.</summary>
    public Action? Ending { get; set; }

    public long ReceivedBytes { get; private set; }

    public TimeProvider Time => time;

    public long SentBytes { get; private set; }

    public UpperLayerState State
    {
        get
        {
            lock (gate)
            {
                return machine.State;
            }
        }
    }

    /// <summary>Moves the state machine by an event of this side.</summary>
    public UpperLayerAction Apply(UpperLayerEvent @event)
    {
        lock (gate)
        {
            return machine.Apply(@event);
        }
    }

    /// <summary>AE-6's second way out.</summary>
    public void RefuseByProvider()
    {
        lock (gate)
        {
            machine.RefuseByProvider();
        }
    }

    /// <summary>Moves the state machine by a PDU that came.</summary>
    /// <exception cref="AssociationAbortException">The table answers with A-ABORT.</exception>
    public UpperLayerAction Receive(PduType type)
    {
        var @event = EventOf(type);
        lock (gate)
        {
            var action = machine.Apply(@event);
            if (action is UpperLayerAction.AA1 or UpperLayerAction.AA8)
            {
                abortAction = action;
                throw new AssociationAbortException($"PDU type {(byte)type:X2} is not expected now.", AbortReason.UnexpectedPdu);
            }

            return action;
        }
    }

    /// <summary>Whether P-DATA-TF may come (true in steady state: no lock, as DT-2 and AR-6 move nothing).</summary>
    public void ReceiveData()
    {
        if (machine.Peek(UpperLayerEvent.DataPdu) is not (UpperLayerAction.DT2 or UpperLayerAction.AR6))
        {
            Receive(PduType.Data);
        }
    }

    /// <summary>Names the end, once, and wakes whoever waits for the transport.</summary>
    public bool TryEnd(AssociationEndedException cause)
    {
        if (Interlocked.CompareExchange(ref end, cause, null) is not null)
        {
            return false;
        }

        input.CancelPendingRead();
        output.CancelPendingFlush();
        Ending?.Invoke();
        return true;
    }

    public bool TryEnd(AssociationEnd kind, string message) => TryEnd(new AssociationEndedException(kind, message, inner: null));

    /// <summary>Reads one PDU header and sets the time that its body may take.</summary>
    /// <exception cref="AssociationAbortException">The header is invalid.</exception>
    /// <exception cref="AssociationEndedException">The association ended meanwhile.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<PduHeader> ReadHeaderAsync(bool isAfterSilence)
    {
        isBetweenPdus = isAfterSilence;
        readBudget = isAfterSilence ? LongestSilence() : options.PduTimeout;
        while (true)
        {
            var result = await ReadAsync();
            if (result.Buffer.IsEmpty && !result.IsCompleted)
            {
                AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            if (PduHeader.TryRead(result.Buffer, options.PduLimits, out var header, out var consumed))
            {
                isBetweenPdus = false;
                AdvanceTo(consumed, consumed);
                BeginBody(header);
                return header;
            }

            ThrowIfCompleted(result);
            if (isBetweenPdus)
            {
                isBetweenPdus = false;
                readBudget = machine.State == UpperLayerState.AwaitingAssociateRequest ? readBudget : options.PduTimeout;
            }

            AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Grants a PDU the time that its length deserves.</summary>
    public void BeginBody(PduHeader header)
    {
        // In Sta2 ARTIM runs on: the whole A-ASSOCIATE-RQ must come within it.
        if (machine.State != UpperLayerState.AwaitingAssociateRequest)
        {
            readBudget = options.PduTimeout + TimeSpan.FromSeconds(header.LengthBytes / options.MinimumBytesPerSecond);
        }

        ReceivedBytes += PduHeader.SizeBytes + header.LengthBytes;
    }

    /// <summary>Waits until a whole body is there; the caller advances beyond it.</summary>
    public async ValueTask<ReadOnlySequence<byte>> ReadBodyAsync(PduHeader header)
    {
        while (true)
        {
            var result = await ReadAsync();
            if (result.Buffer.Length >= header.LengthBytes)
            {
                return result.Buffer.Slice(0, header.LengthBytes);
            }

            ThrowIfCompleted(result);
            AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        isLent = false;
        lent = default;
        input.AdvanceTo(consumed, examined);
    }

    /// <summary>Wakes the pending read with a cancelled result, without ending the association.</summary>
    public void CancelPendingRead() => input.CancelPendingRead();

    /// <summary>The longest silence may have changed: a request began or ended.</summary>
    public void ReconsiderSilence()
    {
        lock (silenceGate)
        {
            if (isAwaitingPdu)
            {
                readDeadline.Begin(LongestSilence());
            }
        }
    }

    /// <summary>Reads from the transport within the time that is left; without a wait nothing is allocated and no timer touched.</summary>
    /// <exception cref="AssociationEndedException">The association ended meanwhile, or the connection failed.</exception>
    public ValueTask<ReadResult> ReadAsync()
    {
        if (End is { } ended)
        {
            throw Copy(ended);
        }

        var started = time.GetTimestamp();
        var pending = input.ReadAsync(CancellationToken.None);
        if (!pending.IsCompletedSuccessfully)
        {
            return WaitAsync(pending, started);
        }

        var result = pending.Result;
        if (result.IsCanceled)
        {
            return WaitAsync(new(result), started);
        }

        // The transport may have waited too, without a deadline: a peer that sends a byte now and then must not go on for ever.
        Spend(started);
        if (readBudget < TimeSpan.Zero && readBudget != Timeout.InfiniteTimeSpan)
        {
            TryEnd(AssociationEnd.TimedOut, TooSlow);
            input.AdvanceTo(result.Buffer.Start);
            throw Copy(End!);
        }

        return new(Lend(result));
    }

    /// <summary>Takes what the transport has already; false when that is nothing new.</summary>
    public bool TryRead(out ReadResult result)
    {
        if (End is { } ended)
        {
            throw Copy(ended);
        }

        if (!input.TryRead(out result))
        {
            return false;
        }

        Lend(result);
        return true;
    }

    public static void ThrowIfCompleted(in ReadResult result)
    {
        if (result.IsCompleted)
        {
            throw new AssociationEndedException(AssociationEnd.ConnectionLost, "The peer closed the connection.", inner: null);
        }
    }

    /// <summary>A fresh exception of the same end: one thrown by several tasks would mix their stack traces.</summary>
    public static AssociationEndedException Copy(AssociationEndedException ended) => new(ended.End, ended.Message, ended);

    /// <summary>Waits for the turn to write; whole messages take turns, as their fragments must not mix.</summary>
    public Task EnterSendAsync(CancellationToken ct) => sendTurn.WaitAsync(ct);

    public void LeaveSend() => sendTurn.Release();

    /// <summary>Hands what was written to the transport; waits while the peer does not read, but not for ever.</summary>
    public ValueTask FlushAsync() => CheckFlushAsync(output.FlushAsync(CancellationToken.None));

    /// <summary>Hands what was written and these bytes, which are not copied where the transport is a stream, to the transport; waits as a flush does.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => CheckFlushAsync(output.WriteAsync(bytes, CancellationToken.None));

    private ValueTask CheckFlushAsync(ValueTask<FlushResult> pending)
    {
        if (pending.IsCompletedSuccessfully)
        {
            CheckFlush(pending.Result);
            return default;
        }

        return WaitFlushAsync(pending);
    }

    public void CountSent(long bytes) => SentBytes += bytes;

    /// <summary>Writes one PDU without data, between messages.</summary>
    public async ValueTask SendAsync(Action<IBufferWriter<byte>> write)
    {
        await sendTurn.WaitAsync(CancellationToken.None);
        try
        {
            write(output);
            await FlushAsync();
        }
        finally
        {
            sendTurn.Release();
        }
    }

    /// <summary>Tells the peer of the end, as the state machine wishes: A-ABORT, or nothing more.</summary>
    /// <remarks>Nobody reads meanwhile. Writers were woken by <see cref="TryEnd(AssociationEndedException)"/>.</remarks>
    public async ValueTask AbortAsync(AssociationEndedException ended)
    {
        switch (ended.End)
        {
            case AssociationEnd.ProtocolViolation:
                abortAction = abortAction == UpperLayerAction.None ? Apply(UpperLayerEvent.InvalidPdu) : abortAction;
                break;
            case AssociationEnd.ConnectionLost:
                Apply(UpperLayerEvent.TransportClosed);
                return;
            case AssociationEnd.TimedOut when State is UpperLayerState.AwaitingAssociateRequest or UpperLayerState.AwaitingClose:
                Apply(UpperLayerEvent.ArtimExpired);
                return;
            case AssociationEnd.TimedOut or AssociationEnd.Stopped or AssociationEnd.AbortedLocally:
                abortAction = Apply(UpperLayerEvent.AbortPrimitive);
                break;
            default:
                return;
        }

        if (abortAction is UpperLayerAction.AA1 or UpperLayerAction.AA8)
        {
            isFramed = false;
            var reason = (ended.InnerException as AssociationAbortException)?.Reason ?? AbortReason.NotSpecified;
            var source = abortAction == UpperLayerAction.AA8 ? AbortSource.ServiceProvider : AbortSource.ServiceUser;
            await TrySendAbortAsync(source, reason);
        }
    }

    /// <summary>In Sta13 waits under ARTIM for the peer to close, then completes both directions.</summary>
    public async Task CloseAsync()
    {
        try
        {
            if (isLent)
            {
                AdvanceTo(lent.Start, lent.Start);
            }

            if (State == UpperLayerState.AwaitingClose)
            {
                await AwaitCloseAsync();
            }
        }
        finally
        {
            await CompleteAsync();
        }
    }

    /// <summary>This side is stopping: the wait for the peer to close is cut short.</summary>
    public void HurryClose()
    {
        lock (gate)
        {
            isHurried = true;
            if (!isDisposed)
            {
                closing.CancelAfter(LongestFarewell);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            closing.Dispose();
        }

        readDeadline.Dispose();
        writeDeadline.Dispose();

        // The turn to write is left to the collector: who asked for the release may still hold it when the reply has ended everything.
    }

    private static UpperLayerEvent EventOf(PduType type) => type switch
    {
        PduType.AssociateRequest => UpperLayerEvent.AssociateRequestPdu,
        PduType.AssociateAccept => UpperLayerEvent.AssociateAcceptPdu,
        PduType.AssociateReject => UpperLayerEvent.AssociateRejectPdu,
        PduType.Data => UpperLayerEvent.DataPdu,
        PduType.ReleaseRequest => UpperLayerEvent.ReleaseRequestPdu,
        PduType.ReleaseReply => UpperLayerEvent.ReleaseReplyPdu,
        PduType.Abort => UpperLayerEvent.AbortPdu,
        _ => UpperLayerEvent.InvalidPdu,
    };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> pending, long started)
    {
        ReadResult result;
        BeginWait();
        try
        {
            result = await pending;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever the transport throws (reset, TLS broken, aborted), it is lost.
            throw new AssociationEndedException(AssociationEnd.ConnectionLost, "The connection failed.", failure);
        }
        finally
        {
            EndWait();
        }

        Spend(started);
        if (result.IsCanceled && End is { } ended)
        {
            input.AdvanceTo(result.Buffer.Start);
            throw Copy(ended);
        }

        return Lend(result);
    }

    private void Spend(long started)
    {
        if (readBudget != Timeout.InfiniteTimeSpan)
        {
            readBudget -= time.GetElapsedTime(started);
        }
    }

    private ReadResult Lend(ReadResult result)
    {
        lent = result.Buffer;
        isLent = true;
        return result;
    }

    private void BeginWait()
    {
        if (!isBetweenPdus)
        {
            readDeadline.Begin(readBudget);
            return;
        }

        lock (silenceGate)
        {
            isAwaitingPdu = true;
            readDeadline.Begin(LongestSilence());
        }
    }

    private void EndWait()
    {
        lock (silenceGate)
        {
            isAwaitingPdu = false;
            readDeadline.End();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitFlushAsync(ValueTask<FlushResult> pending)
    {
        writeDeadline.Begin(options.WriteTimeout);
        try
        {
            CheckFlush(await pending);
        }
        catch (Exception failure) when (failure is not AssociationEndedException)
        {
            throw new AssociationEndedException(AssociationEnd.ConnectionLost, "The connection failed.", failure);
        }
        finally
        {
            writeDeadline.End();
        }
    }

    private void CheckFlush(FlushResult result)
    {
        if (result.IsCanceled && End is { } ended)
        {
            throw Copy(ended);
        }

        if (result.IsCompleted)
        {
            throw new AssociationEndedException(AssociationEnd.ConnectionLost, "The peer closed the connection.", inner: null);
        }
    }

    private async ValueTask TrySendAbortAsync(AbortSource source, AbortReason reason)
    {
        // A writer that is stuck in its own data set (a slow disk, say), or a peer that does not read, must not keep the end waiting.
        using var limit = new CancellationTokenSource(LongestFarewell, time);
        var hasTurn = false;
        try
        {
            await sendTurn.WaitAsync(limit.Token);
            hasTurn = true;
            ShortPdus.WriteAbort(output, source, reason);
            SentBytes += ShortPdus.SizeBytes;
            if ((await output.FlushAsync(limit.Token)).IsCanceled)
            {
                // The wake-up was for a writer that was not there.
                await output.FlushAsync(limit.Token);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The peer is gone or does not read: it learns of the end by the close.
            return;
        }
        finally
        {
            if (hasTurn)
            {
                sendTurn.Release();
            }
        }
    }

    private async Task CompleteAsync()
    {
        try
        {
            await output.CompleteAsync();
            await input.CompleteAsync();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The transport failed while it closed: nothing is left to save.
            return;
        }
    }

    private async Task AwaitCloseAsync()
    {
        long discarded = 0;
        lock (gate)
        {
            closing.CancelAfter(isHurried ? LongestFarewell : options.ArtimTimeout);
        }

        try
        {
            while (State == UpperLayerState.AwaitingClose && discarded <= options.DiscardLimitBytes)
            {
                var result = await input.ReadAsync(closing.Token);
                if (result.Buffer.IsEmpty && result.IsCompleted)
                {
                    Apply(UpperLayerEvent.TransportClosed);
                    return;
                }

                discarded += await DiscardAsync(result.Buffer);
                if (result.IsCompleted)
                {
                    Apply(UpperLayerEvent.TransportClosed);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Apply(UpperLayerEvent.ArtimExpired);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Apply(UpperLayerEvent.TransportClosed);
        }
    }

    // After an orderly end PDUs are still told apart (a peer may abort); after a violation nothing is where it should be.
    private async ValueTask<long> DiscardAsync(ReadOnlySequence<byte> buffer)
    {
        var length = buffer.Length;
        if (isFramed)
        {
            try
            {
                if (PduHeader.TryRead(buffer, options.PduLimits, out var header, out var body))
                {
                    var rest = buffer.Slice(body);
                    if (rest.Length < header.LengthBytes)
                    {
                        input.AdvanceTo(buffer.Start, buffer.End);
                        return 0;
                    }

                    input.AdvanceTo(rest.GetPosition(header.LengthBytes));
                    if (Apply(EventOf(header.Type)) == UpperLayerAction.AA7)
                    {
                        await TrySendAbortAsync(AbortSource.ServiceProvider, AbortReason.UnexpectedPdu);
                    }

                    return PduHeader.SizeBytes + header.LengthBytes;
                }

                input.AdvanceTo(buffer.Start, buffer.End);
                return 0;
            }
            catch (AssociationAbortException invalid)
            {
                isFramed = false;
                Apply(UpperLayerEvent.InvalidPdu);
                await TrySendAbortAsync(AbortSource.ServiceProvider, invalid.Reason);
            }
        }

        input.AdvanceTo(buffer.End);
        return length;
    }
}
