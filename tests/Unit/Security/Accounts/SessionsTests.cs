using Panal.Security.Accounts;

namespace Panal.Unit.Security.Accounts;

public sealed class SessionsTests : IAsyncLifetime
{
    private const string Password = "correct horse battery";
    private readonly TemporaryFolder _folder = new();
    private readonly Clock _clock = new();
    private readonly AccountRegistry _accounts;
    private readonly Sessions _sessions;
    private Account _ana = new();

    public SessionsTests()
    {
        _accounts = new AccountRegistry(_folder.Path, _clock);
        _sessions = new Sessions(_folder.Path, _accounts, new SessionLimits { LimitPerAccount = 2 }, _clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ana = await _accounts.AddAsync(new Account { Name = "ana", Role = Role.Administrator }, Password, onlyFirst: true, Token);
        await _accounts.AddAsync(new Account { Name = "eva", Role = Role.Administrator }, null, onlyFirst: false, Token);
    }

    public ValueTask DisposeAsync()
    {
        _accounts.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void A_session_ends_when_it_is_idle_and_after_its_life_whatever_is_done()
    {
        var session = _sessions.Start(_ana);
        for (var minutes = 0; minutes < 12 * 60; minutes += 29)
        {
            Assert.Equal("ana", _sessions.Use(session.Secret)!.Caller.Name);
            _clock.Move(TimeSpan.FromMinutes(29));
        }

        Assert.Null(_sessions.Use(session.Secret));
        var idle = _sessions.Start(_ana);
        _clock.Move(TimeSpan.FromMinutes(30));
        Assert.Null(_sessions.Use(idle.Secret));
        _clock.Move(TimeSpan.FromMinutes(-1));
        Assert.Null(_sessions.Use(idle.Secret));
    }

    [Fact]
    public async Task A_stop_in_order_keeps_sessions_for_the_next_start_once_and_their_ends_count_on()
    {
        var (idle, used, share) = (_sessions.Start(_ana), _sessions.Start(_ana), await _accounts.ShareAsync("1.2.3", "", "", "ana", TimeSpan.FromHours(1), Token));
        var link = _sessions.Start(share.Share);
        var vouched = _sessions.Start(_accounts.Find("eva")!, idToken: "given by a provider");
        _clock.Move(TimeSpan.FromMinutes(20));
        Assert.NotNull(_sessions.Use(used.Secret));
        Assert.NotNull(_sessions.Use(link.Secret));
        Assert.True(_sessions.Keep());
        var kept = await File.ReadAllTextAsync(_folder.File("sessions.json"), Token);
        Assert.All((string[])[used.Secret, _ana.Password, "provider"], secret => Assert.DoesNotContain(secret, kept, StringComparison.Ordinal));

        _clock.Move(TimeSpan.FromMinutes(10));
        var again = Restored();
        var found = again.Use(used.Secret)!;
        Assert.Equal(("ana", used.CsrfToken, used.EndsAt), (found.Caller.Name, found.CsrfToken, found.EndsAt));
        Assert.Equal(CallerKind.Link, again.Use(link.Secret)!.Caller.Kind);
        Assert.Null(again.Use(idle.Secret));
        Assert.Null(again.Use(vouched.Secret));
        await _accounts.ChangePasswordAsync("ana", "another horse battery", Token);
        Assert.Null(again.Use(used.Secret));

        // After kill -9 there is nothing of it.
        Assert.False(File.Exists(_folder.File("sessions.json")));
        Assert.Null(Restored().Use(link.Secret));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[null]")]
    [InlineData("""[{"Digest":"x"}]""")]
    [InlineData("""[{"Digest":"x","Name":"ana","Password":null,"CsrfToken":"","UsedAt":"2026-01-01T00:00:00Z","EndsAt":"2026-01-01T00:00:00Z"}]""")]
    public async Task A_file_of_sessions_that_is_none_lets_nobody_in(string text)
    {
        await File.WriteAllTextAsync(_folder.File("sessions.json"), text, Token);
        Assert.Null(Restored().Use("x"));
    }

    [Fact]
    public async Task Every_cut_and_every_flipped_byte_of_kept_sessions_is_survived()
    {
        var session = _sessions.Start(_ana);
        Assert.True(_sessions.Keep());
        var path = _folder.File("sessions.json");
        var kept = await File.ReadAllBytesAsync(path, Token);
        for (var i = 0; i < kept.Length; i++)
        {
            await File.WriteAllBytesAsync(path, kept[..i], Token);
            Restored();
            byte[] flipped = [.. kept];
            flipped[i] ^= 0xFF;
            await File.WriteAllBytesAsync(path, flipped, Token);
            Restored();
        }

        await File.WriteAllBytesAsync(path, kept, Token);
        Assert.NotNull(Restored().Use(session.Secret));
    }

    private Sessions Restored()
    {
        var sessions = new Sessions(_folder.Path, _accounts, new SessionLimits(), _clock);
        sessions.Restore();
        return sessions;
    }

    [Fact]
    public void A_log_out_ends_this_session_and_no_other()
    {
        var (one, two) = (_sessions.Start(_ana), _sessions.Start(_ana));
        Assert.NotEqual((one.Secret, one.CsrfToken), (two.Secret, two.CsrfToken));
        _sessions.End(one.Secret);
        Assert.Null(_sessions.Use(one.Secret));
        Assert.NotNull(_sessions.Use(two.Secret));
        Assert.Null(_sessions.Use(""));
    }

    [Fact]
    public async Task What_changes_in_an_account_counts_in_its_sessions_at_once()
    {
        var session = _sessions.Start(_ana);
        Assert.True(_sessions.Use(session.Secret)!.Caller.May(AccountRights.Accounts));
        await _accounts.ChangeAsync("ana", a => a with { Role = Role.Technologist }, Token);
        Assert.False(_sessions.Use(session.Secret)!.Caller.May(AccountRights.Accounts));
        await _accounts.ChangeAsync("ana", a => a with { IsDisabled = true }, Token);
        Assert.Null(_sessions.Use(session.Secret));
        await _accounts.ChangeAsync("ana", a => a with { IsDisabled = false }, Token);
        await _accounts.ChangePasswordAsync("ana", "another horse battery", Token);
        Assert.Null(_sessions.Use(session.Secret));
    }

    [Fact]
    public void The_oldest_session_of_an_account_makes_room_for_one_too_many()
    {
        var sessions = new List<StartedSession>();
        for (var i = 0; i < 3; i++)
        {
            sessions.Add(_sessions.Start(_ana));
            _clock.Move(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([false, true, true], sessions.Select(s => _sessions.Use(s.Secret) is not null));
    }

    [Fact]
    public async Task A_session_of_a_link_sees_one_study_until_the_link_ends()
    {
        var (share, link) = await _accounts.ShareAsync("1.2.3", "", "", "ana", TimeSpan.FromHours(1), Token);
        var session = _sessions.Start(_accounts.FindLink(link)!);
        var caller = _sessions.Use(session.Secret)!.Caller;
        Assert.Equal((CallerKind.Link, AccountRights.Search | AccountRights.View), (caller.Kind, caller.Rights));
        Assert.True(caller.Filter.Allows("1.2.3", ""));
        Assert.False(caller.Filter.Allows("1.2.4", ""));
        Assert.Equal(share.ExpiresAt, session.EndsAt);
        Assert.True(await _accounts.RevokeShareAsync("ana", share.Id, Token));
        Assert.Null(_sessions.Use(session.Secret));
    }
}
