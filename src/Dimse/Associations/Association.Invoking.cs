using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Panal.Dicom;

namespace Panal.Dimse;

// Operations that we invoke.
public sealed partial class Association
{
    // Responses that wait for a slow caller; then the peer waits.
    private const int WaitingResponses = 64;

    private readonly Dictionary<ushort, Pending> pending = [];
    private readonly Turns invoking;
    private ushort lastMessageId;

    private bool HasPending
    {
        get
        {
            lock (gate)
            {
                return pending.Count > 0;
            }
        }
    }

    /// <summary>Invokes an operation without data set and returns its response.</summary>
    public ValueTask<DimseResponse> RequestAsync(DimseCommand command, CancellationToken ct) =>
        RequestOneAsync(command, dataSet: null, framed: null, ct);

    /// <summary>Invokes an operation with a data set from memory and returns its response.</summary>
    public ValueTask<DimseResponse> RequestAsync(DimseCommand command, DataSet dataSet, CancellationToken ct) =>
        RequestOneAsync(command, dataSet, framed: null, ct);

    /// <summary>Invokes an operation whose data set is read from a stream, encoded in the context's transfer syntax.</summary>
    /// <remarks>A stream that fails, and a cancellation while it is sent, end the association: the message cannot be completed.</remarks>
    public async ValueTask<DimseResponse> RequestAsync(DimseCommand command, Stream dataSet, CancellationToken ct)
    {
        using var framed = Sender.Frame(command.Context, dataSet);
        return await RequestOneAsync(command, dataSet: null, framed, ct);
    }

    /// <summary>Invokes an operation with a data set whose beginning was read before, by <see cref="PrepareAsync"/> of this association.</summary>
    /// <inheritdoc cref="RequestAsync(DimseCommand, Stream, CancellationToken)" path="/remarks"/>
    public ValueTask<DimseResponse> RequestAsync(DimseCommand command, FramedDataSet dataSet, CancellationToken ct) =>
        RequestOneAsync(command, dataSet: null, dataSet, ct);

    /// <summary>Reads the beginning of a data set that will be sent in this context, while other messages may be under way; sends nothing.</summary>
    /// <exception cref="IOException">The stream fails; the association lives on.</exception>
    public async ValueTask<FramedDataSet> PrepareAsync(PresentationContext context, Stream dataSet, CancellationToken ct)
    {
        var framed = Sender.Frame(context, dataSet);
        try
        {
            await framed.BeginAsync(ct);
            return framed;
        }
        catch
        {
            framed.Dispose();
            throw;
        }
    }

    /// <summary>Invokes C-FIND, C-GET or C-MOVE and returns the responses as they come; the last is not pending.</summary>
    /// <remarks>Who stops early sends C-CANCEL by it; what still comes is thrown away.</remarks>
    public async IAsyncEnumerable<DimseResponse> RequestManyAsync(
        DimseCommand command, DataSet identifier, [EnumeratorCancellation] CancellationToken ct)
    {
        var entry = await SendAsync(command, identifier, framed: null, ct);
        var isFinal = false;
        try
        {
            while (!isFinal)
            {
                var response = await entry.ReadAsync(ct);
                isFinal = !response.IsPending;
                yield return response;
            }
        }
        finally
        {
            entry.Abandon();
            if (!isFinal)
            {
                await TryCancelAsync(command);
            }
        }
    }

    /// <summary>Sends C-CANCEL for an operation of ours; the peer still sends its final response (PS3.7 §9.3.2.3).</summary>
    public ValueTask CancelAsync(DimseCommand command, CancellationToken ct)
    {
        var cancel = new DataSet();
        cancel.SetUInt16(Tags.CommandField, (ushort)CommandField.CCancel);
        cancel.SetUInt16(Tags.MessageIDBeingRespondedTo, command.MessageId);
        return Sender.SendAsync(command.Context, cancel, dataSet: null, ct);
    }

    private async ValueTask<DimseResponse> RequestOneAsync(DimseCommand command, DataSet? dataSet, FramedDataSet? framed, CancellationToken ct)
    {
        var entry = await SendAsync(command, dataSet, framed, ct);
        try
        {
            while (true)
            {
                var response = await entry.ReadAsync(ct);
                if (!response.IsPending)
                {
                    return response;
                }
            }
        }
        finally
        {
            entry.Abandon();
        }
    }

    private async ValueTask<Pending> SendAsync(DimseCommand command, DataSet? dataSet, FramedDataSet? framed, CancellationToken ct)
    {
        await invoking.EnterAsync(ct);
        var entry = new Pending();
        Register(command, entry);
        try
        {
            connection.ReconsiderSilence();
            await (framed is null
                ? Sender.SendAsync(command.Context, command.Elements, dataSet, ct)
                : Sender.SendFramedAsync(command.Context, command.Elements, framed, ct));
            return entry;
        }
        catch
        {
            Remove(command.MessageId);
            throw;
        }
    }

