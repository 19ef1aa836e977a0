using System.Net;
using System.Net.Http;
using System.Text.Json;
using OpenIddict.Abstractions;
using Panal.Node.Options;
using Panal.Security.Accounts;

namespace Panal.Unit.Node.Web.Provider;

/// <summary>The log-in at an identity provider, beside a real one: OpenIddict.</summary>
public sealed class ProviderRoutesTests
{
    private const string Start = "/api/session/provider";

    [Fact]
    public async Task Whom_the_provider_vouches_for_is_let_in_with_the_role_of_its_group()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        using var administrator = await node.SetUpAsync();
        using var browser = node.Open();
        Assert.Equal("Hospital", (await browser.SendAsync(HttpMethod.Get, "/api/setup")).Body.GetProperty("provider").GetString());
        var session = await EnterAsync(browser);
        Assert.Equal(("eva", "Dr. Eva Díaz", "Radiologist"), Identity(session));

        // PKCE with SHA-256, and what the framework's handler compares when the browser comes back.
        var asked = Assert.Single(provider.Authorizations);
        Assert.Equal(("S256", "code", node.Address + "api/session/provider/back"), (asked.CodeChallengeMethod, asked.ResponseType, asked.RedirectUri));
        Assert.All([asked.CodeChallenge, asked.State, asked.Nonce], Assert.NotNull);

        // Local accounts log in as before; there is no password for the other.
        using var local = node.Open();
        Assert.Equal(HttpStatusCode.OK, (await local.LogInAsync("ana")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await local.LogInAsync("eva")).Status);
        await node.StopAsync();
        Assert.Contains("eva", node.Trail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_at_the_provider_counts_at_the_next_log_in_and_a_person_keeps_the_account_under_another_name()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        using var administrator = await node.SetUpAsync();
        using var browser = node.Open();
        await EnterAsync(browser);
        (provider.Name, provider.Groups) = ("eva.married", ["staff", "doctors"]);
        Assert.Equal(("eva", "Dr. Eva Díaz", "ReferringPhysician"), Identity(await EnterAsync(browser)));
        var account = (await administrator.SendAsync(HttpMethod.Get, "/api/accounts")).Body.EnumerateArray().Single(a => a.GetProperty("name").GetString() == "eva");
        Assert.Equal("Diaz^Eva", account.GetProperty("referringPhysicianName").GetString());
        Assert.Equal(HttpStatusCode.OK, (await administrator.SendAsync(HttpMethod.Patch, "/api/accounts/eva", """{ "isDisabled": true }""")).Status);
        Assert.Equal("Disabled", await RefusedAsync(node));
    }

