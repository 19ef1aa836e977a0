using System.Buffers;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>
/// Writes messages as P-DATA-TF PDUs: a command set and the first PDUs of its data set go to the transport in one write,
/// each PDU holds one PDV (some peers read no more), and a stream is read straight into the PDU.
/// </summary>
internal sealed class MessageSender
{
    // Written before a flush; more would only be kept in memory.
    private const int FlushBytes = 120 << 10;

    // Of messages that need not leave at once, so much goes in one write: some dozens of matches.
    private const int HeldBytes = 32 << 10;

    // Kept from message to message; larger buffers go back.
    private const int KeptBufferBytes = 256 << 10;

    // So much a slow line must take within the time of one write.
    private const int WriteBytes = 256 << 10;

    // A line that takes as much at once gets more: each write wakes the receiver.
    private const int FastWriteBytes = 1 << 20;
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(250);

    // Below this a peer's maximum length leaves no room for a fragment worth sending.
    private const int SmallestFragmentBytes = 2;

    private readonly UpperLayerConnection connection;
    private readonly int longestFragmentBytes;
    private readonly ArrayBufferWriter<byte> framedCommand = new();
    private ArrayBufferWriter<byte> scratch = new();
    private long flushedBytes;
    private bool isFast;

    public MessageSender(UpperLayerConnection connection, int sendPduLengthBytes, uint peerMaximumLengthBytes)
    {
        this.connection = connection;
        var pdu = peerMaximumLengthBytes == 0 ? sendPduLengthBytes : (int)Math.Min((uint)sendPduLengthBytes, peerMaximumLengthBytes);

        // Even, as each fragment should be (PS3.8 §9.3.5.1).
        longestFragmentBytes = Math.Max((pdu - PdvHeader.SizeBytes) & ~1, SmallestFragmentBytes);
    }

    /// <summary>Sends a message without data set, or with one that is held in memory.</summary>
    public ValueTask SendAsync(PresentationContext context, DataSet command, DataSet? dataSet, CancellationToken ct) =>
        SendAsync(context, command, dataSet, isHeld: false, ct);

    /// <summary>The same; it may wait for messages that follow soon, so that they leave in one write.</summary>
    public async ValueTask SendAsync(PresentationContext context, DataSet command, DataSet? dataSet, bool isHeld, CancellationToken ct)
    {
        await connection.EnterSendAsync(ct);
        try
        {
            CheckMaySend();
            FrameCommand(context.Id, command, dataSet is not null);
            connection.Output.Write(framedCommand.WrittenSpan);
            connection.CountSent(framedCommand.WrittenCount);
            if (dataSet is not null)
            {
                scratch.ResetWrittenCount();
                DataSetEncoding.Encode(dataSet, context.TransferSyntax, scratch);
                await WriteFragmentsAsync(context.Id);
            }

            if (!isHeld || connection.SentBytes - flushedBytes >= HeldBytes)
            {
                await connection.FlushAsync();
                flushedBytes = connection.SentBytes;
            }
        }
        finally
        {
            if (scratch.Capacity > KeptBufferBytes)
            {
                scratch = new ArrayBufferWriter<byte>();
            }

            connection.LeaveSend();
        }
    }

    /// <summary>A data set from a stream, already encoded in the context's transfer syntax, as this peer takes it.</summary>
    public FramedDataSet Frame(PresentationContext context, Stream dataSet) => new(dataSet, context.Id, longestFragmentBytes);

    /// <summary>Sends a message whose data set comes from a stream; its buffer is given back when the message has left.</summary>
    /// <remarks>When the stream or the cancellation breaks the message off, the association ends: nothing could follow.</remarks>
    public async ValueTask SendFramedAsync(PresentationContext context, DataSet command, FramedDataSet dataSet, CancellationToken ct)
    {
        await connection.EnterSendAsync(ct);
        try
        {
            CheckMaySend();
            FrameCommand(context.Id, command, hasDataSet: true);
            try
            {
                await dataSet.BeginAsync(ct);
                if (!dataSet.TryPutBefore(framedCommand.WrittenSpan))
                {
                    await WriteAsync(framedCommand.WrittenMemory);
                }

                await WriteAsync(dataSet.Framed);
                while (!dataSet.IsWhole)
                {
                    await dataSet.ReadAsync(ct);
                    await WriteAsync(dataSet.Framed);
                }
            }
            catch (Exception failure)
            {
                connection.TryEnd(new AssociationEndedException(AssociationEnd.AbortedLocally, "The data set to send broke off.", failure));
                throw;
            }
        }
        finally
        {
            dataSet.Dispose();
            connection.LeaveSend();
        }
    }

    private void CheckMaySend()
    {
        if (connection.End is { } end)
        {
            throw UpperLayerConnection.Copy(end);
        }

        if (connection.Apply(UpperLayerEvent.DataPrimitive) is not (UpperLayerAction.DT1 or UpperLayerAction.AR7))
        {
            throw new AssociationEndedException(AssociationEnd.Released, "The association is being released.", inner: null);
        }
    }

    private void FrameCommand(byte contextId, DataSet command, bool hasDataSet)
    {
        command.SetUInt16(Tags.CommandDataSetType, hasDataSet ? CommandFields.WithDataSet : CommandFields.NoDataSet);
        scratch.ResetWrittenCount();
        DataSetEncoding.Encode(command, TransferSyntax.ImplicitVrLittleEndian, scratch);
        framedCommand.ResetWrittenCount();
        var rest = scratch.WrittenSpan;
        do
        {
            rest = WriteFragment(framedCommand, contextId, isCommand: true, rest);
        }
        while (!rest.IsEmpty);
    }

    private async ValueTask WriteFragmentsAsync(byte contextId)
    {
        var written = 0;
        var unflushed = 0;
        do
        {
            var left = WriteFragment(connection.Output, contextId, isCommand: false, scratch.WrittenSpan[written..]).Length;
            unflushed += scratch.WrittenCount - left - written;
            connection.CountSent(FramedDataSet.HeadersBytes + scratch.WrittenCount - left - written);
            written = scratch.WrittenCount - left;
            if (unflushed >= FlushBytes)
            {
                unflushed = 0;
                await connection.FlushAsync();
            }
        }
        while (written < scratch.WrittenCount);
    }

    private ReadOnlySpan<byte> WriteFragment(IBufferWriter<byte> target, byte contextId, bool isCommand, ReadOnlySpan<byte> rest)
    {
        var length = Math.Min(rest.Length, longestFragmentBytes);
        var span = target.GetSpan(FramedDataSet.HeadersBytes + length);
        FramedDataSet.WriteHeaders(span, new PdvHeader(contextId, isCommand, length == rest.Length, length));
        rest[..length].CopyTo(span[FramedDataSet.HeadersBytes..]);
        target.Advance(FramedDataSet.HeadersBytes + length);
        return rest[length..];
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> framed)
    {
        while (!framed.IsEmpty)
        {
            var part = framed[..Math.Min(framed.Length, isFast ? FastWriteBytes : WriteBytes)];
            var began = connection.Time.GetTimestamp();
            await connection.WriteAsync(part);
            connection.CountSent(part.Length);
            isFast = part.Length >= WriteBytes ? connection.Time.GetElapsedTime(began) <= AtOnce : isFast;
            framed = framed[part.Length..];
        }
    }
}
