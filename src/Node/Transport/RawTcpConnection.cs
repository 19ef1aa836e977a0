using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Panal.Dimse.Transport;

namespace Panal.Node.Transport;

/// <summary>Gives a middleware the bytes below the pipes, for wrapping them in TLS.</summary>
internal interface IRawStreamFeature
{
    Stream Stream { get; }
}

/// <summary>One accepted TCP connection, read straight from the socket into the buffer that the consumer gets.</summary>
/// <remarks>
/// Kestrel's own socket transport pumps through a pipe of 4 KiB blocks, with a copy and a thread change each way; here a read of
/// the consumer is the read of the socket, into one segment of 256 KiB that exists only while there is something in it.
/// </remarks>
internal sealed class RawTcpConnection : ConnectionContext, IDuplexPipe, IRawStreamFeature,
    IConnectionIdFeature, IConnectionItemsFeature, IConnectionTransportFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature
{
    /// <summary>Two to five P-DATA PDUs of ordinary senders, or half a CT slice, in one system call.</summary>
    internal const int SegmentLengthBytes = 256 * 1024;

    private readonly Socket _socket;
    private readonly ConnectionLimiter _limiter;
    private readonly IPAddress _caller;
    private readonly CancellationTokenSource _closed = new();
    private readonly PromptSocketStream _stream;
    private int _disposed;

    public RawTcpConnection(Socket socket, IPEndPoint remote, ConnectionLimiter limiter, string id, ShortWaits? waits)
    {
        _socket = socket;
        _limiter = limiter;
        _caller = remote.Address;
        _stream = new PromptSocketStream(socket, ownsSocket: false, waits);
        ConnectionId = id;
        RemoteEndPoint = remote;
        LocalEndPoint = socket.LocalEndPoint;
        ConnectionClosed = _closed.Token;
        Input = PipeReader.Create(_stream, ReaderOptions);
        Output = PipeWriter.Create(_stream, WriterOptions);
        Transport = this;
        Features.Set<IRawStreamFeature>(this);
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public Stream Stream => _stream;

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    /// <summary>A zero-byte read waits first, so that an idle connection owns no buffer.</summary>
    internal static StreamPipeReaderOptions ReaderOptions { get; } =
        new(bufferSize: SegmentLengthBytes, minimumReadSize: 32 * 1024, leaveOpen: true, useZeroByteReads: true);

    /// <summary>Whatever was written before a flush leaves in one send as long as it fits a segment.</summary>
    internal static StreamPipeWriterOptions WriterOptions { get; } =
        new(minimumBufferSize: SegmentLengthBytes, leaveOpen: true);

    /// <summary>Ends the connection at once; the caller sees a reset.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Volatile.Read(ref _disposed) != 0)
        {
            return;
        }

        try
        {
            _closed.Cancel();
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            _socket.Close(0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone.
        }
    }

    /// <summary>Closes in order: what was written is still delivered.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await CloseAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask CloseAsync()
    {
        _closed.Cancel();
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The caller closed first.
        }

        await Input.CompleteAsync().ConfigureAwait(false);
        // An exception keeps the writer from sending what was never flushed.
        await Output.CompleteAsync(new ConnectionAbortedException()).ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        _closed.Dispose();
        _limiter.Leave(_caller);
    }
}
