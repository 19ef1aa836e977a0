using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Microsoft.AspNetCore.Routing;
using Panal.Node.Web;

namespace Panal.Unit.Node.Web;

public sealed class WebGateTests
{
    /// <summary>All that is answered to somebody who has not shown who it is; whoever adds a route here says why in docs/decisions/2026-11-25-accounts.md.</summary>
    private static readonly string[] Open =
    [
        "GET /api/setup", "GET /health", "GET /join/1/request/{request}", "GET /metrics",
        "POST /api/session", "POST /api/setup", "POST /api/shared", "POST /join/1/hello", "POST /join/1/request",
    ];

    [Fact]
    public async Task Every_route_but_the_open_ones_refuses_whoever_has_no_session()
    {
        await using var node = await WebNode.StartAsync();
        using var administrator = await node.SetUpAsync();
        var routes = RoutesOf(node).ToArray();
        Assert.True(routes.Length > 40, $"{routes.Length} routes");
        Assert.Equal(Open, routes.Where(r => r.Rule is OpenRoute).Select(r => $"{r.Method} {r.Path}").Order(StringComparer.Ordinal));
        // What a browser asks before it sends for a page of another origin is answered without a caller and tells nothing.
        foreach (var (method, path, rule) in routes.Where(r => r.Rule is not OpenRoute && r.Method != "OPTIONS"))
        {
            using var stranger = node.Open();
            var (status, body) = await stranger.SendAsync(new HttpMethod(method), path.Replace("{name}", "ana").Replace("{id}", "x").Replace("{**rest}", "x").Replace("{", "").Replace("}", ""), method is "GET" or "HEAD" ? null : "{}");
            var expected = rule is SocketRoute ? HttpStatusCode.NotFound : HttpStatusCode.Unauthorized;
            Assert.True(status == expected, $"{method} {path}: {status}");
            Assert.True(method == "HEAD" || body.GetProperty("code").GetString() is "log-in" or "nothing-here", path);
        }
    }

