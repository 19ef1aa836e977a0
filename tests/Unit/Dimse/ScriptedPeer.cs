using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Unit.Dimse.Associations;

namespace Panal.Unit.Dimse;

/// <summary>The other end of a connection, that says exactly what a test wants and shows what it hears.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly IDuplexPipe pipe;
    private readonly CancellationTokenSource stopping = new();

    private ScriptedPeer(IDuplexPipe pipe) => this.pipe = pipe;

    /// <summary>The association under test.</summary>
    public Task Run { get; private init; } = Task.CompletedTask;

    /// <summary>Calls our acceptor.</summary>
    public static ScriptedPeer Call(IDimseService service, AssociationOptions options, ILogger? logger = null, PipeOptions? pipes = null, TimeProvider? time = null)
    {
        var both = DuplexPipes.Create(pipes ?? PipeOptions.Default);
        var stop = new CancellationTokenSource();
        return new ScriptedPeer(both.Local)
        {
            Stopping = stop,
            Run = AssociationAcceptor.RunAsync(
                both.Remote, new Peer(null, null), options, new AcceptAll(), service, time ?? TimeProvider.System, logger ?? NullLogger.Instance, stop.Token),
        };
    }

    /// <summary>Waits to be called by our requestor; the association is opened when it answers.</summary>
    public static (ScriptedPeer Peer, IDuplexPipe Pipe) Await()
    {
        var both = DuplexPipes.Create();
        return (new ScriptedPeer(both.Local), both.Remote);
    }

    public CancellationTokenSource Stopping
    {
        get => stopping;
        private init => stopping = value;
    }

    /// <summary>Calls our acceptor and opens the usual contexts.</summary>
    public static async Task<ScriptedPeer> OpenAsync(IDimseService service, AssociationOptions options, PipeOptions? pipes = null, TimeProvider? time = null)
    {
        var peer = Call(service, options, logger: null, pipes, time);
        await peer.SendAsync(Peers.AssociateRequest(
            AssociationPair.UsualContexts,
            new UserInformation { MaximumLengthBytes = 16384, ImplementationClassUid = "1.2.3", AsynchronousOperations = new(4, 4) }));
        Assert.Equal(2, (await peer.ReadAsync()).Type);
        return peer;
    }

    public async Task SendAsync(params byte[][] parts)
    {
        foreach (var part in parts)
        {
            await pipe.Output.WriteAsync(part);
        }
    }

    /// <summary>Whether bytes wait to be read.</summary>
    public bool HasHeard
    {
        get
        {
            if (!pipe.Input.TryRead(out var result))
            {
                return false;
            }

            pipe.Input.AdvanceTo(result.Buffer.Start);
            return result.Buffer.Length > 0;
        }
    }

    public ValueTask CloseAsync() => pipe.Output.CompleteAsync();

    /// <summary>The next PDU; type 0 when the other end closed.</summary>
    public async Task<(int Type, byte[] Body)> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var result = await pipe.Input.ReadAsync(patience.Token);
            if (TryTake(result.Buffer, out var pdu, out var consumed))
            {
                pipe.Input.AdvanceTo(consumed);
                return pdu;
            }

            if (result.IsCompleted)
            {
                return (0, []);
            }

            pipe.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>The next command set, whose data set (if any) is read and thrown away.</summary>
    public async Task<DataSet> ReadCommandAsync()
    {
        var (type, body) = await ReadAsync();
        Assert.Equal(4, type);
        var command = DataSetEncoding.Decode(new ReadOnlyMemory<byte>(body, 6, body.Length - 6), TransferSyntax.ImplicitVrLittleEndian, DecodeLimits.Default);
        var isLast = command.GetUInt16(Tags.CommandDataSetType) == 0x0101;
        while (!isLast)
        {
            isLast = (((await ReadAsync()).Body[5]) & 2) != 0;
        }

        return command;
    }

    /// <summary>Expects A-ABORT and the close.</summary>
    public async Task ExpectAbortAsync(AbortSource source, AbortReason reason)
    {
        var (type, body) = await ReadAsync();
        while (type is 4 or 2)
        {
            (type, body) = await ReadAsync();
        }

        Assert.Equal(7, type);
        Assert.Equal((source, reason), ((AbortSource)body[2], (AbortReason)body[3]));
        await CloseAsync();
        await Run.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await pipe.Output.CompleteAsync();
        await pipe.Input.CompleteAsync();
        await Run.WaitAsync(Patience);
        stopping.Dispose();
    }

    private static bool TryTake(in ReadOnlySequence<byte> buffer, out (int Type, byte[] Body) pdu, out SequencePosition consumed)
    {
        pdu = default;
        consumed = buffer.Start;
        if (buffer.Length < 6)
        {
            return false;
        }

        var header = buffer.Slice(0, 6).ToArray();
        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(2));
        if (buffer.Length < 6 + length)
        {
            return false;
        }

        var body = buffer.Slice(6, length);
        pdu = (header[0], body.ToArray());
        consumed = body.End;
        return true;
    }
}

/// <summary>A service made of one function.</summary>
internal sealed class Service(Func<DimseRequest, CancellationToken, ValueTask> handle) : IDimseService
{
    public static IDimseService Success { get; } = new Service((request, ct) => request.RespondAsync(DimseStatus.Success, ct));

    public ValueTask HandleAsync(DimseRequest request, CancellationToken ct) => handle(request, ct);
}
