using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Panal.Node.Transport;
using Panal.Unit.Node.Web;

namespace Panal.Unit.Node.Doors;

public sealed class EitherDoorTests
{
    [Fact]
    public async Task One_port_speaks_http_and_https()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        using var client = Client();
        var secure = new UriBuilder(node.Address) { Scheme = "https" }.Uri;
        using var health = await client.GetAsync(new Uri(secure, "/health"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        using var body = new StringContent($$"""{ "name": "ana", "password": "{{WebNode.Password}}" }""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(secure, "/api/session"), body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-panal=", cookie, StringComparison.Ordinal);
        Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
        using var clear = await client.GetAsync(new Uri(node.Address, "/health"));
        Assert.Equal(HttpStatusCode.OK, clear.StatusCode);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task TLS_is_spoken_with_the_ciphers_of_the_other_doors(SslProtocols protocol)
    {
        await using var node = await WebNode.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, node.Address.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol });
        Assert.Contains(tls.NegotiatedCipherSuite, TlsDoor.CipherSuites);
    }

    [Theory]
    [InlineData(new byte[] { 0x16 })]
    [InlineData(new byte[] { 0x16, 3, 1, 0xFF, 0xFF, 1 })]
    [InlineData(new byte[] { 0x16, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0x47 })]
    [InlineData(new byte[0])]
    public async Task Whoever_speaks_neither_is_closed_and_others_are_served(byte[] sent)
    {
        await using var node = await WebNode.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, node.Address.Port);
        // The client does not hand out its stream once one direction is shut.
        var stream = socket.GetStream();
        await stream.WriteAsync(sent);
        socket.Client.Shutdown(SocketShutdown.Send);
        try
        {
            // An HTTP answer to what was no request, a TLS alert, or nothing: then the end.
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) > 0)
            {
                Assert.DoesNotContain("200", Encoding.ASCII.GetString(buffer), StringComparison.Ordinal);
            }
        }
        catch (IOException)
        {
            // Reset instead of closed.
        }

        using var client = Client();
        using var health = await client.GetAsync(new Uri(node.Address, "/health"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        UseCookies = false,
    });
}
