using System.Net;

namespace Panal.Node.Web;

/// <summary>The cookie of a session: no script reads it, no other site sends it.</summary>
internal static class SessionCookie
{
    /// <summary>With this prefix browsers take it over TLS only, and from this host only (RFC 6265bis §4.1.3.2).</summary>
    public const string SecureName = "__Host-panal";

    public const string ClearName = "panal";

    /// <summary>The name of the header that shows the CSRF token.</summary>
    public const string CsrfHeader = "X-Panal-Csrf";

    /// <summary>True over TLS, ours or that of a proxy on this machine.</summary>
    public static bool IsSecure(HttpContext context) => context.Request.IsHttps
        || (IsThisMachine(context) && context.Request.Headers["X-Forwarded-Proto"].ToString().Equals("https", StringComparison.OrdinalIgnoreCase));

    public static bool IsThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    public static string? Read(HttpContext context) => context.Request.Cookies[IsSecure(context) ? SecureName : ClearName];

    public static void Write(HttpContext context, string secret) =>
        context.Response.Cookies.Append(IsSecure(context) ? SecureName : ClearName, secret, Options(context));

    public static void Remove(HttpContext context) =>
        context.Response.Cookies.Delete(IsSecure(context) ? SecureName : ClearName, Options(context));

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        Secure = IsSecure(context),
        SameSite = SameSiteMode.Strict,
        Path = "/",
        IsEssential = true,
    };
}
