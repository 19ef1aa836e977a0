using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Panal.Node.Transport;

/// <summary>What callers must show of themselves on a TLS door.</summary>
internal enum ClientCertificateDemand
{
    /// <summary>Certificates are not asked for.</summary>
    None,

    /// <summary>A certificate is asked for; without one the caller is known by its address alone.</summary>
    Optional,

    /// <summary>Without a certificate the handshake fails.</summary>
    Required,
}

/// <summary>Speaks TLS on a raw connection before the protocol behind it sees a byte.</summary>
/// <remarks>
/// BCP 195 RFC 8996 TLS Secure Transport Connection Profile, PS3.15 §B.12: TLS 1.2 or 1.3, no renegotiation, no resumption. A
/// client certificate proves only that the caller holds its key; who that is, the registry of application entities says.
/// </remarks>
/// <param name="certificate">The node's own; a handshake waits until it is made.</param>
/// <param name="demand">What callers must show.</param>
/// <param name="onFailure">Called with the address of a caller who did not come through, and the reason.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to.</param>
internal sealed class TlsDoor(
    Task<SslStreamCertificateContext> certificate,
    ClientCertificateDemand demand,
    Func<EndPoint?, string, CancellationToken, ValueTask> onFailure,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>A slow line needs a second or two; a caller that says nothing must not hold a place.</summary>
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The longest TLS record carries 16 KiB, RFC 8446 §5.1.</summary>
    private const int RecordLengthBytes = 16 * 1024;

    /// <summary>PS3.15 §B.12 asks for these of TLS 1.2, and for TLS 1.3 as it is.</summary>
    internal static readonly TlsCipherSuite[] CipherSuites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    private SslServerAuthenticationOptions OptionsWith(SslStreamCertificateContext own) => new()
    {
        ServerCertificateContext = own,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CipherSuitesPolicy = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy(CipherSuites),
        ClientCertificateRequired = demand != ClientCertificateDemand.None,
        RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null || demand != ClientCertificateDemand.Required,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    /// <summary>The middleware: handshake, then <paramref name="next"/> with a transport in the clear.</summary>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var raw = connection.Features.Get<IRawStreamFeature>()!.Stream;
        await using var tls = new SslStream(raw, leaveInnerStreamOpen: true);
        if (!await TryHandshakeAsync(connection, tls).ConfigureAwait(false))
        {
            return;
        }

        using var presented = tls.RemoteCertificate as X509Certificate2;
        connection.Features.Set<ITlsConnectionFeature>(new TlsConnection(presented));
        var below = connection.Transport;
        var clear = new ClearTransport(tls);
        connection.Transport = clear;
        try
        {
            await next(connection).ConfigureAwait(false);
            await clear.CloseAsync(connection.ConnectionClosed).ConfigureAwait(false);
        }
        finally
        {
            connection.Transport = below;
        }
    }

    private async Task<bool> TryHandshakeAsync(ConnectionContext connection, SslStream tls)
    {
        using var timeout = new CancellationTokenSource(HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        try
        {
            var own = await certificate.WaitAsync(either.Token).ConfigureAwait(false);
            await tls.AuthenticateAsServerAsync(OptionsWith(own), either.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            if (!connection.ConnectionClosed.IsCancellationRequested)
            {
                var reason = e is OperationCanceledException ? "no TLS handshake in time" : "TLS handshake failed: " + e.Message;
                Log.TlsFailed(logger, connection.RemoteEndPoint, reason);
                await onFailure(connection.RemoteEndPoint, reason, CancellationToken.None).ConfigureAwait(false);
            }

            return false;
        }
    }

    private sealed class TlsConnection(X509Certificate2? certificate) : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; } = certificate;

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult(ClientCertificate);
    }

    private sealed class ClearTransport(SslStream tls) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(
            tls, new StreamPipeReaderOptions(bufferSize: 2 * RecordLengthBytes, minimumReadSize: RecordLengthBytes, leaveOpen: true, useZeroByteReads: true));

        public PipeWriter Output { get; } = PipeWriter.Create(tls, RawTcpConnection.WriterOptions);

        /// <summary>Says close_notify, so that the caller can tell an end from a cut.</summary>
        public async ValueTask CloseAsync(CancellationToken cancellationToken)
        {
            await Input.CompleteAsync().ConfigureAwait(false);
            await Output.CompleteAsync(new ConnectionAbortedException()).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await tls.ShutdownAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The caller is gone already.
            }
        }
    }
}
