using System.Buffers.Binary;
using System.Net.Sockets;

namespace Panal.Conformance.WireClient;

/// <summary>Takes the data set of an incoming message piece by piece.</summary>
public interface IDataSetSink
{
    void Begin(CommandSet command, WitnessContext context);

    void Append(ReadOnlySpan<byte> bytes);

    void End();
}

/// <summary>
/// One association on a blocking socket, written straight from PS3.8 and independent of Panal's rooms, so that it can be a
/// witness of them; one thread at a time. Blocking calls keep its own cost near that of the copies in the kernel.
/// </summary>
public sealed class WitnessAssociation : IDisposable
{
    /// <summary>Bytes before the fragment in a P-DATA-TF with one PDV: PDU type, reserved, length; PDV length, context, control.</summary>
    public const int DataPduOverheadBytes = 12;

    private const int DefaultPduBytes = 16_384;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(120);

    private readonly Socket _socket;
    private readonly byte[] _command = new byte[65_536];
    private byte[] _received;
    private int _start, _end;
    private ushort _messageId;

    private WitnessAssociation(Socket socket, int maxPduBytes)
    {
        _socket = socket;
        _socket.ReceiveTimeout = _socket.SendTimeout = (int)AnswerTimeout.TotalMilliseconds;
        _received = new byte[maxPduBytes + 65_536];
    }

    /// <summary>The longest P-DATA-TF body that we may send, in bytes: the smaller of the peer's limit and ours.</summary>
    public int SendPduBytes { get; private set; }

    public IReadOnlyList<WitnessContext> Contexts { get; private set; } = [];

