using System.Net;
using Microsoft.AspNetCore.Http;
using Panal.DicomWeb;
using Panal.DicomWeb.Access;
using Panal.Security.Access;

namespace Panal.Unit.DicomWeb.Access;

public sealed class LoopbackAccessTests
{
    [Theory]
    [InlineData("127.0.0.1", "localhost:8080", "", false, 200)]
    [InlineData("::1", "[::1]:8080", "", false, 200)]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1:8080", "", false, 200)]
    [InlineData("192.0.2.7", "localhost:8080", "", false, 403)]
    [InlineData("192.0.2.7", "localhost:8080", "", true, 200)]
    // A page that made its own name point to this machine.
    [InlineData("127.0.0.1", "evil.example:8080", "", false, 403)]
    // Pages of other origins may not store, even where everybody is let in; our own and allowed ones may.
    [InlineData("127.0.0.1", "localhost:8080", "https://evil.example", false, 403)]
    [InlineData("192.0.2.7", "localhost:8080", "https://evil.example", true, 403)]
    [InlineData("127.0.0.1", "localhost:8080", "null", false, 403)]
    [InlineData("127.0.0.1", "localhost:8080", "http://localhost:8080", false, 200)]
    [InlineData("127.0.0.1", "localhost:8080", "https://viewer.example", false, 200)]
    public async Task Callers_on_this_machine_are_let_in_and_nobody_else(string address, string host, string origin, bool isOpen, int status)
    {
        var access = new LoopbackAccess(
            new AccessRules("PANAL", false, isOpen), new DicomWebOptions { AETitle = "PANAL", AllowedOrigins = ["https://viewer.example"] });
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        context.Request.Scheme = "http";
        context.Request.Host = new HostString(host);
        if (origin.Length > 0)
        {
            context.Request.Headers.Origin = origin;
        }

        var decision = await access.DecideAsync(context, Rights.Store, TestContext.Current.CancellationToken);
        Assert.Equal((status, status == 200), (decision.StatusCode, decision.IsAccepted));
    }
}
