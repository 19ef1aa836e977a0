using System.Buffers;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>
/// Writes messages as P-DATA-TF PDUs: a command set and the first PDUs of its data set go to the transport in one flush,
/// each PDU holds one PDV (some peers read no more), and a stream is read straight into the PDU.
/// </summary>
internal sealed class MessageSender
{
    private const int HeadersBytes = PduHeader.SizeBytes + PdvHeader.SizeBytes;

    // Written before a flush; more would only be kept in memory.
    private const int FlushBytes = 120 << 10;

    // Kept from message to message; larger buffers go back.
    private const int KeptBufferBytes = 256 << 10;

    // Below this a peer's maximum length leaves no room for a fragment worth sending.
    private const int SmallestFragmentBytes = 2;

    private readonly UpperLayerConnection connection;
    private readonly int longestFragmentBytes;
    private ArrayBufferWriter<byte> scratch = new();

    public MessageSender(UpperLayerConnection connection, int sendPduLengthBytes, uint peerMaximumLengthBytes)
    {
        this.connection = connection;
        var pdu = peerMaximumLengthBytes == 0 ? sendPduLengthBytes : (int)Math.Min((uint)sendPduLengthBytes, peerMaximumLengthBytes);

        // Even, as each fragment should be (PS3.8 §9.3.5.1).
        longestFragmentBytes = Math.Max((pdu - PdvHeader.SizeBytes) & ~1, SmallestFragmentBytes);
    }

    /// <summary>Sends a message without data set, or with one that is held in memory.</summary>
    public async ValueTask SendAsync(PresentationContext context, DataSet command, DataSet? dataSet, CancellationToken ct)
    {
        await connection.EnterSendAsync(ct);
        try
        {
            CheckMaySend();
            WriteCommand(context.Id, command, dataSet is not null);
            if (dataSet is not null)
            {
                scratch.ResetWrittenCount();
                DataSetEncoding.Encode(dataSet, context.TransferSyntax, scratch);
                await WriteFragmentsAsync(context.Id);
            }

            await connection.FlushAsync();
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

    /// <summary>Sends a message whose data set comes from a stream, already encoded in the context's transfer syntax.</summary>
    /// <remarks>When the stream or the cancellation breaks the message off, the association ends: nothing could follow.</remarks>
    public async ValueTask SendStreamAsync(PresentationContext context, DataSet command, Stream dataSet, CancellationToken ct)
    {
        await connection.EnterSendAsync(ct);
        try
        {
            CheckMaySend();
            WriteCommand(context.Id, command, hasDataSet: true);
            try
            {
                await WriteStreamAsync(context.Id, dataSet, ct);
            }
            catch (Exception failure)
            {
                connection.TryEnd(new AssociationEndedException(AssociationEnd.AbortedLocally, "The data set to send broke off.", failure));
                throw;
            }
        }
        finally
        {
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

    private void WriteCommand(byte contextId, DataSet command, bool hasDataSet)
    {
        command.SetUInt16(Tags.CommandDataSetType, hasDataSet ? CommandFields.WithDataSet : CommandFields.NoDataSet);
        scratch.ResetWrittenCount();
        DataSetEncoding.Encode(command, TransferSyntax.ImplicitVrLittleEndian, scratch);
        var rest = scratch.WrittenSpan;
        do
        {
            rest = WriteFragment(contextId, isCommand: true, rest);
        }
        while (!rest.IsEmpty);
    }

    private async ValueTask WriteFragmentsAsync(byte contextId)
    {
        var written = 0;
        var unflushed = 0;
        do
        {
            var left = WriteFragment(contextId, isCommand: false, scratch.WrittenSpan[written..]).Length;
            unflushed += scratch.WrittenCount - left - written;
            written = scratch.WrittenCount - left;
            if (unflushed >= FlushBytes)
            {
                unflushed = 0;
                await connection.FlushAsync();
            }
        }
        while (written < scratch.WrittenCount);
    }

    private ReadOnlySpan<byte> WriteFragment(byte contextId, bool isCommand, ReadOnlySpan<byte> rest)
    {
        var length = Math.Min(rest.Length, longestFragmentBytes);
        var span = connection.Output.GetSpan(HeadersBytes + length);
        rest[..length].CopyTo(span[HeadersBytes..]);
        Finish(span, new PdvHeader(contextId, isCommand, length == rest.Length, length));
        return rest[length..];
    }

    private void Finish(Span<byte> span, PdvHeader pdv)
    {
        PduHeader.Write(span, PduType.Data, (uint)(PdvHeader.SizeBytes + pdv.FragmentBytes));
        pdv.Write(span[PduHeader.SizeBytes..]);
        connection.Output.Advance(HeadersBytes + pdv.FragmentBytes);
        connection.CountSent(HeadersBytes + pdv.FragmentBytes);
    }

    // One byte more than a fragment is read, to know which is the last; it begins the next fragment.
    private async ValueTask WriteStreamAsync(byte contextId, Stream dataSet, CancellationToken ct)
    {
        byte carried = 0;
        var unflushed = 0;
        var hasCarried = false;
        bool isLast;
        do
        {
            var memory = connection.Output.GetMemory(HeadersBytes + longestFragmentBytes + 1).Slice(HeadersBytes, longestFragmentBytes + 1);
            var filled = 0;
            if (hasCarried)
            {
                memory.Span[filled++] = carried;
            }

            while (filled < memory.Length)
            {
                var read = await dataSet.ReadAsync(memory[filled..], ct);
                if (read == 0)
                {
                    break;
                }

                filled += read;
            }

            isLast = filled < memory.Length;
            var length = Math.Min(filled, longestFragmentBytes);
            if (!isLast)
            {
                hasCarried = true;
                carried = memory.Span[length];
            }

            // The same memory: nothing was advanced since.
            Finish(connection.Output.GetSpan(HeadersBytes + longestFragmentBytes + 1), new PdvHeader(contextId, IsCommand: false, isLast, length));

            // Small PDUs leave together: a flush wakes the transport.
            unflushed += length;
            if (isLast || unflushed >= FlushBytes)
            {
                unflushed = 0;
                await connection.FlushAsync();
            }
        }
        while (!isLast);
    }
}