    [Fact]
    public async Task Nobody_is_let_in_without_a_role_and_nobody_takes_over_an_account_of_the_node_by_its_name()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        Assert.Equal("Administrator", await RefusedAsync(node));
        using var administrator = await node.SetUpAsync();
        provider.Groups = ["visitors"];
        Assert.Equal("NoRole", await RefusedAsync(node));
        (provider.Groups, provider.Name) = (["pacs-admins"], "ANA");
        Assert.Equal("Name", await RefusedAsync(node));
        provider.Name = "<script>";
        Assert.Equal("Name", await RefusedAsync(node));
        var accounts = (await administrator.SendAsync(HttpMethod.Get, "/api/accounts")).Body;
        Assert.Equal("ana", Assert.Single(accounts.EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_first_administrator_may_come_from_the_provider_and_the_last_stays_one()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        provider.Groups = ["pacs-admins"];
        using var browser = node.Open();
        Assert.Equal(("eva", "Dr. Eva Díaz", "Administrator"), Identity(await EnterAsync(browser)));
        Assert.Null(node.Host.SetUpAddress());
        provider.Groups = ["radiology"];
        Assert.Equal("Administrator", await RefusedAsync(node));
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(HttpMethod.Put, "/api/accounts/eva/password", $$"""{ "password": "{{WebNode.Password}}" }""")).Status);
    }

    [Fact]
    public async Task An_answer_that_another_browser_asked_for_or_that_was_made_up_logs_nobody_in()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        using var administrator = await node.SetUpAsync();
        using var attacker = Follower(node, out _);
        var away = await attacker.GetAsync(Start, TestContext.Current.CancellationToken);
        var back = await attacker.GetAsync(away.Headers.Location, TestContext.Current.CancellationToken);
        var answer = back.Headers.Location!;
        Assert.Equal("/api/session/provider/back", answer.AbsolutePath);

        // The attacker's own answer, put into the browser of somebody else.
        foreach (var path in (string[])[answer.PathAndQuery, Start + "/back", Start + "/back?code=guess&state=guess", Start + "/back?error=access_denied"])
        {
            using var victim = Follower(node, out var cookies);
            var refused = await victim.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal("/#refused=provider", refused.Headers.Location?.OriginalString);
            Assert.DoesNotContain(cookies.GetAllCookies(), cookie => cookie.Name == "panal");
        }
    }

    [Fact]
    public async Task A_log_out_ends_the_session_here_and_leads_to_the_log_out_of_the_provider()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var node = await WebNode.StartAsync(provider.Settings());
        using var administrator = await node.SetUpAsync();
        using var browser = node.Open();
        await EnterAsync(browser);
        var (status, answer) = await browser.SendAsync(HttpMethod.Delete, "/api/session");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Get, "/api/session")).Status);
        using var follower = Follower(node, out _);
        var gone = await follower.GetAsync(answer.GetProperty("address").GetString(), TestContext.Current.CancellationToken);
        Assert.Equal(node.Address, gone.Headers.Location);
        Assert.NotNull(Assert.Single(provider.LogOuts).IdTokenHint);
        Assert.Equal(HttpStatusCode.NoContent, (await administrator.SendAsync(HttpMethod.Delete, "/api/session")).Status);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_told_of_and_local_accounts_go_on()
    {
        var provider = await IdentityProvider.StartAsync();
        var settings = provider.Settings();
        await provider.DisposeAsync();
        await using var node = await WebNode.StartAsync(settings);
        using var administrator = await node.SetUpAsync();
        Assert.Equal("provider", await RefusedAsync(node));
        using var local = node.Open();
        Assert.Equal(HttpStatusCode.OK, (await local.LogInAsync("ana")).Status);
    }

    [Theory]
    [InlineData("http://id.example", "panal", "a=Radiologist", "Authority")]
    [InlineData("id.example", "panal", "a=Radiologist", "Authority")]
    [InlineData("https://id.example", "", "a=Radiologist", "ClientId")]
    [InlineData("https://id.example", "panal", "", "Roles")]
    [InlineData("https://id.example", "panal", "a=Radiologist,b=King", "Roles")]
    [InlineData("https://id.example", "panal", "a=Api", "Roles")]
    public void Settings_that_would_let_nobody_in_or_send_secrets_in_the_clear_are_refused(string authority, string client, string roles, string named)
    {
        var settings = new OpenIdConnectSettings { Authority = authority, ClientId = client, Roles = roles };
        var failure = Assert.Single(new OpenIdConnectSettingsValidator().Validate(null, settings).Failures!);
        Assert.Contains(named, failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_may_be_a_name_of_a_directory()
    {
        var settings = new OpenIdConnectSettings { Roles = "CN=pacs admins=Administrator, radiology = Radiologist" };
        Assert.Equal([new GroupRole("CN=pacs admins", Role.Administrator), new GroupRole("radiology", Role.Radiologist)], settings.GroupRoles);
    }

    private static async Task<JsonElement> EnterAsync(WebNode.Browser browser)
    {
        // Ends at the page itself, which a node of unit tests has not.
        await browser.SendAsync(HttpMethod.Get, Start);
        var (status, session) = await browser.SendAsync(HttpMethod.Get, "/api/session");
        Assert.Equal(HttpStatusCode.OK, status);
        return session;
    }

    private static (string?, string?, string?) Identity(JsonElement session) =>
        (session.GetProperty("name").GetString(), session.GetProperty("displayName").GetString(), session.GetProperty("role").GetString());

    /// <summary>Goes the whole way in a new browser and reads why it was not let in.</summary>
    private static async Task<string> RefusedAsync(WebNode node)
    {
        using var browser = Follower(node, out var cookies);
        var next = new Uri(node.Address, Start);
        for (var step = 0; step < 5; step++)
        {
            var answer = await browser.GetAsync(next, TestContext.Current.CancellationToken);
            var location = answer.Headers.Location?.OriginalString ?? "";
            if (location.StartsWith("/#refused=", StringComparison.Ordinal))
            {
                Assert.DoesNotContain(cookies.GetAllCookies(), cookie => cookie.Name == "panal");
                return location["/#refused=".Length..];
            }

            next = new Uri(next, location);
        }

        throw new InvalidOperationException("The browser was led nowhere.");
    }

    private static HttpClient Follower(WebNode node, out CookieContainer cookies)
    {
        cookies = new CookieContainer();
        return new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false }) { BaseAddress = node.Address };
    }
}
