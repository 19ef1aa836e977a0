using Panal.Security.Access;

namespace Panal.Security.Accounts;

/// <summary>Rights of accounts in accounts.json and in the API.</summary>
public sealed class AccountRightsJsonConverter : NamesJsonConverter<AccountRights>
{
    /// <inheritdoc/>
    protected override IEnumerable<string> NamesOf(AccountRights value) => AccountRightsNames.Of(value);

    /// <inheritdoc/>
    protected override bool TryAdd(ref AccountRights value, string? name)
    {
        var isKnown = AccountRightsNames.TryParse(name, out var right);
        value |= right;
        return isKnown;
    }
}

/// <summary>Names of rights, in accounts.json, in the API and on the command line.</summary>
public static class AccountRightsNames
{
    private static readonly AccountRights[] Single =
        [.. Enum.GetValues<AccountRights>().Where(r => r is not (AccountRights.None or AccountRights.All))];

    /// <summary>The names that stand for a set of rights, one for each.</summary>
    public static IEnumerable<string> Of(AccountRights rights) => Single.Where(r => rights.HasFlag(r)).Select(r => r.ToString());

    /// <summary>Reads one name; case does not count, numbers and lists mean nothing.</summary>
    public static bool TryParse(string? name, out AccountRights right) => NamesJsonConverter<AccountRights>.TryParse(name, out right);
}
