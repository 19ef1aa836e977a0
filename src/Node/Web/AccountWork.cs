using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Changes accounts and writes who did it into the audit trail; for the API and for the command line alike.</summary>
internal sealed class AccountWork(AccountRegistry accounts, AuditTrail audit, string device)
{
    public async Task<Account> AddAsync(AuditPerson by, AccountRequest request, CancellationToken cancellationToken)
    {
        var account = new Account
        {
            Name = request.Name,
            Role = request.Role,
            DisplayName = request.DisplayName,
            ReferringPhysicianName = request.ReferringPhysicianName,
        };
        var added = await accounts.AddAsync(account, request.Password.Length == 0 ? null : request.Password, onlyFirst: false, cancellationToken).ConfigureAwait(false);
        await RecordAsync(by, added.Name, $"Account added as {added.Role}.", cancellationToken).ConfigureAwait(false);
        return added;
    }

    public async Task<Account> ChangeAsync(AuditPerson by, string name, AccountChange change, CancellationToken cancellationToken)
    {
        var changed = await accounts.ChangeAsync(
            name,
            account => account with
            {
                Role = change.Role ?? account.Role,
                DisplayName = change.DisplayName ?? account.DisplayName,
                ReferringPhysicianName = change.ReferringPhysicianName ?? account.ReferringPhysicianName,
                IsDisabled = change.IsDisabled ?? account.IsDisabled,
                TotpKey = change.RemoveSecondFactor == true ? "" : account.TotpKey,
            },
            cancellationToken).ConfigureAwait(false);
        await RecordAsync(by, changed.Name, $"Account changed: {changed.Role}{(changed.IsDisabled ? ", disabled" : "")}.", cancellationToken).ConfigureAwait(false);
        return changed;
    }

    public async Task RemoveAsync(AuditPerson by, string name, CancellationToken cancellationToken)
    {
        await accounts.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        await RecordAsync(by, Account.NormalName(name), "Account removed.", cancellationToken).ConfigureAwait(false);
    }

    public async Task<Account> ChangePasswordAsync(AuditPerson by, string name, string password, CancellationToken cancellationToken)
    {
        var account = await accounts.ChangePasswordAsync(name, password, cancellationToken).ConfigureAwait(false);
        await RecordAsync(by, account.Name, "Password changed.", cancellationToken).ConfigureAwait(false);
        return account;
    }

    public async Task ChangeTotpAsync(AuditPerson by, string name, string key, CancellationToken cancellationToken)
    {
        var account = await accounts.ChangeAsync(name, a => a with { TotpKey = key }, cancellationToken).ConfigureAwait(false);
        await RecordAsync(by, account.Name, key.Length > 0 ? "Second factor set." : "Second factor removed.", cancellationToken).ConfigureAwait(false);
    }

    public async Task<TokenAnswer> CreateTokenAsync(AuditPerson by, string name, TokenRequest request, CancellationToken cancellationToken)
    {
        var life = TimeSpan.FromDays(Math.Clamp(request.Days, 0, 1_000_000));
        var (token, text) = await accounts.CreateTokenAsync(name, request.Description, request.Rights, life, cancellationToken).ConfigureAwait(false);
        var rights = string.Join(", ", AccountRightsNames.Of(token.Rights));
        await RecordAsync(by, token.Account, $"Token {token.Id} made: {rights}.", cancellationToken).ConfigureAwait(false);
        return TokenAnswer.Of(token, text);
    }

    public async Task<bool> RevokeTokenAsync(AuditPerson by, string name, string id, CancellationToken cancellationToken)
    {
        var isRevoked = await accounts.RevokeTokenAsync(Account.NormalName(name), id, cancellationToken).ConfigureAwait(false);
        if (isRevoked)
        {
            await RecordAsync(by, Account.NormalName(name), $"Token {id} ended.", cancellationToken).ConfigureAwait(false);
        }

        return isRevoked;
    }

    private ValueTask RecordAsync(AuditPerson by, string account, string description, CancellationToken cancellationToken) => audit.RecordAsync(
        AuditEvents.SecurityAlert(device, by, SecurityAlertType.UserSecurityAttributesChanged, account, description, AuditOutcome.Success), cancellationToken);
}