    /// <summary>Connects and negotiates.</summary>
    /// <exception cref="WitnessProtocolException">Rejected or aborted.</exception>
    /// <exception cref="ConnectionLostException">No connection, or it broke.</exception>
    public static WitnessAssociation Request(WitnessTarget target, IReadOnlyList<ProposedSyntax> proposals)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = target.NoDelay };
        try
        {
            socket.Connect(target.Host, target.Port);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ConnectionLostException("No connection: " + e.SocketErrorCode, e);
        }

        var association = new WitnessAssociation(socket, target.MaxPduBytes);
        try
        {
            association.Send(Negotiation.Request(target, proposals));
            var body = association.ReadPdu(out var type);
            if (type != Negotiation.AssociateAccept)
            {
                throw new WitnessProtocolException($"The association was refused: PDU type {type}, {Convert.ToHexString(body[..Math.Min(4, body.Length)])}.");
            }

            association.Contexts = Negotiation.ReadContexts(body, 0x21, proposals, out var peerMaxPduBytes);
            association.SetSendLimit(peerMaxPduBytes, target.MaxPduBytes);
            return association;
        }
        catch
        {
            association.Dispose();
            throw;
        }
    }

    /// <summary>Answers a caller, accepting whatever it proposes.</summary>
    public static WitnessAssociation Accept(Socket connection, int maxPduBytes)
    {
        connection.NoDelay = true;
        var association = new WitnessAssociation(connection, maxPduBytes);
        try
        {
            var body = association.ReadPdu(out var type);
            if (type != Negotiation.AssociateRequest)
            {
                throw new WitnessProtocolException($"PDU type {type} instead of A-ASSOCIATE-RQ.");
            }

            var answer = Negotiation.Accept(body, maxPduBytes, out var contexts, out var peerMaxPduBytes);
            association.Contexts = contexts;
            association.SetSendLimit(peerMaxPduBytes, maxPduBytes);
            association.Send(answer);
            return association;
        }
        catch
        {
            association.Dispose();
            throw;
        }
    }

    public ushort NextMessageId() => ++_messageId;

    /// <exception cref="WitnessProtocolException">The context was not accepted.</exception>
    public WitnessContext Context(string abstractSyntax, string? transferSyntax = null) =>
        Contexts.FirstOrDefault(context => context.IsAccepted && context.AbstractSyntax == abstractSyntax
            && (transferSyntax is null || context.TransferSyntax == transferSyntax))
        ?? throw new WitnessProtocolException($"No context for {abstractSyntax}.");

    /// <summary>Sends a command and, when given, a short data set, in one write.</summary>
    public void SendMessage(WitnessContext context, CommandSet command, ReadOnlySpan<byte> dataSet = default)
    {
        var encoded = command.Encode();
        var framed = new byte[FramedLength(encoded.Length) + (dataSet.IsEmpty ? 0 : FramedLength(dataSet.Length))];
        var used = Frame(context.Id, isCommand: true, encoded, framed);
        if (!dataSet.IsEmpty)
        {
            Frame(context.Id, isCommand: false, dataSet, framed.AsSpan(used));
        }

        Send(framed);
    }

    /// <summary>Bytes of a message part once it is cut into P-DATA-TFs of one PDV each.</summary>
    public int FramedLength(int length)
    {
        var fragmentBytes = SendPduBytes - 6;
        return length + DataPduOverheadBytes * Math.Max(1, (length + fragmentBytes - 1) / fragmentBytes);
    }

    /// <summary>Cuts a message part into P-DATA-TFs of one PDV each; returns the bytes written.</summary>
    public int Frame(byte contextId, bool isCommand, ReadOnlySpan<byte> part, Span<byte> target)
    {
        var used = 0;
        do
        {
            var fragment = part[..Math.Min(part.Length, SendPduBytes - 6)];
            part = part[fragment.Length..];
            WriteDataPduHeader(target[used..], contextId, (byte)((isCommand ? 1 : 0) | (part.IsEmpty ? 2 : 0)), fragment.Length);
            fragment.CopyTo(target[(used + DataPduOverheadBytes)..]);
            used += DataPduOverheadBytes + fragment.Length;
        }
        while (!part.IsEmpty);
        return used;
    }

    /// <summary>Writes the 12 bytes before a fragment; control bit 0 is "command", bit 1 is "last" (PS3.8 §E.2).</summary>
    public static void WriteDataPduHeader(Span<byte> target, byte contextId, byte control, int fragmentBytes)
    {
        target[0] = Negotiation.Data;
        target[1] = 0;
        BinaryPrimitives.WriteInt32BigEndian(target[2..], fragmentBytes + 6);
        BinaryPrimitives.WriteInt32BigEndian(target[6..], fragmentBytes + 2);
        target[10] = contextId;
        target[11] = control;
    }

    /// <exception cref="ConnectionLostException">The connection broke.</exception>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }
        }
        catch (SocketException e)
        {
            throw new ConnectionLostException("Sending failed: " + e.SocketErrorCode, e);
        }
    }

    /// <summary>Reads one whole message; its data set goes to the sink. Null when the peer asked for release, which is answered.</summary>
    public CommandSet? ReadMessage(IDataSetSink? sink)
    {
        CommandSet? command = null;
        for (var commandBytes = 0; ;)
        {
            var body = ReadPdu(out var type);
            if (type == Negotiation.ReleaseRequest)
            {
                Send([Negotiation.ReleaseResponse, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
                return null;
            }

            for (ThrowUnlessData(type, body); body.Length >= 6;)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(body);
                var (id, control) = (body[4], body[5]);
                var fragment = body[6..(4 + length)];
                body = body[(4 + length)..];
                if ((control & 1) != 0)
                {
                    fragment.CopyTo(_command.AsSpan(commandBytes));
                    commandBytes += fragment.Length;
                    if ((control & 2) != 0)
                    {
                        command = CommandSet.Decode(_command.AsSpan(0, commandBytes));
                        if (!command.HasDataSet)
                        {
                            return command;
                        }

                        sink?.Begin(command, Contexts.First(context => context.Id == id));
                    }
                }
                else
                {
                    sink?.Append(fragment);
                    if ((control & 2) != 0)
                    {
                        sink?.End();
                        return command ?? throw new WitnessProtocolException("A data set came without its command.");
                    }
                }
            }
        }
    }

    /// <summary>Releases in order; a peer that is gone is no fault here.</summary>
    public void Release()
    {
        try
        {
            Send([Negotiation.ReleaseRequest, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
            ReadPdu(out _);
        }
        catch (Exception e) when (e is IOException or WitnessProtocolException)
        {
            // The peer closed first.
        }
    }

    public void Dispose() => _socket.Dispose();

    private static void ThrowUnlessData(byte type, ReadOnlySpan<byte> body)
    {
        if (type != Negotiation.Data)
        {
            throw new WitnessProtocolException($"PDU type {type} ({Convert.ToHexString(body[..Math.Min(4, body.Length)])}) instead of data.");
        }
    }

    private void SetSendLimit(int peerMaxPduBytes, int ownMaxPduBytes) =>
        SendPduBytes = Math.Max(4_096, Math.Min(peerMaxPduBytes <= 0 ? Math.Max(ownMaxPduBytes, DefaultPduBytes) : peerMaxPduBytes, ownMaxPduBytes));

    /// <summary>The next PDU's body; valid until the next call.</summary>
    private ReadOnlySpan<byte> ReadPdu(out byte type)
    {
        Fill(6);
        type = _received[_start];
        var length = BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(_start + 2));
        if (length < 0 || length > _received.Length - 6)
        {
            throw new WitnessProtocolException($"A PDU of {(uint)length} bytes is longer than announced.");
        }

        Fill(6 + length);
        var body = _received.AsSpan(_start + 6, length);
        _start += 6 + length;
        return body;
    }

    /// <summary>Waits until so many bytes lie in the buffer in one piece.</summary>
    private void Fill(int count)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start + count > _received.Length)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < count)
        {
            int read;
            try
            {
                read = _socket.Receive(_received.AsSpan(_end));
            }
            catch (SocketException e)
            {
                throw new ConnectionLostException("Receiving failed: " + e.SocketErrorCode, e);
            }

            if (read == 0)
            {
                throw new ConnectionLostException("The peer closed the connection.");
            }

            _end += read;
        }
    }
}
