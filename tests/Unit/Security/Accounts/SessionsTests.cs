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
        _sessions = new Sessions(_accounts, new SessionLimits { LimitPerAccount = 2 }, _clock);
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
