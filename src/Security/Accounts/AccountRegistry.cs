using Panal.Dicom;

namespace Panal.Security.Accounts;

/// <summary>The accounts, API tokens and shared studies of a node: accounts.json of its data folder, see docs/formats/accounts.md.</summary>
/// <remarks>One process has the data folder; questions are answered from memory, a change is on the disk before it is in force.</remarks>
public sealed class AccountRegistry : IDisposable
{
    /// <summary>Name of the file in the data folder.</summary>
    public const string FileName = "accounts.json";

    /// <summary>Tokens that one account may have.</summary>
    public const int TokenLimit = 100;

    /// <summary>Longest life of a token.</summary>
    public static readonly TimeSpan TokenLifeLimit = TimeSpan.FromDays(3660);

    /// <summary>Longest life of a shared study.</summary>
    public static readonly TimeSpan ShareLifeLimit = TimeSpan.FromDays(366);

    private const int TextLimit = 64;
    private const string TokenPrefix = "panal_";

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1);
    private AccountsDocument _document;

    /// <summary>Opens the registry of a data folder.</summary>
    /// <exception cref="AccountException">accounts.json is not valid.</exception>
    public AccountRegistry(string dataFolder, TimeProvider time)
    {
        _path = Path.Combine(dataFolder, FileName);
        _time = time;
        _document = AccountsFile.Read(_path);
    }

    /// <summary>All accounts.</summary>
    public IReadOnlyList<Account> Accounts => Document.Accounts;

    private AccountsDocument Document => Volatile.Read(ref _document);

    /// <summary>The account of this name, or null; case does not count.</summary>
    public Account? Find(string name)
    {
        var wanted = Account.NormalName(name);
        return Document.Accounts.FirstOrDefault(a => a.Name == wanted);
    }

    /// <summary>The account that an identity provider vouches for, or null.</summary>
    public Account? FindSubject(string issuer, string subject) =>
        issuer.Length == 0 || subject.Length == 0 ? null : Document.Accounts.FirstOrDefault(a => a.Issuer == issuer && a.Subject == subject);

    /// <summary>Adds an account.</summary>
    /// <param name="account">Its name is made lower case; its hash is made from the password.</param>
    /// <param name="password">The password; null for an account without one.</param>
    /// <param name="onlyFirst">True when it may only be the first of all.</param>
    /// <param name="cancellationToken">Stops waiting for the turn.</param>
    /// <exception cref="AccountException">It cannot be added.</exception>
    public async Task<Account> AddAsync(Account account, string? password, bool onlyFirst, CancellationToken cancellationToken)
    {
        var added = account with { Name = Account.NormalName(account.Name), CreatedAt = _time.GetUtcNow() };
        Check(added);
        if (password is not null)
        {
            added = WithPassword(added, password);
        }

        await ChangeAsync(
            document => document.Accounts.Any(a => onlyFirst || a.Name == added.Name)
                ? throw new AccountException(onlyFirst ? "The set-up was done before." : $"There is an account {added.Name}.")
                : document with { Accounts = [.. document.Accounts, added] },
            cancellationToken).ConfigureAwait(false);
        return added;
    }

    /// <summary>Changes an account; its name stays.</summary>
    /// <exception cref="AccountException">There is none, or it cannot be changed so.</exception>
    public async Task<Account> ChangeAsync(string name, Func<Account, Account> change, CancellationToken cancellationToken)
    {
        Account? changed = null;
        await ChangeAsync(
            document =>
            {
                var old = Existing(document, name);
                changed = change(old) with { Name = old.Name, CreatedAt = old.CreatedAt, Issuer = old.Issuer, Subject = old.Subject };
                Check(changed);
                return document with { Accounts = [.. document.Accounts.Select(a => a.Name == old.Name ? changed : a)] };
            },
            cancellationToken).ConfigureAwait(false);
        return changed!;
    }

    /// <summary>Gives an account another password, which ends its sessions.</summary>
    /// <exception cref="AccountException">There is none, or the password cannot be taken.</exception>
    public async Task<Account> ChangePasswordAsync(string name, string password, CancellationToken cancellationToken)
    {
        var hash = WithPassword(Existing(Document, name), password).Password;
        return await ChangeAsync(name, account => account with { Password = hash }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes an account with its tokens and what was shared with it.</summary>
    /// <exception cref="AccountException">There is none, or it is the last administrator.</exception>
    public Task RemoveAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        document =>
        {
            var old = Existing(document, name);
            return document with
            {
                Accounts = [.. document.Accounts.Where(a => a.Name != old.Name)],
                Tokens = [.. document.Tokens.Where(t => t.Account != old.Name)],
                // What the account shared by links ends with it: nobody else answers for them.
                Shares = [.. document.Shares.Where(s => s.Account != old.Name && s.By != old.Name)],
            };
        },
        cancellationToken);

    /// <summary>The tokens of an account that have not ended.</summary>
    public IReadOnlyList<ApiToken> TokensOf(string account) => [.. Document.Tokens.Where(t => t.Account == account && IsAlive(t.ExpiresAt))];

    /// <summary>Makes a token; its text is shown once and not kept.</summary>
    /// <exception cref="AccountException">The account is none or has too many, or the description or the life is too long.</exception>
    public async Task<(ApiToken Token, string Text)> CreateTokenAsync(
        string account, string description, AccountRights rights, TimeSpan life, CancellationToken cancellationToken)
    {
        if (description.Length > TextLimit || life <= TimeSpan.Zero || life > TokenLifeLimit || rights == AccountRights.None)
        {
            throw new AccountException($"A token has a right, a description of at most {TextLimit} characters, and lives at most {TokenLifeLimit.Days} days.");
        }

        var secret = Secret.Create();
        var token = new ApiToken
        {
            Id = Secret.CreateId(),
            Account = Account.NormalName(account),
            Description = description,
            Digest = Secret.Digest(secret),
            Rights = rights,
            CreatedAt = _time.GetUtcNow(),
            ExpiresAt = _time.GetUtcNow() + life,
        };
        await ChangeAsync(
            document =>
            {
                var owner = Existing(document, account);
                if ((rights & RoleTable.RightsOf(owner.Role)) != rights)
                {
                    throw new AccountException("A token may not do what its account may not.");
                }

                return document.Tokens.Count(t => t.Account == owner.Name) >= TokenLimit
                    ? throw new AccountException($"An account has at most {TokenLimit} tokens.")
                    : document with { Tokens = [.. document.Tokens, token] };
            },
            cancellationToken).ConfigureAwait(false);
        return (token, $"{TokenPrefix}{token.Id}_{secret}");
    }

    /// <summary>Ends a token.</summary>
    /// <returns>False when the account has none of this identifier.</returns>
    public Task<bool> RevokeTokenAsync(string account, string id, CancellationToken cancellationToken) => RemoveOneAsync(
        document => document with { Tokens = [.. document.Tokens.Where(t => t.Id != id || t.Account != account)] }, cancellationToken);

    /// <summary>Who shows a token, or null.</summary>
    public Caller? FindToken(string text)
    {
        if (!text.StartsWith(TokenPrefix, StringComparison.Ordinal) || text.IndexOf('_', TokenPrefix.Length) is not (> 0 and var end))
        {
            return null;
        }

        var id = text[TokenPrefix.Length..end];
        var token = Document.Tokens.FirstOrDefault(t => t.Id == id);
        return token is not null && IsAlive(token.ExpiresAt) && Secret.AreSame(token.Digest, Secret.Digest(text[(end + 1)..]))
            && Find(token.Account) is { IsDisabled: false } account
                ? new Caller(account.Name, CallerKind.Token, token.Rights & account.Rights, FilterOf(account))
                : null;
    }

    /// <summary>Who an account is as a caller of this kind.</summary>
    public Caller CallerOf(Account account, CallerKind kind) => new(account.Name, kind, account.Rights, FilterOf(account));

    /// <summary>What is shared and has not ended: by an account, or by all when the name is null.</summary>
    public IReadOnlyList<SharedStudy> SharesBy(string? account) =>
        [.. Document.Shares.Where(s => (account is null || s.By == account) && IsAlive(s.ExpiresAt))];

    /// <summary>The share of this identifier when it has not ended, or null.</summary>
    public SharedStudy? FindShare(string id) => Document.Shares.FirstOrDefault(s => s.Id == id && IsAlive(s.ExpiresAt));

    /// <summary>Shares a study with an account, or, when none is named, makes a link for it.</summary>
    /// <param name="studyInstanceUid">The study.</param>
    /// <param name="account">The account; empty for a link.</param>
    /// <param name="code">The code that must be given with the link, 6 to 64 characters; empty for none.</param>
    /// <param name="by">Who shares it.</param>
    /// <param name="life">How long; at most <see cref="ShareLifeLimit"/>.</param>
    /// <param name="cancellationToken">Stops waiting for the turn.</param>
    /// <returns>The share, and the text of the link, which is not kept; empty when there is none.</returns>
    /// <exception cref="AccountException">It cannot be shared so.</exception>
    public async Task<(SharedStudy Share, string Link)> ShareAsync(
        string studyInstanceUid, string account, string code, string by, TimeSpan life, CancellationToken cancellationToken)
    {
        if (!Uid.IsWellFormed(studyInstanceUid) || life <= TimeSpan.Zero || life > ShareLifeLimit || (code.Length > 0 && code.Length is < 6 or > TextLimit))
        {
            throw new AccountException(
                $"What is shared is a Study Instance UID, for at most {ShareLifeLimit.Days} days; a code has 6 to {TextLimit} characters.");
        }

        var secret = account.Length == 0 ? Secret.Create() : "";
        var share = new SharedStudy
        {
            Id = Secret.CreateId(),
            StudyInstanceUid = studyInstanceUid,
            Account = Account.NormalName(account),
            Digest = secret.Length == 0 ? "" : Secret.Digest(secret),
            Code = code.Length == 0 ? "" : PasswordHash.Create(code),
            By = by,
            CreatedAt = _time.GetUtcNow(),
            ExpiresAt = _time.GetUtcNow() + life,
        };
        await ChangeAsync(
            document =>
            {
                _ = account.Length == 0 ? null : Existing(document, account);
                return document with { Shares = [.. document.Shares, share] };
            },
            cancellationToken).ConfigureAwait(false);
        return (share, secret.Length == 0 ? "" : $"{share.Id}.{secret}");
    }

    /// <summary>Ends a share.</summary>
    /// <param name="by">Only when this account made it; null for any.</param>
    /// <param name="id">The share.</param>
    /// <param name="cancellationToken">Stops waiting for the turn.</param>
    public Task<bool> RevokeShareAsync(string? by, string id, CancellationToken cancellationToken) => RemoveOneAsync(
        document => document with { Shares = [.. document.Shares.Where(s => s.Id != id || (by is not null && s.By != by))] }, cancellationToken);

    /// <summary>The share that a link opens, or null when there is none, it has ended, or wrong codes used it up.</summary>
    public SharedStudy? FindLink(string link)
    {
        var dot = link.IndexOf('.', StringComparison.Ordinal);
        var share = dot > 0 ? FindShare(link[..dot]) : null;
        return share is { Digest.Length: > 0, TriesLeft: > 0 } && Secret.AreSame(share.Digest, Secret.Digest(link[(dot + 1)..])) ? share : null;
    }

    /// <summary>Takes one try from a link before its code is looked at, so that tries at one time count too.</summary>
    /// <returns>The share as it is now, or null when there was no try left.</returns>
    public async Task<SharedStudy?> TakeTryAsync(string id, CancellationToken cancellationToken)
    {
        SharedStudy? share = null;
        await ChangeSharesAsync(id, s => share = s.TriesLeft > 0 ? s with { TriesLeft = s.TriesLeft - 1 } : null, cancellationToken).ConfigureAwait(false);
        return share;
    }

    /// <summary>Gives a link all its tries back, after its right code.</summary>
    public Task ReturnTriesAsync(string id, CancellationToken cancellationToken) =>
        ChangeSharesAsync(id, s => s with { TriesLeft = SharedStudy.Tries }, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private StudyFilter FilterOf(Account account) => RoleTable.IsLimited(account.Role)
        ? new StudyFilter(
            false,
            account.ReferringPhysicianName,
            Document.Shares.Where(s => s.Account == account.Name && IsAlive(s.ExpiresAt)).Select(s => s.StudyInstanceUid).ToHashSet())
        : StudyFilter.Everything;

    private bool IsAlive(DateTimeOffset end) => _time.GetUtcNow() < end;

    private static Account Existing(AccountsDocument document, string name)
    {
        var wanted = Account.NormalName(name);
        return document.Accounts.FirstOrDefault(a => a.Name == wanted) ?? throw new AccountException($"There is no account {wanted}.");
    }

    private static Account WithPassword(Account account, string password) =>
        account.Role == Role.Api
            ? throw new AccountException("A program has tokens, no password.")
            : account.Issuer.Length > 0
            ? throw new AccountException("This person logs in at the identity provider and has no password here.")
            : PasswordHash.Objection(password, account.Name) is { } objection
                ? throw new AccountException(objection)
                : account with { Password = PasswordHash.Create(password) };

    private static void Check(Account account)
    {
        if (!Account.IsValidName(account.Name))
        {
            throw new AccountException($"The name of an account is 1 to {Account.NameLimit} of a-z 0-9 . _ - @.");
        }

        if (account.Issuer.Length > Account.ProviderTextLimit || account.Subject.Length > Account.ProviderTextLimit)
        {
            throw new AccountException($"What an identity provider calls itself and a person has at most {Account.ProviderTextLimit} characters.");
        }

        if (account.DisplayName.Length > TextLimit || account.ReferringPhysicianName.Length > 3 * TextLimit || !Enum.IsDefined(account.Role))
        {
            throw new AccountException($"The display name has at most {TextLimit} characters, the physician's name three times as many, and the role is one that there is.");
        }
    }

    private Task ChangeSharesAsync(string id, Func<SharedStudy, SharedStudy?> change, CancellationToken cancellationToken) => ChangeAsync(
        document => document with { Shares = [.. document.Shares.Select(s => s.Id == id ? change(s) ?? s : s)] }, cancellationToken);

    private async Task<bool> RemoveOneAsync(Func<AccountsDocument, AccountsDocument> remove, CancellationToken cancellationToken)
    {
        var removed = false;
        await ChangeAsync(
            document =>
            {
                var left = remove(document);
                removed = left.Tokens.Count < document.Tokens.Count || left.Shares.Count < document.Shares.Count;
                return left;
            },
            cancellationToken).ConfigureAwait(false);
        return removed;
    }

    private async Task ChangeAsync(Func<AccountsDocument, AccountsDocument> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var old = Document;
            var changed = change(old);
            if (old.Accounts.Any(IsAdministrator) && !changed.Accounts.Any(IsAdministrator))
            {
                throw new AccountException("This is the last administrator.");
            }

            // What has ended is dropped by the next change: it does not exist for anybody.
            changed = changed with
            {
                Tokens = [.. changed.Tokens.Where(t => IsAlive(t.ExpiresAt))],
                Shares = [.. changed.Shares.Where(s => IsAlive(s.ExpiresAt))],
            };
            AccountsFile.Write(_path, changed);
            Volatile.Write(ref _document, changed);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static bool IsAdministrator(Account account) => account is { Role: Role.Administrator, IsDisabled: false };
}
