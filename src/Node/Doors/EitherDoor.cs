using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Panal.Node.Hosting;
using Panal.Node.Transport;

namespace Panal.Node.Doors;

/// <summary>Serves http and https on one port: a TLS record of a handshake begins with 0x16 (RFC 8446 §5.1), a request with a letter.</summary>
/// <remarks>So the one port that an administrator opens can be used safely, and monitoring on this machine needs no certificate.</remarks>
internal static class EitherDoor
{
    private const byte Handshake = 0x16;

    /// <summary>A browser opens connections ahead of their use; one that stays silent this long is closed.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(60);

    /// <param name="listener">The port.</param>
    /// <param name="certificate">The node's own; whoever speaks TLS before it is made waits for it.</param>
    /// <param name="time">The clock.</param>
    public static void Listen(ListenOptions listener, Task<SslStreamCertificateContext> certificate, TimeProvider time)
    {
        listener.Protocols = HttpProtocols.Http1;
        ConnectionDelegate? clear = null;
        listener.Use(tls => connection => ChooseAsync(connection, tls, clear!, time));
        listener.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = connection => OptionsAsync(certificate, connection.CancellationToken) });
        // Middlewares are put together from the last to the first: this one sees HTTP as it is behind TLS.
        listener.Use(http =>
        {
            clear = connection => FileOutput.ServeAsync(connection, http);
            return http;
        });
    }

    private static async ValueTask<SslServerAuthenticationOptions> OptionsAsync(Task<SslStreamCertificateContext> certificate, CancellationToken cancellationToken) => new()
    {
        ServerCertificateContext = await certificate.WaitAsync(cancellationToken).ConfigureAwait(false),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CipherSuitesPolicy = OperatingSystem.IsWindows() ? null : new CipherSuitesPolicy(TlsDoor.CipherSuites),
        AllowRenegotiation = false,
    };

    private static async Task ChooseAsync(ConnectionContext connection, ConnectionDelegate tls, ConnectionDelegate clear, TimeProvider time)
    {
        using var silence = new CancellationTokenSource(SilenceLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, connection.ConnectionClosed);
        bool isTls;
        try
        {
            var read = await connection.Transport.Input.ReadAsync(either.Token).ConfigureAwait(false);
            isTls = !read.Buffer.IsEmpty && read.Buffer.FirstSpan[0] == Handshake;
            // Nothing is consumed and nothing is looked at: whoever comes next reads the same bytes.
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            if (read.Buffer.IsEmpty)
            {
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return;
        }

        await (isTls ? tls : clear)(connection).ConfigureAwait(false);
    }
}
