using System.Net;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Unit.Security.Accounts;

public sealed class LogInTests : IAsyncLifetime
{
    private const string Password = "correct horse battery";
    private const string Key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    private readonly TemporaryFolder _folder = new();
    private readonly Clock _clock = new();
    private readonly AccountRegistry _accounts;
    private readonly AuditTrail _audit;
    private readonly LogIn _logIn;

    public LogInTests()
    {
        _accounts = new AccountRegistry(_folder.Path, _clock);
        _audit = new AuditTrail(_folder.File("audit"), new AuditSource("NODE", ""), _clock);
        _logIn = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        await _accounts.AddAsync(new Account { Name = "ana", Role = Role.Administrator }, Password, onlyFirst: true, Token);

    public async ValueTask DisposeAsync()
    {
        await _audit.DisposeAsync();
        _logIn.Dispose();
        _accounts.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_right_password_lets_in_and_each_log_in_is_in_the_trail()
    {
        var outcome = await EnterAsync("Ana", Password);
        Assert.Equal((LogInRefusal.None, "ana"), (outcome.Refusal, outcome.Account!.Name));
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("ana", "wrong horse battery")).Refusal);
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("nobody", Password)).Refusal);
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("My Secret Password!", "")).Refusal);
        await _audit.DisposeAsync();
        var trail = File.ReadAllLines(Assert.Single(Directory.GetFiles(_folder.File("audit"))));
        Assert.Equal(4, trail.Length);
        Assert.All(trail, line => Assert.Contains("csd-code=\"110114\"", line, StringComparison.Ordinal));
        Assert.Equal([true, false, false, false], trail.Select(line => line.Contains("EventOutcomeIndicator=\"0\"", StringComparison.Ordinal)));
        Assert.Contains("UserID=\"ana\"", trail[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Secret", string.Concat(trail), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("ana")]
    [InlineData("nobody")]
    public async Task Five_wrong_passwords_shut_a_name_out_whether_it_is_there_or_not(string name)
    {
        for (var i = 0; i < LockOut.FreeFailures; i++)
        {
            Assert.Equal(LogInRefusal.Wrong, (await EnterAsync(name, "wrong horse battery")).Refusal);
        }

        var outcome = await EnterAsync(name, Password);
        Assert.Equal((LogInRefusal.ShutOut, TimeSpan.FromMinutes(1)), (outcome.Refusal, outcome.RetryAfter));
        _clock.Move(TimeSpan.FromMinutes(1));
        Assert.Equal(name == "ana" ? LogInRefusal.None : LogInRefusal.Wrong, (await EnterAsync(name, Password)).Refusal);
    }

    [Fact]
    public async Task Who_is_shut_out_stays_so_over_a_restart_and_is_forgiven_after_coming_in()
    {
        for (var i = 0; i < LockOut.FreeFailures; i++)
        {
            await EnterAsync("ana", "wrong horse battery");
            await EnterAsync("No name at all", "wrong horse battery");
        }

        using (var again = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock))
        {
            var outcome = await again.EnterAsync("ana", Password, "", IPAddress.Loopback, Token);
            Assert.Equal((LogInRefusal.ShutOut, TimeSpan.FromMinutes(1)), (outcome.Refusal, outcome.RetryAfter));
            Assert.DoesNotContain("no name", await File.ReadAllTextAsync(_folder.File("lock-outs.json"), Token), StringComparison.OrdinalIgnoreCase);
            _clock.Move(TimeSpan.FromMinutes(1));
            Assert.Equal(LogInRefusal.Wrong, (await again.EnterAsync("ana", "wrong horse battery", "", IPAddress.Loopback, Token)).Refusal);
        }

        // The count goes on: the sixth in a row costs two minutes.
        using (var third = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock))
        {
            Assert.Equal(TimeSpan.FromMinutes(2), (await third.EnterAsync("ana", Password, "", IPAddress.Loopback, Token)).RetryAfter);
            _clock.Move(TimeSpan.FromMinutes(2));
            Assert.Equal(LogInRefusal.None, (await third.EnterAsync("ana", Password, "", IPAddress.Loopback, Token)).Refusal);
        }

        Assert.DoesNotContain("ana", await File.ReadAllTextAsync(_folder.File("lock-outs.json"), Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[null]")]
    [InlineData("{}")]
    [InlineData("""[{"Name":null,"Failures":5,"Until":"2027-01-01T00:00:00+00:00","At":"2027-01-01T00:00:00+00:00"}]""")]
    [InlineData("""[{"Name":"ana","Failures":4,"Until":"2027-01-01T00:00:00+00:00","At":"2027-01-01T00:00:00+00:00"}]""")]
    [InlineData("""[{"Name":"ana","Failures":5,"Until":"2027-01-01T00:00:00+00:00","At":"2027-01-01T00:00:00+00:00","Later":1}]""")]
    [InlineData("""[{"Name":"ana","Failures":5,"Until":"2027-01-01T00:00:00+00:00"}]""")]
    public async Task A_file_of_lock_outs_that_is_none_shuts_nobody_out(string text)
    {
        await File.WriteAllTextAsync(_folder.File("lock-outs.json"), text, Token);
        using var again = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock);
        Assert.Equal(LogInRefusal.None, (await again.EnterAsync("ana", Password, "", IPAddress.Loopback, Token)).Refusal);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_shuts_nobody_out_for_longer_than_the_longest_time()
    {
        await File.WriteAllTextAsync(_folder.File("lock-outs.json"), """[{"Name":"ana","Failures":50,"Until":"2099-01-01T00:00:00+00:00","At":"2099-01-01T00:00:00+00:00"}]""", Token);
        using var again = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock);
        Assert.Equal(TimeSpan.FromMinutes(15), (await again.EnterAsync("ana", Password, "", IPAddress.Loopback, Token)).RetryAfter);
    }

    [Fact]
    public async Task A_disabled_account_is_as_if_it_were_not_there()
    {
        await _accounts.AddAsync(new Account { Name = "eva", Role = Role.Radiologist, IsDisabled = true }, Password, onlyFirst: false, Token);
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("eva", Password)).Refusal);
    }

    [Fact]
    public async Task A_second_factor_is_asked_for_after_the_right_password_only_and_its_code_counts_once()
    {
        await _accounts.ChangeAsync("ana", a => a with { TotpKey = Key }, Token);
        var code = CodeNow();
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("ana", "wrong horse battery")).Refusal);
        Assert.Equal(LogInRefusal.CodeNeeded, (await EnterAsync("ana", Password)).Refusal);
        Assert.Equal(LogInRefusal.None, (await EnterAsync("ana", Password, code)).Refusal);
        Assert.Equal(LogInRefusal.Wrong, (await EnterAsync("ana", Password, code)).Refusal);
    }

    [Fact]
    public async Task A_one_time_password_counts_once_over_a_restart_too_and_the_next_one_lets_in()
    {
        await _accounts.ChangeAsync("ana", a => a with { TotpKey = Key }, Token);
        await _accounts.AddAsync(new Account { Name = "eva", Role = Role.Radiologist, TotpKey = Key }, Password, onlyFirst: false, Token);
        Assert.Equal(LogInRefusal.None, (await EnterAsync("ana", Password, CodeNow())).Refusal);
        using (var again = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock))
        {
            Assert.Equal(LogInRefusal.Wrong, (await again.EnterAsync("ana", Password, CodeNow(), IPAddress.Loopback, Token)).Refusal);
            Assert.Equal(LogInRefusal.None, (await again.EnterAsync("eva", Password, CodeNow(), IPAddress.Loopback, Token)).Refusal);
            _clock.Move(TimeSpan.FromSeconds(90));
            Assert.Equal(LogInRefusal.None, (await again.EnterAsync("eva", Password, CodeNow(), IPAddress.Loopback, Token)).Refusal);
        }

        // What no code can be of any more is forgotten.
        Assert.DoesNotContain("ana", await File.ReadAllTextAsync(_folder.File("used-codes.json"), Token), StringComparison.Ordinal);
        using var third = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock);
        Assert.Equal(LogInRefusal.None, (await third.EnterAsync("ana", Password, CodeNow(), IPAddress.Loopback, Token)).Refusal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[null]")]
    [InlineData("""[{"Name":null,"Step":1}]""")]
    [InlineData("""[{"Name":"ana","Step":0}]""")]
    [InlineData("""[{"Name":"ana","Step":59700000,"More":1}]""")]
    [InlineData("""[{"Name":"ana","Step":2000000000}]""")]
    public async Task A_file_of_used_codes_that_is_none_or_of_another_time_keeps_nobody_out(string text)
    {
        await _accounts.ChangeAsync("ana", a => a with { TotpKey = Key }, Token);
        await File.WriteAllTextAsync(_folder.File("used-codes.json"), text, Token);
        using var again = new LogIn(_folder.Path, _accounts, _audit, "NODE", _clock);
        Assert.Equal(LogInRefusal.None, (await again.EnterAsync("ana", Password, CodeNow(), IPAddress.Loopback, Token)).Refusal);
    }

    [Fact]
    public async Task A_weak_hash_is_made_anew_at_the_next_log_in()
    {
        await _accounts.ChangeAsync("ana", a => a with { Password = PasswordHash.Create(Password, new byte[16], 100_000) }, Token);
        Assert.Equal(LogInRefusal.None, (await EnterAsync("ana", Password)).Refusal);
        Assert.False(PasswordHash.IsWeak(_accounts.Find("ana")!.Password));
        Assert.Equal(LogInRefusal.None, (await EnterAsync("ana", Password)).Refusal);
    }

    [Fact]
    public async Task A_link_opens_with_its_code()
    {
        var (_, link) = await _accounts.ShareAsync("1.2.3", "", "123456", "ana", TimeSpan.FromHours(1), Token);
        Assert.Equal((null, true), await _logIn.OpenLinkAsync(link, "", null, Token));
        Assert.Equal((null, false), await _logIn.OpenLinkAsync(link, "654321", null, Token));
        Assert.Equal(SharedStudy.Tries - 1, _accounts.FindLink(link)!.TriesLeft);
        Assert.Equal("1.2.3", (await _logIn.OpenLinkAsync(link, "123456", null, Token)).Share!.StudyInstanceUid);
        Assert.Equal(SharedStudy.Tries, _accounts.FindLink(link)!.TriesLeft);
        Assert.Equal((null, false), await _logIn.OpenLinkAsync(link + "x", "123456", null, Token));
    }

    [Fact]
    public async Task The_set_up_link_makes_one_administrator_and_no_second_one()
    {
        using var folder = new TemporaryFolder();
        using var accounts = new AccountRegistry(folder.Path, _clock);
        var link = new SetUpLink(accounts);
        var secret = Assert.IsType<string>(link.Current);
        Assert.Null(await link.UseAsync("guess", new Account { Name = "eva" }, Password, Token));
        Assert.Equal(Role.Administrator, (await link.UseAsync(secret, new Account { Name = "eva", Role = Role.Api }, Password, Token))!.Role);
        Assert.Null(link.Current);
        Assert.Null(await link.UseAsync(secret, new Account { Name = "tom" }, Password, Token));
        Assert.Equal(["eva"], accounts.Accounts.Select(a => a.Name));
    }

    private string CodeNow()
    {
        Assert.True(Base32.TryDecode(Key, out var key));
        return OneTimePassword.Compute(System.Security.Cryptography.HashAlgorithmName.SHA1, key, _clock.GetUtcNow().ToUnixTimeSeconds() / 30, 6);
    }

    private Task<LogInOutcome> EnterAsync(string name, string password, string code = "") =>
        _logIn.EnterAsync(name, password, code, IPAddress.Loopback, Token);
}
