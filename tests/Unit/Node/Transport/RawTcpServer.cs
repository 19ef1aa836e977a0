using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Node.Transport;

namespace Panal.Unit.Node.Transport;

/// <summary>Kestrel with one raw door, on a port of its own choice, in front of a handler of the test.</summary>
internal sealed class RawTcpServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private RawTcpServer(WebApplication application, IPEndPoint address, ConnectionLimiter limiter)
    {
        _application = application;
        Address = address;
        Limiter = limiter;
    }

    public IPEndPoint Address { get; }

    public ConnectionLimiter Limiter { get; }

    public static async Task<RawTcpServer> StartAsync(ConnectionDelegate handler, ConnectionLimiter? limiter = null, TlsDoor? tls = null)
    {
        limiter ??= new ConnectionLimiter(1000, 1000);
        // Kestrel does not tell the port of an endpoint that is not its own, so one is taken first.
        var address = FreeAddress();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(new RawTcpEndPoint(address, "Test"), door =>
        {
            if (tls is not null)
            {
                door.Use(next => connection => tls.OnConnectionAsync(connection, next));
            }

            door.Use(_ => handler);
        }));
        builder.Services.AddSingleton<IConnectionListenerFactory>(
            new RawTcpListenerFactory(limiter, TimeProvider.System, NullLogger<RawTcpListenerFactory>.Instance));
        var application = builder.Build();
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new RawTcpServer(application, address, limiter);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    /// <summary>A self-signed certificate of this process alone.</summary>
    public static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    public static SslStreamCertificateContext Context() => SslStreamCertificateContext.Create(Certificate("node"), null, offline: true);

    public static TlsDoor Tls(
        ClientCertificateDemand demand, Action<EndPoint?, string>? onFailure = null, Task<SslStreamCertificateContext>? certificate = null) => new(
        certificate ?? Task.FromResult(Context()),
        demand,
        (address, reason, _) =>
        {
            onFailure?.Invoke(address, reason);
            return ValueTask.CompletedTask;
        },
        TimeProvider.System,
        NullLogger.Instance);

    private static IPEndPoint FreeAddress()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
