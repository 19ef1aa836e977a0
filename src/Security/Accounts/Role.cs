using System.Text.Json.Serialization;

namespace Panal.Security.Accounts;

/// <summary>What a person or program may do over HTTP. The names are part of accounts.json and never change.</summary>
[Flags]
[JsonConverter(typeof(AccountRightsJsonConverter))]
public enum AccountRights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Find studies, series and instances.</summary>
    Search = 1,

    /// <summary>Read metadata and images.</summary>
    View = 2,

    /// <summary>Store instances.</summary>
    Upload = 4,

    /// <summary>Share a study with an account or by a link.</summary>
    Share = 8,

    /// <summary>Delete studies.</summary>
    Delete = 16,

    /// <summary>See how the node is and try its connections.</summary>
    Operate = 32,

    /// <summary>Read the audit trail.</summary>
    Audit = 64,

    /// <summary>Add, change and remove accounts.</summary>
    Accounts = 128,

    /// <summary>Admit nodes to the federation and revoke them.</summary>
    Network = 256,

    /// <summary>Everything.</summary>
    All = Search | View | Upload | Share | Delete | Operate | Audit | Accounts | Network,
}

/// <summary>What somebody is here. The names are part of accounts.json and never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    /// <summary>May do everything.</summary>
    Administrator,

    /// <summary>Reads every study, stores and shares.</summary>
    Radiologist,

    /// <summary>Stores, checks what arrived, tries connections.</summary>
    Technologist,

    /// <summary>Reads the studies that name them or were shared with them.</summary>
    ReferringPhysician,

    /// <summary>A program; it has tokens and cannot log in.</summary>
    Api,
}

/// <summary>Which role has which rights.</summary>
public static class RoleTable
{
    /// <summary>The rights of a role; none for a number that is no role.</summary>
    public static AccountRights RightsOf(Role role) => role switch
    {
        Role.Administrator => AccountRights.All,
        Role.Radiologist => AccountRights.Search | AccountRights.View | AccountRights.Upload | AccountRights.Share,
        Role.Technologist => AccountRights.Search | AccountRights.View | AccountRights.Upload | AccountRights.Operate,
        Role.ReferringPhysician => AccountRights.Search | AccountRights.View,
        Role.Api => AccountRights.Search | AccountRights.View | AccountRights.Upload,
        _ => AccountRights.None,
    };

    /// <summary>True when the role sees only the studies that name or were shared with the account.</summary>
    public static bool IsLimited(Role role) => role == Role.ReferringPhysician;

    /// <summary>Reads the name of a role; case does not count, numbers mean nothing.</summary>
    public static bool TryParse(string? name, out Role role) =>
        Enum.TryParse(name, ignoreCase: true, out role) && name is { Length: > 0 } && char.IsAsciiLetter(name[0]) && Enum.IsDefined(role);
}
