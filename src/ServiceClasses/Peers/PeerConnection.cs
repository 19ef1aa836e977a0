using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Panal.Dimse.Transport;

namespace Panal.ServiceClasses.Peers;

/// <summary>How this node calls others.</summary>
public sealed record PeerConnectionOptions
{
    /// <summary>How long the connection and its TLS handshake may take; a peer on the other side of the world needs less than one second.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How TLS is spoken with a peer, by its host; null when this node has no TLS.</summary>
    public Func<string, SslClientAuthenticationOptions>? Tls { get; init; }
}

/// <summary>A connection that this side opened.</summary>
public sealed class PeerConnection : IDuplexPipe, IAsyncDisposable
{
    // As large as the largest PDU we usually write, so that a PDU is one write.
    private const int WriteBufferBytes = 256 * 1024;
    private const int ReadBufferBytes = 128 * 1024;

    private readonly Socket _socket;
    private readonly Stream _stream;

    private PeerConnection(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, minimumReadSize: 4096, leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: WriteBufferBytes, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>The address that was reached.</summary>
    public EndPoint? RemoteEndPoint => _socket.RemoteEndPoint;

    /// <summary>The certificate that the peer showed, or null.</summary>
    public X509Certificate2? Certificate => (_stream as SslStream)?.RemoteCertificate as X509Certificate2;

    /// <summary>Opens a connection.</summary>
    /// <exception cref="PeerUnreachableException">The peer cannot be reached, or its TLS is not ours.</exception>
    public static async Task<PeerConnection> OpenAsync(PeerAddress peer, PeerConnectionOptions options, TimeProvider time, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(peer.Host, peer.Port, either.Token);
            Stream stream = new PromptSocketStream(socket, ownsSocket: true, ShortWaits.Shared);
            return new PeerConnection(socket, peer.Tls ? await SecureAsync(stream, peer, options, either.Token) : stream);
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            socket.Dispose();
            throw new PeerUnreachableException(peer, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync();
        try
        {
            await Output.CompleteAsync();
        }
        catch (IOException)
        {
            // The peer closed first; there is nobody left to tell.
        }

        await _stream.DisposeAsync();
    }

    private static async Task<Stream> SecureAsync(Stream stream, PeerAddress peer, PeerConnectionOptions options, CancellationToken ct)
    {
        var tls = options.Tls ?? throw new IOException("TLS is not configured");
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        await secured.AuthenticateAsClientAsync(tls(peer.Host), ct);
        return secured;
    }
}

/// <summary>A peer could not be reached.</summary>
public sealed class PeerUnreachableException(PeerAddress peer, Exception inner)
    : IOException($"{peer} cannot be reached: {(inner is OperationCanceledException ? "no answer in time" : inner.Message)}", inner);
