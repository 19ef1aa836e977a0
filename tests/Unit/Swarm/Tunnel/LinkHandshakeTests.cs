using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Unit.Swarm.Multiplexing;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Tunnel;

/// <summary>Who does not become a link, on a real socket, and that the others do not notice.</summary>
public sealed class LinkHandshakeTests
{
    private const TlsCipherSuite Ours = TlsCipherSuite.TLS_AES_256_GCM_SHA384;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "panal/1", LinkCloseReason.Downgrade)]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_AES_128_GCM_SHA256, "panal/1", LinkCloseReason.Downgrade)]
    [InlineData(SslProtocols.Tls13, TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, "panal/1", LinkCloseReason.Downgrade)]
    [InlineData(SslProtocols.Tls13, Ours, "h2", LinkCloseReason.Downgrade)]
    [InlineData(SslProtocols.Tls13, Ours, null, LinkCloseReason.Downgrade)]
    public async Task Another_version_suite_or_application_is_refused_as_a_downgrade(
        SslProtocols version, TlsCipherSuite suite, string? application, LinkCloseReason reason)
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var tls = await ConnectAsync(node);
        await FailsAsync(tls, Options(network.Admit(), version, suite, application));
        Assert.Equal(reason, await node.Witness.NextAsync("refused"));
        await IsWellAsync(network, node);
    }

    [Fact]
    public async Task The_certificate_of_another_network_is_refused()
    {
        using var network = new Network();
        using var foreign = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var tls = await ConnectAsync(node);
        await FailsAsync(tls, Options(foreign.Admit()));
        Assert.Equal(LinkCloseReason.Stranger, await node.Witness.NextAsync("refused"));
        await IsWellAsync(network, node);
    }

    [Fact]
    public async Task A_caller_without_a_certificate_is_refused()
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var tls = await ConnectAsync(node);
        await FailsAsync(tls, Options(null));
        Assert.Equal(LinkCloseReason.Stranger, await node.Witness.NextAsync("refused"));
        await IsWellAsync(network, node);
    }

    [Fact]
    public async Task A_server_of_another_network_is_refused_by_the_one_who_dials()
    {
        using var network = new Network();
        using var foreign = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var other = new LinkedNode(foreign.Admit());
        node.Links.SetPeers([other.AsPeer()]);
        Assert.Equal(LinkCloseReason.Stranger, await node.Witness.NextAsync("refused"));
        Assert.Empty(node.Links.Linked);
    }

    [Fact]
    public async Task A_member_that_does_not_speak_the_preface_is_refused()
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var tls = await ConnectAsync(node);
        await tls.AuthenticateAsClientAsync(Options(network.Admit()), Cancelled);
        await tls.WriteAsync("GET / HTTP/1.1\r\n"u8.ToArray(), Cancelled);
        Assert.Equal(LinkCloseReason.Malformed, await node.Witness.NextAsync("refused"));
        await IsWellAsync(network, node);
    }

    [Fact]
    public async Task A_member_of_another_version_is_refused_with_that_reason()
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var tls = await ConnectAsync(node);
        await tls.AuthenticateAsClientAsync(Options(network.Admit()), Cancelled);
        await tls.WriteAsync((byte[])[.. "PANALLNK"u8, 2, 0, 9, 0, 0, 0, 0, 0], Cancelled);
        Assert.Equal(LinkCloseReason.Version, await node.Witness.NextAsync("refused"));
        await IsWellAsync(network, node);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_caller_that_is_too_slow_is_refused_in_time(int bytesSent)
    {
        using var network = new Network();
        var time = new FakeTimeProvider();
        await using var links = new Panal.Swarm.Links.Links(
            network.Admit(), new Witness(), new LinkOptions(), time, Microsoft.Extensions.Logging.Abstractions.NullLogger<Panal.Swarm.Links.Links>.Instance);
        var (one, other) = MemoryLine.Create();
        var accepting = links.AcceptAsync(one, remote: null, Cancelled);
        await other.WriteAsync(new byte[] { 22, 3, 1, 0 }.AsMemory(0, bytesSent), Cancelled);
        Assert.False(accepting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(11));
        await accepting;
        Assert.Equal(0, await other.ReadAsync(new byte[1], Cancelled));
    }

    [Fact]
    public async Task Bytes_recorded_from_a_member_are_worth_nothing_when_played_again()
    {
        using var network = new Network();
        await using var node = new LinkedNode(network.Admit());
        await using var member = new LinkedNode(network.Admit());

        // A proxy in the middle records what the member sends.
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        member.Links.SetPeers([node.AsPeer() with { Addresses = [proxy.LocalEndpoint.ToString()!] }]);
        using var inner = await proxy.AcceptTcpClientAsync(Cancelled);
        using var outer = new TcpClient();
        await outer.ConnectAsync(IPAddress.Loopback, node.Port, Cancelled);
        var recorded = new MemoryStream();
        var there = RecordAsync(inner.GetStream(), outer.GetStream(), recorded);
        var back = RecordAsync(outer.GetStream(), inner.GetStream(), new MemoryStream());
        await member.EchoAsync(node.Id);
        member.Links.SetPeers([]);
        member.Links.Cut(node.Id, LinkCloseReason.Stopping);
        await there;
        await back;

        using var replay = new TcpClient();
        await replay.ConnectAsync(IPAddress.Loopback, node.Port, Cancelled);
        await replay.GetStream().WriteAsync(recorded.ToArray(), Cancelled);
        Assert.Equal(LinkCloseReason.Tunnel, await node.Witness.NextAsync("refused"));
        Assert.Empty(node.Links.Linked);
    }

    private static async Task RecordAsync(NetworkStream from, NetworkStream to, MemoryStream recorded)
    {
        var buffer = new byte[65_536];
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, Cancelled)) > 0)
            {
                recorded.Write(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), Cancelled);
            }

            to.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side has closed.
        }
    }

    private static async Task<SslStream> ConnectAsync(LinkedNode node)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, node.Port, Cancelled);
        return new SslStream(new NetworkStream(socket, ownsSocket: true));
    }

    private static SslClientAuthenticationOptions Options(
        Network.Credentials? credentials, SslProtocols version = SslProtocols.Tls13, TlsCipherSuite suite = Ours, string? application = "panal/1") => new()
    {
        TargetHost = "anybody",
        EnabledSslProtocols = version,
        CipherSuitesPolicy = new CipherSuitesPolicy([suite]),
        ApplicationProtocols = application is null ? null : [new SslApplicationProtocol(application)],
        ClientCertificateContext = credentials?.Certificate,
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
    };

    /// <summary>In TLS 1.3 a client learns only from its first read that its certificate was refused.</summary>
    private static async Task FailsAsync(SslStream tls, SslClientAuthenticationOptions options)
    {
        try
        {
            await tls.AuthenticateAsClientAsync(options, Cancelled);
            Assert.Equal(0, await tls.ReadAsync(new byte[1], Cancelled));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // As it should be.
        }
    }

    private static async Task IsWellAsync(Network network, LinkedNode node)
    {
        await using var other = new LinkedNode(network.Admit());
        other.Links.SetPeers([node.AsPeer()]);
        await other.EchoAsync(node.Id);
    }
}
