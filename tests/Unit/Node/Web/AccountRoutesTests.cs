using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using Panal.Node;
using Panal.Node.Commands;
using Panal.Security.Accounts;

namespace Panal.Unit.Node.Web;

public sealed class AccountRoutesTests
{
    [Fact]
    public async Task An_administrator_adds_changes_and_removes_accounts_and_sees_no_secret()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        var (created, eva) = await ana.SendAsync(HttpMethod.Post, "/api/accounts", $$"""{ "name": "Eva", "role": "radiologist", "password": "{{WebNode.Password}}" }""");
        Assert.Equal((HttpStatusCode.Created, "eva"), (created, eva.GetProperty("name").GetString()));
        var (refused, problem) = await ana.SendAsync(HttpMethod.Post, "/api/accounts", """{ "name": "eva", "role": "radiologist" }""");
        Assert.Equal((HttpStatusCode.Conflict, "There is an account eva."), (refused, problem.GetProperty("detail").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await ana.SendAsync(HttpMethod.Patch, "/api/accounts/eva", """{ "isDisabled": true }""")).Status);
        using var browser = node.Open();
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.LogInAsync("eva")).Status);
        var (_, list) = await ana.SendAsync(HttpMethod.Get, "/api/accounts");
        Assert.Equal(["ana", "eva"], list.EnumerateArray().Select(a => a.GetProperty("name").GetString()));
        Assert.DoesNotContain("pbkdf2", list.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Delete, "/api/accounts/eva")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ana.SendAsync(HttpMethod.Delete, "/api/accounts/eva")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await ana.SendAsync(HttpMethod.Delete, "/api/accounts/ana")).Status);
    }

    [Fact]
    public async Task A_token_does_what_it_may_and_ends_when_it_is_told_to()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        var (_, token) = await ana.SendAsync(HttpMethod.Post, "/api/account/tokens", """{ "description": "script", "rights": ["Share"], "days": 1 }""");
        using var program = node.Open();
        program.Token = token.GetProperty("text").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await program.SendAsync(HttpMethod.Get, "/api/shares")).Status);
        Assert.Equal(HttpStatusCode.Created, (await program.SendAsync(HttpMethod.Post, "/api/shares", """{ "studyInstanceUid": "1.2.3", "hours": 1 }""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await program.SendAsync(HttpMethod.Get, "/api/accounts")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await program.SendAsync(HttpMethod.Get, "/api/account/tokens")).Status);
        var (_, list) = await ana.SendAsync(HttpMethod.Get, "/api/account/tokens");
        Assert.Equal("", Assert.Single(list.EnumerateArray()).GetProperty("text").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Delete, "/api/account/tokens/" + token.GetProperty("id").GetString())).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.SendAsync(HttpMethod.Get, "/api/shares")).Status);
    }

    [Fact]
    public async Task A_password_is_changed_with_the_old_one_and_ends_the_other_sessions()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        using var other = node.Open();
        await other.LogInAsync("ana");
        Assert.Equal(HttpStatusCode.Forbidden, (await ana.SendAsync(HttpMethod.Put, "/api/account/password", """{ "oldPassword": "no", "newPassword": "another horse battery" }""")).Status);
        var change = $$"""{ "oldPassword": "{{WebNode.Password}}", "newPassword": "another horse battery" }""";
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Put, "/api/account/password", change)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.SendAsync(HttpMethod.Get, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.OK, (await ana.SendAsync(HttpMethod.Get, "/api/session")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.LogInAsync("ana")).Status);
        Assert.Equal(HttpStatusCode.OK, (await other.LogInAsync("ana", "another horse battery")).Status);
    }

    [Fact]
    public async Task A_second_factor_is_in_force_after_a_code_of_it_was_shown()
    {
        await using var node = await WebNode.StartAsync();
        using var ana = await node.SetUpAsync();
        var (_, offer) = await ana.SendAsync(HttpMethod.Post, "/api/account/totp");
        var key = offer.GetProperty("key").GetString()!;
        Assert.True(Base32.TryDecode(key, out var bytes));
        var code = OneTimePassword.Compute(HashAlgorithmName.SHA1, bytes, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30, 6);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ana.SendAsync(HttpMethod.Put, "/api/account/totp", $$"""{ "key": "{{key}}", "code": "abcdef", "password": "{{WebNode.Password}}" }""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ana.SendAsync(HttpMethod.Put, "/api/account/totp", $$"""{ "key": "{{key}}", "code": "{{code}}", "password": "{{WebNode.Password}}" }""")).Status);
        using var browser = node.Open();
        Assert.Equal("code-needed", (await browser.LogInAsync("ana")).Body.GetProperty("code").GetString());
        var (status, session) = await browser.SendAsync(HttpMethod.Post, "/api/session", $$"""{ "name": "ana", "password": "{{WebNode.Password}}", "code": "{{code}}" }""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(session.GetProperty("hasSecondFactor").GetBoolean());
    }

    [Fact]
    public async Task The_command_line_works_in_the_running_node_and_without_one()
    {
        string folder;
        await using (var node = await WebNode.StartAsync())
        {
            folder = node.DataFolder;
            var (code, output) = await RunAsync("add", "ana", "--role", "administrator", "--data", folder);
            Assert.Equal(ExitCode.Success, code);
            using var browser = node.Open();
            Assert.Equal(HttpStatusCode.OK, (await browser.LogInAsync("ana", output.Trim().Split(' ')[^1])).Status);
            var (_, token) = await RunAsync("token", "ana", "--rights", "accounts", "--data", folder);
            using var program = node.Open();
            program.Token = token.Trim();
            Assert.Equal(HttpStatusCode.OK, (await program.SendAsync(HttpMethod.Get, "/api/accounts")).Status);
            Assert.Contains("Administrator", (await RunAsync("list", "--data", folder)).Output, StringComparison.Ordinal);
            Assert.Equal(ExitCode.Failure, (await RunAsync("remove", "ana", "--data", folder)).Code);
            Assert.Equal(ExitCode.Failure, (await RunAsync("add", "ana", "--role", "api", "--data", folder)).Code);
            await node.StopAsync();
            Assert.Equal(ExitCode.Success, (await RunAsync("add", "eva", "--role", "radiologist", "--data", folder)).Code);
            Assert.StartsWith("Password: ", (await RunAsync("password", "ana", "--data", folder)).Output, StringComparison.Ordinal);
            Assert.Equal(ExitCode.Success, (await RunAsync("remove", "eva", "--data", folder)).Code);
            // Details of an audit message are Base64, PS3.15 §A.5.1.
            Assert.Contains(Convert.ToBase64String("Account removed."u8), node.Trail(), StringComparison.Ordinal);
        }
    }

    private static async Task<(ExitCode Code, string Output)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        return ((ExitCode)await Program.RunAsync(["account", .. arguments], output, TextWriter.Null), output.ToString());
    }
}
