using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Panal.Dicom;

namespace Panal.Dimse;

/// <summary>What the receiver read: a message's command set with its context, or a PDU that carries no data.</summary>
internal readonly record struct Incoming(PduHeader Header, byte ContextId, DataSet? Command);

/// <summary>Reads messages from P-DATA-TF PDUs: command sets whole, data sets as a <see cref="PipeReader"/> (PS3.7 §6.3, PS3.8 Annex E).</summary>
internal sealed class MessageReceiver : IValueTaskSource
{
    // A command set of the standard has at most some thirty elements, none nested.
    private const int MaximumCommandElements = 256;

    private readonly int commandLimitBytes;
    private readonly DecodeLimits commandLimits;
    private readonly List<DataSetSegment> segments = [];
    private ArrayBufferWriter<byte>? commandFragments;
    private ManualResetValueTaskSourceCore<bool> left = new() { RunContinuationsAsynchronously = true };
    private PdvPosition position;
    private PdvReader? dataSet;

    public MessageReceiver(UpperLayerConnection connection, AssociationOptions options)
    {
        Connection = connection;
        Limits = options.PduLimits;
        commandLimitBytes = options.CommandSetLimitBytes;
        commandLimits = new DecodeLimits
        {
            MaximumDepth = 1, MaximumElements = MaximumCommandElements, MaximumDataSetLengthBytes = options.CommandSetLimitBytes,
        };
    }

    public UpperLayerConnection Connection { get; }

    public PduLimits Limits { get; }

    /// <summary>Reads up to the end of a command set, or to a PDU without data whose body is still to be read.</summary>
    /// <param name="isWithinMessage">A message was broken off: only A-ABORT may come.</param>
    /// <exception cref="AssociationAbortException">The peer broke the protocol.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Incoming> ReadAsync(bool isWithinMessage)
    {
        var length = 0;
        byte contextId = 0;
        while (true)
        {
            if (position.PduLeft == 0)
            {
                var header = await Connection.ReadHeaderAsync(isAfterSilence: length == 0);
                isWithinMessage |= length > 0;
                if (header.Type != PduType.Data)
                {
                    return isWithinMessage && header.Type != PduType.Abort
                        ? throw new AssociationAbortException($"PDU type {(byte)header.Type:X2} came within a message.", AbortReason.UnexpectedPdu)
                        : new Incoming(header, 0, null);
                }

                Connection.ReceiveData();
                position = new PdvPosition(header.LengthBytes, 0, false, 0);
            }

            var pdv = await ReadPdvHeaderAsync();
            CheckCommandFragment(pdv, length == 0 ? pdv.ContextId : contextId, length);
            contextId = pdv.ContextId;
            var fragment = await ReadFragmentAsync(pdv.FragmentBytes);
            position.PduLeft -= PdvHeader.SizeBytes + pdv.FragmentBytes;
            if (pdv.IsLast && length == 0)
            {
                var command = Decode(fragment);
                Take(fragment);
                return new Incoming(default, contextId, command);
            }

            length += pdv.FragmentBytes;
            Keep(fragment);
            if (pdv.IsLast)
            {
                var command = Decode(new ReadOnlySequence<byte>(commandFragments!.WrittenMemory));
                commandFragments.ResetWrittenCount();
                return new Incoming(default, contextId, command);
            }

            // Fragments without bytes would go on for ever otherwise.
            length = Math.Max(length, 1);
        }
    }

    /// <summary>Begins the data set of the message whose command set was just read.</summary>
    public PdvReader BeginDataSet(byte contextId)
    {
        left.Reset();
        position = position with { PdvLeft = 0, IsLast = false, PduCount = 0 };
        return dataSet = new PdvReader(this, contextId, position);
    }

    /// <summary>Waits until the consumer took the data set or left it, and throws away what it left; true when it was broken off.</summary>
    /// <exception cref="AssociationAbortException">The peer broke the protocol within the data set.</exception>
    public async ValueTask<bool> EndDataSetAsync(byte contextId)
    {
        await new ValueTask(this, left.Version);
        var isBroken = false;
        if (!dataSet!.IsFinished)
        {
            left.Reset();
            var rest = new PdvReader(this, contextId, position);
            await rest.DrainAsync();
            isBroken = !rest.IsFinished;
            rest.Complete();
        }

        dataSet = null;
        return isBroken;
    }

    /// <summary>The reader of the data set is done, having reached this position.</summary>
    public void DataSetLeft(PdvPosition reached)
    {
        position = reached;
        left.SetResult(true);
    }

    /// <summary>The peer broke the protocol within the data set.</summary>
    public void Fail(AssociationAbortException violation) => left.SetException(violation);

    /// <summary>The n-th piece, made when first asked for and kept.</summary>
    public DataSetSegment Segment(int index)
    {
        if (index == segments.Count)
        {
            segments.Add(new DataSetSegment());
        }

        return segments[index];
    }

    void IValueTaskSource.GetResult(short token) => left.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => left.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        left.OnCompleted(continuation, state, token, flags);

    private void CheckCommandFragment(PdvHeader pdv, byte contextId, int length)
    {
        if (!pdv.IsCommand || pdv.ContextId != contextId)
        {
            throw new AssociationAbortException(
                "A fragment came that belongs to no command set or to another message.", AbortReason.UnexpectedPduParameter);
        }

        if (length + pdv.FragmentBytes > commandLimitBytes)
        {
            throw new AssociationAbortException($"A command set is longer than {commandLimitBytes} bytes.", AbortReason.InvalidPduParameterValue);
        }
    }

    private async ValueTask<PdvHeader> ReadPdvHeaderAsync()
    {
        while (true)
        {
            var result = await Connection.ReadAsync();
            if (PdvHeader.TryRead(result.Buffer, position.PduLeft, out var header))
            {
                var after = result.Buffer.GetPosition(PdvHeader.SizeBytes);
                Connection.AdvanceTo(after, after);
                return header;
            }

            UpperLayerConnection.ThrowIfCompleted(result);
            Connection.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private async ValueTask<ReadOnlySequence<byte>> ReadFragmentAsync(int length)
    {
        if (length == 0)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        while (true)
        {
            var result = await Connection.ReadAsync();
            if (result.Buffer.Length >= length)
            {
                return result.Buffer.Slice(0, length);
            }

            UpperLayerConnection.ThrowIfCompleted(result);
            Connection.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private void Keep(ReadOnlySequence<byte> fragment)
    {
        commandFragments ??= new ArrayBufferWriter<byte>();
        foreach (var part in fragment)
        {
            commandFragments.Write(part.Span);
        }

        Take(fragment);
    }

    private void Take(in ReadOnlySequence<byte> fragment)
    {
        if (!fragment.IsEmpty)
        {
            Connection.AdvanceTo(fragment.End, fragment.End);
        }
    }

    private DataSet Decode(ReadOnlySequence<byte> bytes)
    {
        try
        {
            var command = DataSetEncoding.Decode(bytes, TransferSyntax.ImplicitVrLittleEndian, commandLimits);
            if (command.GetUInt16(Tags.CommandField) is null)
            {
                throw new AssociationAbortException("A command set has no command field.", AbortReason.InvalidPduParameterValue);
            }

            return command;
        }
        catch (DicomFormatException invalid)
        {
            throw new AssociationAbortException($"A command set is malformed: {invalid.Reason}.", AbortReason.InvalidPduParameterValue);
        }
    }
}
