namespace Panal.Security.Accounts;

/// <summary>The secret of the one-time set-up link: there while there is no account, gone when the first administrator is made.</summary>
/// <remarks>It is made at the start and kept in memory only; there is no default password anywhere.</remarks>
public sealed class SetUpLink(AccountRegistry accounts)
{
    private readonly string _secret = Secret.Create();

    /// <summary>The secret, or null when the set-up was done.</summary>
    public string? Current => accounts.Accounts.Count == 0 ? _secret : null;

    /// <summary>Makes the first administrator.</summary>
    /// <returns>The account, or null when the secret is not the one of the link or the set-up was done.</returns>
    /// <exception cref="AccountException">The name or the password cannot be taken.</exception>
    public async Task<Account?> UseAsync(string secret, Account administrator, string password, CancellationToken cancellationToken) =>
        Current is { } current && Secret.AreSame(current, secret)
            ? await accounts.AddAsync(administrator with { Role = Role.Administrator }, password, onlyFirst: true, cancellationToken).ConfigureAwait(false)
            : null;
}
