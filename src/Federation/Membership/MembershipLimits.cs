namespace Panal.Federation.Membership;

/// <summary>Limits of docs/formats/join.md.</summary>
internal static class MembershipLimits
{
    /// <summary>How far the clocks of two nodes may differ: certificates and rosters are judged by them.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(2);

    /// <summary>From hello to request is two round trips.</summary>
    public static readonly TimeSpan SessionLife = TimeSpan.FromSeconds(60);

    /// <summary>Until the administrator comes to work.</summary>
    public static readonly TimeSpan RequestLife = TimeSpan.FromHours(24);

    /// <summary>Within it an address may say hello <see cref="HellosOfAddress"/> times.</summary>
    public static readonly TimeSpan HelloInterval = TimeSpan.FromMinutes(1);

    /// <summary>Sessions at a time.</summary>
    public const int Sessions = 256;

    /// <summary>Requests that wait or were decided lately.</summary>
    public const int Requests = 64;

    /// <summary>Of these, requests of one address that wait.</summary>
    public const int RequestsOfAddress = 4;

    /// <summary>Hellos of one address in a minute.</summary>
    public const int HellosOfAddress = 10;

    /// <summary>Invitations that are not used.</summary>
    public const int Invitations = 64;

    /// <summary>An authority that cannot ask others leaps over so many addresses: those that it may have given and forgotten.</summary>
    public const int AddressLeap = 256;

    /// <summary>And over so many versions of roster and deny list.</summary>
    public const int VersionLeap = 1000;
}