    [Fact]
    public async Task A_refused_request_that_brings_a_body_is_answered_and_so_is_the_next_on_its_connection()
    {
        await using var node = await WebNode.StartAsync();
        using var administrator = await node.SetUpAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(node.Address.Host, node.Address.Port, TestContext.Current.CancellationToken);
        await using var stream = socket.GetStream();
        using var answers = new StreamReader(stream);
        for (var number = 0; number < 3; number++)
        {
            var request = $"POST /dicom-web/studies HTTP/1.1\r\nHost: {node.Address.Authority}\r\nContent-Type: application/dicom\r\nContent-Length: 10000\r\n\r\n{new string('x', 10_000)}";
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
            Assert.Equal("HTTP/1.1 401 Unauthorized", await answers.ReadLineAsync(TestContext.Current.CancellationToken));
            while (await answers.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } header)
            {
                Assert.DoesNotContain("Connection: close", header, StringComparison.OrdinalIgnoreCase);
            }

            await SkipBodyAsync(answers);
        }
    }

    /// <summary>Reads a body in chunks to its end (RFC 9112 §7.1).</summary>
    private static async Task SkipBodyAsync(StreamReader answers)
    {
        while (await answers.ReadLineAsync(TestContext.Current.CancellationToken) is { } size && size != "0")
        {
            await answers.ReadLineAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("", await answers.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_route_without_a_rule_does_not_exist()
    {
        await using var node = await WebNode.StartAsync();
        Assert.All(RoutesOf(node), r => Assert.NotNull(r.Rule));
    }

    [Fact]
    public async Task Roles_may_what_the_table_says_and_nothing_else()
    {
        await using var node = await WebNode.StartAsync();
        using var administrator = await node.SetUpAsync();
        foreach (var (role, mayAccounts, mayShare) in new[] { ("radiologist", false, true), ("technologist", false, false), ("referringPhysician", false, false), ("administrator", true, true) })
        {
            var name = role.ToLowerInvariant();
            var (added, _) = await administrator.SendAsync(
                HttpMethod.Post, "/api/accounts", $$"""{ "name": "{{name}}", "role": "{{role}}", "password": "{{WebNode.Password}}" }""");
            Assert.Equal(HttpStatusCode.Created, added);
            using var browser = node.Open();
            Assert.Equal(HttpStatusCode.OK, (await browser.LogInAsync(name)).Status);
            Assert.Equal(mayAccounts ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Get, "/api/accounts")).Status);
            Assert.Equal(mayShare ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Get, "/api/shares")).Status);
        }
    }

    [Fact]
    public async Task A_change_without_the_token_of_its_session_or_from_another_site_is_refused()
    {
        await using var node = await WebNode.StartAsync();
        using var browser = await node.SetUpAsync();
        const string account = """{ "name": "eva", "role": "api" }""";
        var token = browser.CsrfToken;
        browser.CsrfToken = "";
        Assert.Equal("csrf", (await browser.SendAsync(HttpMethod.Post, "/api/accounts", account)).Body.GetProperty("code").GetString());
        browser.CsrfToken = token + "x";
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, "/api/accounts", account)).Status);
        browser.CsrfToken = token;
        browser.Headers["Sec-Fetch-Site"] = "cross-site";
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, "/api/accounts", account)).Status);
        browser.Headers.Clear();
        browser.Headers["Origin"] = "http://evil.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, "/api/accounts", account)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.LogInAsync("ana")).Status);
        browser.Headers["Origin"] = node.Address.GetLeftPart(UriPartial.Authority);
        Assert.Equal(HttpStatusCode.Created, (await browser.SendAsync(HttpMethod.Post, "/api/accounts", account)).Status);
    }

    [Fact]
    public async Task Twenty_guesses_shut_an_address_for_a_while()
    {
        await using var node = await WebNode.StartAsync();
        using var browser = node.Open();
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 25; i++)
        {
            answers.Add((await browser.SendAsync(HttpMethod.Post, "/api/setup", """{ "secret": "guess", "name": "eva", "password": "correct horse battery" }""")).Status);
        }

        Assert.Equal(Enumerable.Repeat(HttpStatusCode.Forbidden, 20), answers[..20]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.NotNull(browser.Answered!.RetryAfter);
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": null, "password": "x" }""", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": "x" }""", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": "x", "password": "x", "role": "administrator" }""", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": [[[[[[[[[["x"]]]]]]]]]], "password": "x" }""", HttpStatusCode.BadRequest)]
    [InlineData("""{ "name": "x\u0000\r\nSet-Cookie: a=b", "password": "x" }""", HttpStatusCode.Unauthorized)]
    public async Task Bodies_that_are_not_what_a_route_takes_are_refused_with_a_reason(string body, HttpStatusCode expected)
    {
        await using var node = await WebNode.StartAsync();
        using var browser = node.Open();
        var (status, problem) = await browser.SendAsync(HttpMethod.Post, "/api/session", body);
        Assert.Equal(expected, status);
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task A_body_that_is_longer_than_the_limit_or_no_JSON_is_refused()
    {
        await using var node = await WebNode.StartAsync();
        using var browser = node.Open();
        var padded = """{ "name": "x", "password": "x" }""".PadRight((int)RouteRule.JsonLimitBytes);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Post, "/api/session", padded)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await browser.SendAsync(HttpMethod.Post, "/api/session", padded + " ")).Status);
        using var client = new HttpClient { BaseAddress = node.Address };
        using var form = new FormUrlEncodedContent([new("name", "ana"), new("password", WebNode.Password)]);
        using var answer = await client.PostAsync(new Uri("/api/session", UriKind.Relative), form);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    private static IEnumerable<(string Method, string Path, RouteRule? Rule)> RoutesOf(WebNode node) =>
        from route in node.Host.Routes.OfType<RouteEndpoint>()
        from method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select (method, route.RoutePattern.RawText!, route.Metadata.GetMetadata<RouteRule>());
}
