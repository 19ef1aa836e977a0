using System.Text;
using Panal.Security.Accounts;

namespace Panal.Unit.Security.Accounts;

public sealed class AccountRegistryTests : IDisposable
{
    private const string Password = "correct horse battery";
    private readonly TemporaryFolder _folder = new();
    private readonly Clock _clock = new();
    private readonly AccountRegistry _accounts;

    public AccountRegistryTests() => _accounts = new AccountRegistry(_folder.Path, _clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _accounts.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_added_is_there_after_a_restart_and_no_secret_is_in_the_file()
    {
        await AddAsync("Ana", Role.Administrator);
        var (_, token) = await _accounts.CreateTokenAsync("ana", "workstation", AccountRights.Search, TimeSpan.FromDays(1), Token);
        var (_, link) = await _accounts.ShareAsync("1.2.3", "", "123456", "ana", TimeSpan.FromDays(1), Token);
        var text = File.ReadAllText(_folder.File(AccountRegistry.FileName));
        Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('_', 3)[2], text, StringComparison.Ordinal);
        Assert.DoesNotContain(link.Split('.')[1], text, StringComparison.Ordinal);
        Assert.DoesNotContain("123456", text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File(AccountRegistry.FileName)));
        }

        using var again = new AccountRegistry(_folder.Path, _clock);
        Assert.Equal(_accounts.Accounts, again.Accounts);
        Assert.Equal(("ana", AccountRights.Search), (again.FindToken(token)!.Name, again.FindToken(token)!.Rights));
        Assert.Equal("1.2.3", again.FindLink(link)!.StudyInstanceUid);
    }

    [Fact]
    public async Task A_name_is_taken_once_whatever_its_case()
    {
        await AddAsync("ana", Role.Administrator);
        await Assert.ThrowsAsync<AccountException>(() => AddAsync("ANA", Role.Radiologist));
        Assert.Equal("ana", _accounts.Find(" Ana ")!.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("añ")]
    [InlineData("<b>")]
    public async Task A_name_with_other_characters_is_refused(string name) =>
        await Assert.ThrowsAsync<AccountException>(() => AddAsync(name, Role.Radiologist));

    [Fact]
    public async Task The_last_administrator_can_neither_be_removed_nor_disabled_nor_demoted()
    {
        await AddAsync("ana", Role.Administrator);
        await Assert.ThrowsAsync<AccountException>(() => _accounts.RemoveAsync("ana", Token));
        await Assert.ThrowsAsync<AccountException>(() => _accounts.ChangeAsync("ana", a => a with { IsDisabled = true }, Token));
        await Assert.ThrowsAsync<AccountException>(() => _accounts.ChangeAsync("ana", a => a with { Role = Role.Radiologist }, Token));
        await AddAsync("eva", Role.Administrator);
        await _accounts.RemoveAsync("ana", Token);
        Assert.Equal(["eva"], _accounts.Accounts.Select(a => a.Name));
    }

    [Fact]
    public async Task A_token_does_what_it_was_made_for_within_what_its_account_may_now()
    {
        await AddAsync("ana", Role.Administrator);
        await AddAsync("eva", Role.Radiologist);
        var wanted = AccountRights.Search | AccountRights.Upload;
        var (token, text) = await _accounts.CreateTokenAsync("eva", "", wanted, TimeSpan.FromHours(1), Token);
        Assert.Equal(wanted, _accounts.FindToken(text)!.Rights);
        await _accounts.ChangeAsync("eva", a => a with { Role = Role.ReferringPhysician }, Token);
        Assert.Equal(AccountRights.Search, _accounts.FindToken(text)!.Rights);
        await Assert.ThrowsAsync<AccountException>(() => _accounts.CreateTokenAsync("eva", "", AccountRights.Upload, TimeSpan.FromHours(1), Token));
        await _accounts.ChangeAsync("eva", a => a with { IsDisabled = true }, Token);
        Assert.Null(_accounts.FindToken(text));
        await _accounts.ChangeAsync("eva", a => a with { IsDisabled = false }, Token);
        _clock.Move(TimeSpan.FromHours(1));
        Assert.Null(_accounts.FindToken(text));
        Assert.False(await _accounts.RevokeTokenAsync("ana", token.Id, Token));
    }

    [Fact]
    public async Task A_token_that_is_cut_or_changed_anywhere_is_none()
    {
        await AddAsync("ana", Role.Administrator);
        var (token, text) = await _accounts.CreateTokenAsync("ana", "", AccountRights.View, TimeSpan.FromHours(1), Token);
        for (var i = 0; i < text.Length; i++)
        {
            Assert.Null(_accounts.FindToken(text[..i]));
            Assert.Null(_accounts.FindToken(new StringBuilder(text) { [i] = '~' }.ToString()));
        }

        Assert.NotNull(_accounts.FindToken(text));
        Assert.True(await _accounts.RevokeTokenAsync("ana", token.Id, Token));
        Assert.Null(_accounts.FindToken(text));
    }

    [Fact]
    public async Task A_referring_physician_sees_what_names_them_or_was_shared_with_them_until_it_ends()
    {
        await AddAsync("ana", Role.Administrator);
        var physician = await AddAsync("rui", Role.ReferringPhysician, "Ruiz^Ana");
        var (share, link) = await _accounts.ShareAsync("1.2.3", "rui", "", "ana", TimeSpan.FromHours(1), Token);
        Assert.Equal("", link);
        var filter = _accounts.CallerOf(physician, CallerKind.Session).Filter;
        Assert.True(filter.Allows("1.2.3", ""));
        Assert.True(filter.Allows("1.2.4", "RUIZ^ANA^^"));
        Assert.False(filter.Allows("1.2.4", "Ruiz^Anabel"));
        Assert.False(filter.Allows("1.2.4", ""));
        _clock.Move(TimeSpan.FromHours(1));
        Assert.False(_accounts.CallerOf(physician, CallerKind.Session).Filter.Allows("1.2.3", ""));
        Assert.Null(_accounts.FindShare(share.Id));
    }

    [Fact]
    public async Task A_link_dies_after_five_wrong_codes_and_the_right_one_gives_all_tries_back()
    {
        await AddAsync("ana", Role.Administrator);
        var (share, link) = await _accounts.ShareAsync("1.2.3", "", "123456", "ana", TimeSpan.FromHours(1), Token);
        for (var i = 0; i < SharedStudy.Tries - 1; i++)
        {
            Assert.NotNull(await _accounts.TakeTryAsync(share.Id, Token));
        }

        await _accounts.ReturnTriesAsync(share.Id, Token);
        for (var i = 0; i < SharedStudy.Tries; i++)
        {
            Assert.NotNull(_accounts.FindLink(link));
            Assert.NotNull(await _accounts.TakeTryAsync(share.Id, Token));
        }

        Assert.Null(await _accounts.TakeTryAsync(share.Id, Token));
        Assert.Null(_accounts.FindLink(link));
        using var again = new AccountRegistry(_folder.Path, _clock);
        Assert.Null(again.FindLink(link));
    }

    [Fact]
    public async Task Whoever_leaves_takes_tokens_and_shares_along()
    {
        await AddAsync("ana", Role.Administrator);
        await AddAsync("eva", Role.Radiologist);
        var (_, token) = await _accounts.CreateTokenAsync("eva", "", AccountRights.View, TimeSpan.FromHours(1), Token);
        var (_, link) = await _accounts.ShareAsync("1.2.3", "", "", "eva", TimeSpan.FromHours(1), Token);
        await _accounts.RemoveAsync("eva", Token);
        Assert.Null(_accounts.FindToken(token));
        Assert.Null(_accounts.FindLink(link));
    }

    [Fact]
    public async Task A_file_that_is_cut_anywhere_stops_the_start_and_never_opens_the_set_up()
    {
        await AddAsync("ana", Role.Administrator);
        var bytes = File.ReadAllBytes(_folder.File(AccountRegistry.FileName));
        // The last two bytes are the closing brace and a line break.
        for (var length = 0; length < bytes.Length - 1; length++)
        {
            using var stream = new MemoryStream(bytes, 0, length);
            Assert.Throws<AccountException>(() => AccountsFile.Parse(stream, "accounts.json"));
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{ "Accounts": null }""")]
    [InlineData("""{ "Accounts": [ null ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": null } ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": "a b", "Role": "Api" } ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": "a", "Role": 7 } ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": "a", "Role": "King" } ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": "a", "Role": "Api", "Password": "plain" } ] }""")]
    [InlineData("""{ "Accounts": [ { "Name": "a", "Role": "Api" }, { "Name": "a", "Role": "Api" } ] }""")]
    [InlineData("""{ "Accounts": [], "Others": [] }""")]
    [InlineData("""{ "Shares": [ { "StudyInstanceUid": "../x" } ] }""")]
    [InlineData("""{ "Shares": [ { "StudyInstanceUid": "1.2", "TriesLeft": 6 } ] }""")]
    [InlineData("""{ "Tokens": [ { "Rights": [ "1" ] } ] }""")]
    public void A_file_with_something_wrong_in_it_is_refused(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        Assert.Throws<AccountException>(() => AccountsFile.Parse(stream, "accounts.json"));
    }

    [Fact]
    public void The_file_of_the_first_version_is_read()
    {
        using var stream = File.OpenRead(Path.Combine(Architecture.RepositoryFiles.Root, "tests/vectors/accounts/accounts-1.json"));
        var document = AccountsFile.Parse(stream, "accounts-1.json");
        Assert.Equal(
            [Role.Administrator, Role.Radiologist, Role.Technologist, Role.ReferringPhysician, Role.Api], document.Accounts.Select(a => a.Role));
        Assert.True(PasswordHash.Verify("contraseña-larga", document.Accounts[0].Password));
        Assert.Equal(AccountRights.All, document.Tokens[0].Rights);
        Assert.Equal(("1.2.3", 4), (document.Shares[0].StudyInstanceUid, document.Shares[0].TriesLeft));
        Assert.True(document.Accounts[3].IsDisabled);
    }

    private Task<Account> AddAsync(string name, Role role, string physician = "") => _accounts.AddAsync(
        new Account { Name = name, Role = role, ReferringPhysicianName = physician }, role == Role.Administrator ? Password : null, onlyFirst: false, Token);
}
