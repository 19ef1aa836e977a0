using Panal.Security.Accounts;

namespace Panal.Node.Web;

/// <summary>Who may use a route. A route without a rule is closed to everybody.</summary>
internal abstract record RouteRule
{
    /// <summary>Longest request body of a route that takes JSON, in bytes.</summary>
    public const long JsonLimitBytes = 64 * 1024;

    /// <summary>Longest request body, in bytes; null when the route sets its own, without which there is none.</summary>
    public long? BodyLimitBytes { get; init; } = JsonLimitBytes;
}

/// <summary>Everybody may use it: it tells nothing, or asks for a secret of its own.</summary>
/// <param name="IsGuess">True when a caller could guess a secret with it: calls of one address are limited.</param>
/// <param name="InTheClear">True when it is answered to other machines without TLS: no secret passes.</param>
internal sealed record OpenRoute(bool IsGuess, bool InTheClear) : RouteRule;

/// <summary>Only the command line of this node may use it, over the administration socket; elsewhere it does not exist.</summary>
internal sealed record SocketRoute : RouteRule;

/// <summary>Whoever has shown who it is and has these rights may use it.</summary>
/// <param name="Rights">What is needed; None: a caller that is known is enough.</param>
/// <param name="OnlySession">True when a token or a link is not enough: it is about the person's own account.</param>
internal sealed record RightsRoute(AccountRights Rights, bool OnlySession = false) : RouteRule;

/// <summary>A route of a door with a rule of its own, which counts until the first account is made; from then on callers are known by accounts.</summary>
/// <param name="Rights">What is needed; None: the door asks for the right of each request.</param>
internal sealed record HouseRoute(AccountRights Rights) : RouteRule;