    private void Register(DimseCommand command, Pending entry)
    {
        AssociationEndedException? end;
        lock (gate)
        {
            end = connection.End;
            if (end is null)
            {
                do
                {
                    lastMessageId++;
                }
                while (lastMessageId == 0 || pending.ContainsKey(lastMessageId));
                command.MessageId = lastMessageId;
                command.Elements.SetUInt16(Tags.MessageID, lastMessageId);
                pending.Add(lastMessageId, entry);
            }
        }

        if (end is not null)
        {
            invoking.Leave();
            throw UpperLayerConnection.Copy(end);
        }

        if (Volatile.Read(ref isAwaitingTurn))
        {
            // The loop waits for an operation to end and would not read the response: the peer invoked more than agreed.
            connection.TryEnd(AssociationEnd.ProtocolViolation, "More operations were invoked than agreed.");
        }
    }

    private Pending? Remove(ushort messageId)
    {
        Pending? entry;
        lock (gate)
        {
            pending.Remove(messageId, out entry);
        }

        if (entry is not null)
        {
            invoking.Leave();
            connection.ReconsiderSilence();
        }

        return entry;
    }

    private async ValueTask<bool> ReceiveResponseAsync(PresentationContext context, DataSet command)
    {
        var isBroken = false;
        DataSet? identifier = null;
        if (command.GetUInt16(Tags.CommandDataSetType) is { } type && type != CommandFields.NoDataSet)
        {
            var reader = receiver.BeginDataSet(context.Id);
            try
            {
                identifier = await IdentifierReader.ReadAsync(reader, context.TransferSyntax, Options.IdentifierLimitBytes, CancellationToken.None);
            }
            catch (DicomFormatException invalid)
            {
                throw new AssociationAbortException($"The data set of a response is malformed: {invalid.Reason}.", AbortReason.NotSpecified);
            }
            finally
            {
                reader.Complete();
            }

            isBroken = await receiver.EndDataSetAsync(context.Id);
        }

        var response = new DimseResponse(command, identifier);
        var id = command.GetUInt16(Tags.MessageIDBeingRespondedTo) ?? 0;
        Pending? entry;
        lock (gate)
        {
            pending.TryGetValue(id, out entry);
        }

        if (entry is null)
        {
            Log.UnknownResponse(logger, Number, id);
            return isBroken;
        }

        if (!response.IsPending)
        {
            Remove(id);
        }

        // After it has given up its place: who awaits the response may go on at once, on this thread.
        await entry.AddAsync(response);
        return isBroken;
    }

    private void FailPending(AssociationEndedException end)
    {
        KeyValuePair<ushort, Pending>[] entries;
        lock (gate)
        {
            entries = [.. pending];
        }

        foreach (var (id, entry) in entries)
        {
            Remove(id);
            entry.Fail(end);
        }
    }

    private async ValueTask TryCancelAsync(DimseCommand command)
    {
        bool isPending;
        lock (gate)
        {
            isPending = pending.ContainsKey(command.MessageId);
        }

        if (!isPending || !command.Field.HasPendingResponses())
        {
            return;
        }

        try
        {
            await CancelAsync(command, CancellationToken.None);
        }
        catch (AssociationEndedException)
        {
            // Nothing is left to cancel.
            return;
        }
    }

    /// <summary>One operation of ours that awaits responses.</summary>
    private sealed class Pending
    {
        private readonly Channel<DimseResponse> responses =
            Channel.CreateBounded<DimseResponse>(new BoundedChannelOptions(WaitingResponses)
            {
                SingleReader = true,
                SingleWriter = true,
                // Who sends instances goes on with the next one on the thread that read the answer.
                AllowSynchronousContinuations = true,
            });

        public async ValueTask<DimseResponse> ReadAsync(CancellationToken ct)
        {
            try
            {
                return await responses.Reader.ReadAsync(ct);
            }
            catch (ChannelClosedException closed) when (closed.InnerException is AssociationEndedException end)
            {
                throw UpperLayerConnection.Copy(end);
            }
        }

        public async ValueTask AddAsync(DimseResponse response)
        {
            while (!responses.Writer.TryWrite(response) && await responses.Writer.WaitToWriteAsync())
            {
                // A place became free.
            }
        }

        public void Fail(AssociationEndedException end) => responses.Writer.TryComplete(end);

        public void Abandon() => responses.Writer.TryComplete();
    }
}
