using System.Net;
using System.Net.Http;
using Panal.Node;
using Panal.Node.Commands;

namespace Panal.Unit.Node.Web;

public sealed class SessionRoutesTests
{
    [Fact]
    public async Task The_set_up_link_makes_the_first_administrator_once_and_without_a_default_password()
    {
        await using var node = await WebNode.StartAsync();
        using var stranger = node.Open();
        Assert.True((await stranger.SendAsync(HttpMethod.Get, "/api/setup")).Body.GetProperty("isNeeded").GetBoolean());
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.LogInAsync("admin", "admin")).Status);
        var secret = node.Host.SetUpAddress()!.Split("#setup=")[1];
        using var administrator = await node.SetUpAsync();
        var (status, session) = await administrator.SendAsync(HttpMethod.Get, "/api/session");
        Assert.Equal((HttpStatusCode.OK, "ana", "Administrator"), (status, session.GetProperty("name").GetString(), session.GetProperty("role").GetString()));
        Assert.Null(node.Host.SetUpAddress());
        Assert.False((await stranger.SendAsync(HttpMethod.Get, "/api/setup")).Body.GetProperty("isNeeded").GetBoolean());
        var (again, _) = await stranger.SendAsync(HttpMethod.Post, "/api/setup", $$"""{ "secret": "{{secret}}", "name": "eva", "password": "{{WebNode.Password}}" }""");
        Assert.Equal(HttpStatusCode.Forbidden, again);
    }

    [Fact]
    public async Task A_log_in_gives_a_cookie_that_no_script_and_no_other_site_gets_and_a_log_out_ends_it()
    {
        await using var node = await WebNode.StartAsync();
        using var first = await node.SetUpAsync();
        using var browser = node.Open();
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.LogInAsync("ana", "wrong horse battery")).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.LogInAsync("ana")).Status);
        var cookie = Assert.Single(browser.Answered!.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("no-store", browser.Answered.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(HttpMethod.Get, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await browser.SendAsync(HttpMethod.Delete, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Get, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.OK, (await first.SendAsync(HttpMethod.Get, "/api/session")).Status);
    }

    [Fact]
    public async Task A_restart_logs_nobody_out_and_lets_nobody_in_who_was_shut_out()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        using var guesser = node.Open();
        for (var guess = 0; guess < 5; guess++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await guesser.LogInAsync("ana", "wrong horse battery")).Status);
        }

        await node.StopAsync();
        await node.StartAgainAsync();

        Assert.Equal(HttpStatusCode.TooManyRequests, (await guesser.LogInAsync("ana")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ana.SendAsync(HttpMethod.Get, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Delete, "/api/session")).Status);
    }

    [Fact]
    public async Task Behind_a_proxy_with_TLS_the_cookie_goes_over_TLS_only()
    {
        await using var node = await WebNode.StartAsync();
        using var first = await node.SetUpAsync();
        using var browser = node.Open();
        browser.Headers["X-Forwarded-Proto"] = "https";
        Assert.Equal(HttpStatusCode.OK, (await browser.LogInAsync("ana")).Status);
        var cookie = Assert.Single(browser.Answered!.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-panal=", cookie, StringComparison.Ordinal);
        Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_session_that_somebody_else_put_into_the_browser_is_not_taken_over()
    {
        await using var node = await WebNode.StartAsync();
        using var first = await node.SetUpAsync();
        using var browser = node.Open();
        browser.Headers["Cookie"] = "panal=chosen-by-an-attacker";
        Assert.Equal(HttpStatusCode.OK, (await browser.LogInAsync("ana")).Status);
        Assert.DoesNotContain("chosen", Assert.Single(browser.Answered!.GetValues("Set-Cookie")), StringComparison.Ordinal);
        using var attacker = node.Open();
        attacker.Headers["Cookie"] = "panal=chosen-by-an-attacker";
        Assert.Equal(HttpStatusCode.Unauthorized, (await attacker.SendAsync(HttpMethod.Get, "/api/session")).Status);
    }

    [Fact]
    public async Task A_shared_link_opens_one_study_with_its_code_and_nothing_else()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        var (created, share) = await ana.SendAsync(HttpMethod.Post, "/api/shares", """{ "studyInstanceUid": "1.2.3", "hours": 24, "code": "654321" }""");
        Assert.Equal(HttpStatusCode.Created, created);
        var link = share.GetProperty("link").GetString()!;
        using var guest = node.Open();
        var (needed, problem) = await guest.SendAsync(HttpMethod.Post, "/api/shared", $$"""{ "link": "{{link}}" }""");
        Assert.Equal((HttpStatusCode.Unauthorized, "code-needed"), (needed, problem.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, (await guest.SendAsync(HttpMethod.Post, "/api/shared", $$"""{ "link": "{{link}}", "code": "000000" }""")).Status);
        var (opened, session) = await guest.SendAsync(HttpMethod.Post, "/api/shared", $$"""{ "link": "{{link}}", "code": "654321" }""");
        Assert.Equal(HttpStatusCode.OK, opened);
        Assert.Equal(["Search", "View"], session.GetProperty("rights").EnumerateArray().Select(r => r.GetString()!));
        Assert.Equal(HttpStatusCode.Forbidden, (await guest.SendAsync(HttpMethod.Get, "/api/shares")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await guest.SendAsync(HttpMethod.Get, "/api/account/tokens")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Delete, "/api/shares/" + share.GetProperty("id").GetString())).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await guest.SendAsync(HttpMethod.Get, "/api/session")).Status);
    }

    [Fact]
    public async Task What_was_done_is_in_the_trail_and_no_secret_is()
    {
        await using var node = await WebNode.StartAsync();
        var secret = node.Host.SetUpAddress()!.Split("#setup=")[1];
        using var ana = await node.SetUpAsync();
        await ana.LogInAsync("ana", "wrong horse battery");
        var (_, token) = await ana.SendAsync(HttpMethod.Post, "/api/account/tokens", """{ "description": "x", "rights": ["Search"], "days": 1 }""");
        await ana.SendAsync(HttpMethod.Delete, "/api/session");
        await node.StopAsync();
        var trail = node.Trail();
        foreach (var code in new[] { "110114", "110122", "110123", "110113", "110137" })
        {
            Assert.Contains($"csd-code=\"{code}\"", trail, StringComparison.Ordinal);
        }

        foreach (var hidden in new[] { secret, WebNode.Password, "wrong horse", token.GetProperty("text").GetString()!, ana.CsrfToken })
        {
            Assert.DoesNotContain(hidden, trail, StringComparison.Ordinal);
        }
    }
}
