using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Panal.Node.Transport;

namespace Panal.Unit.Node.Transport;

public sealed class TlsDoorTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Bytes_pass_through_TLS_in_both_directions(SslProtocols protocol)
    {
        await using var server = await RawTcpServer.StartAsync(RawTcpListenerTests.EchoAsync, tls: RawTcpServer.Tls(ClientCertificateDemand.Optional));
        await using var client = await ConnectAsync(server.Address, protocol, null);
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var writing = client.WriteAsync(sent).AsTask();
        var received = new byte[sent.Length];
        await client.ReadExactlyAsync(received);
        await writing;
        Assert.Equal(sent, received);
        Assert.Contains(client.NegotiatedCipherSuite, TlsDoor.CipherSuites);
    }

    [Fact]
    public async Task A_handshake_waits_for_the_certificate_that_is_being_made()
    {
        var making = new TaskCompletionSource<SslStreamCertificateContext>();
        await using var server = await RawTcpServer.StartAsync(
            RawTcpListenerTests.EchoAsync, tls: RawTcpServer.Tls(ClientCertificateDemand.None, certificate: making.Task));
        var connecting = ConnectAsync(server.Address, SslProtocols.Tls13, null);
        Assert.False(connecting.IsCompleted);
        making.SetResult(RawTcpServer.Context());
        await using var client = await connecting;
        Assert.True(client.IsAuthenticated);
    }

    [Fact]
    public async Task A_client_certificate_is_handed_on()
    {
        var seen = new TaskCompletionSource<string?>();
        await using var server = await RawTcpServer.StartAsync(
            connection =>
            {
                seen.SetResult(connection.Features.Get<ITlsConnectionFeature>()!.ClientCertificate?.Thumbprint);
                return Task.CompletedTask;
            },
            tls: RawTcpServer.Tls(ClientCertificateDemand.Required));
        using var certificate = RawTcpServer.Certificate("modality");
        await using var client = await ConnectAsync(server.Address, SslProtocols.Tls13, certificate);
        Assert.Equal(certificate.Thumbprint, await seen.Task);
    }

    [Fact]
    public async Task Without_a_certificate_that_is_required_the_handler_sees_nothing_and_it_is_reported()
    {
        var failure = new TaskCompletionSource<string>();
        await using var server = await RawTcpServer.StartAsync(
            _ => throw new InvalidOperationException(),
            tls: RawTcpServer.Tls(ClientCertificateDemand.Required, (_, reason) => failure.TrySetResult(reason)));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await ConnectAsync(server.Address, SslProtocols.Tls12, null);
            await client.ReadExactlyAsync(new byte[1]);
        });
        Assert.StartsWith("TLS handshake failed", await failure.Task);
    }

    [Fact]
    public async Task A_plain_association_request_on_the_TLS_door_is_refused_and_reported()
    {
        var failure = new TaskCompletionSource<EndPoint?>();
        await using var server = await RawTcpServer.StartAsync(
            _ => throw new InvalidOperationException(),
            tls: RawTcpServer.Tls(ClientCertificateDemand.None, (caller, _) => failure.TrySetResult(caller)));
        using var client = await RawTcpListenerTests.ConnectAsync(server.Address);
        await client.SendAsync(new byte[] { 1, 0, 0, 0, 0, 68, 0, 1, 0, 0 });
        Assert.Equal(client.LocalEndPoint, await failure.Task);
    }

    [Fact]
    public async Task TLS_below_1_2_is_refused()
    {
        await using var server = await RawTcpServer.StartAsync(RawTcpListenerTests.EchoAsync, tls: RawTcpServer.Tls(ClientCertificateDemand.None));
#pragma warning disable SYSLIB0039, CA5397 // The test asks for what must be refused.
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(server.Address, SslProtocols.Tls11, null));
#pragma warning restore SYSLIB0039, CA5397
    }

    private static async Task<SslStream> ConnectAsync(IPEndPoint address, SslProtocols protocol, X509Certificate2? certificate)
    {
        var socket = await RawTcpListenerTests.ConnectAsync(address);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "node",
            EnabledSslProtocols = protocol,
            ClientCertificates = certificate is null ? null : [certificate],
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        return tls;
    }
}
