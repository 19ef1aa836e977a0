using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Panal.Node.Options;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web.Provider;

/// <summary>The way to the site's identity provider and back: authorization code with PKCE, OpenID Connect Core 1.0 §3.1 and RFC 7636.</summary>
/// <remarks>The framework's handler checks state, nonce and tokens; what is decided here is who that is in this node. See docs/decisions/2026-11-26-openid-connect.md.</remarks>
internal sealed class ProviderRoutes(
    ProviderLogIn logIn,
    Sessions sessions,
    OpenIdConnectSettings settings,
    IOptionsMonitor<OpenIdConnectOptions> options,
    AuditTrail audit,
    WebGateOptions gate,
    ILogger<ProviderRoutes> logger)
{
    /// <summary>Under this name the framework keeps the provider's options.</summary>
    public const string Scheme = "provider";

    public const string StartPath = "/api/session/provider";
    public const string BackPath = StartPath + "/back";
    public const string DisplayNameClaim = "name";

    /// <summary>Where the page reads why nobody was let in; after the sign # it goes to no server.</summary>
    private const string RefusedPage = "/#refused=";

    private const string ProviderFailure = "provider";
    private const int GroupLimit = 1000;

    /// <summary>Longest reason in the log, in characters.</summary>
    private const int ReasonLimit = 200;

    private static readonly OpenRoute Open = new(IsGuess: true, InTheClear: false) { BodyLimitBytes = 0 };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(StartPath, (RequestDelegate)StartAsync).WithMetadata(Open);
        routes.MapGet(BackPath, (RequestDelegate)ReturnAsync).WithMetadata(Open);
    }

    /// <summary>Where the browser logs out at the provider too, or null when the person did not log in there or it offers nothing.</summary>
    public async Task<string?> LogOutAddressAsync(HttpContext context, UsedSession session, CancellationToken cancellationToken)
    {
        if (session.IdToken.Length == 0 || options.Get(Scheme).ConfigurationManager is not { } manager)
        {
            return null;
        }

        try
        {
            var provider = await manager.GetConfigurationAsync(cancellationToken).ConfigureAwait(false);
            return string.IsNullOrEmpty(provider.EndSessionEndpoint) ? null : QueryHelpers.AddQueryString(provider.EndSessionEndpoint, new Dictionary<string, string?>
            {
                [OpenIdConnectParameterNames.IdTokenHint] = session.IdToken,
                [OpenIdConnectParameterNames.ClientId] = settings.ClientId,
                [OpenIdConnectParameterNames.PostLogoutRedirectUri] = $"{(SessionCookie.IsSecure(context) ? "https" : "http")}://{context.Request.Host}/",
            });
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            // The session here has ended in any case.
            Log.ProviderFailed(logger, ReasonOf(e));
            return null;
        }
    }

    /// <summary>Takes in whom the provider vouches for.</summary>
    public async Task EnterAsync(TicketReceivedContext context)
    {
        var principal = context.Principal!;
        var address = context.HttpContext.Connection.RemoteIpAddress;
        var (refusal, account) = await logIn.EnterAsync(PersonOf(principal), address, context.HttpContext.RequestAborted).ConfigureAwait(false);
        context.HandleResponse();
        if (account is null)
        {
            context.Response.Redirect(RefusedPage + refusal);
            return;
        }

        if (SessionCookie.Read(context.HttpContext) is { } old)
        {
            sessions.End(old);
        }

        SessionCookie.Write(context.HttpContext, sessions.Start(account, context.Properties?.GetTokenValue(OpenIdConnectParameterNames.IdToken) ?? "").Secret);
        context.Response.Redirect("/");
    }

    /// <summary>Tells the page that the log-in failed: the person said no, another site made it up, or the provider's answer does not hold.</summary>
    public async Task FailAsync(RemoteFailureContext context)
    {
        Log.ProviderFailed(logger, ReasonOf(context.Failure));
        await audit.RecordAsync(
            AuditEvents.UserAuthentication(gate.DeviceName, new AuditPerson("", context.HttpContext.Connection.RemoteIpAddress), isLogin: true, AuditOutcome.MinorFailure),
            context.HttpContext.RequestAborted).ConfigureAwait(false);
        context.Response.Redirect(RefusedPage + ProviderFailure);
        context.HandleResponse();
    }

    private async Task StartAsync(HttpContext context)
    {
        try
        {
            var handler = await PrepareAsync(context).ConfigureAwait(false);
            await handler.ChallengeAsync(new AuthenticationProperties { RedirectUri = "/" }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            Log.ProviderFailed(logger, ReasonOf(e));
            context.Response.Redirect(RefusedPage + ProviderFailure);
        }
    }

    private async Task ReturnAsync(HttpContext context)
    {
        var handler = await PrepareAsync(context).ConfigureAwait(false);
        await handler.HandleRequestAsync().ConfigureAwait(false);
    }

    /// <summary>The handler of one request. Behind a proxy with TLS the way back leads to the proxy, and the cookies of the log-in go over TLS only.</summary>
    private static async Task<OpenIdConnectHandler> PrepareAsync(HttpContext context)
    {
        context.Request.Scheme = SessionCookie.IsSecure(context) ? "https" : context.Request.Scheme;
        context.Response.Headers.CacheControl = "no-store";
        var handler = context.RequestServices.GetRequiredService<OpenIdConnectHandler>();
        await handler.InitializeAsync(new AuthenticationScheme(Scheme, null, typeof(OpenIdConnectHandler)), context).ConfigureAwait(false);
        return handler;
    }

    /// <summary>The innermost reason, which says what a person can mend; what the query of a stranger brought into it is kept to one short line.</summary>
    private static string ReasonOf(Exception? failure)
    {
        var text = failure?.GetBaseException().Message ?? "no reason was given";
        return string.Concat(text.Take(ReasonLimit).Select(static c => char.IsControl(c) ? ' ' : c));
    }

    private ProviderPerson PersonOf(ClaimsPrincipal principal) => new(
        options.Get(Scheme).Authority!.TrimEnd('/'),
        principal.FindFirstValue("sub") ?? "",
        principal.FindFirstValue(settings.NameClaim) ?? "",
        principal.FindFirstValue(DisplayNameClaim) ?? "",
        settings.ReferringPhysicianClaim.Length == 0 ? "" : principal.FindFirstValue(settings.ReferringPhysicianClaim) ?? "",
        [.. principal.FindAll(settings.GroupsClaim).Select(static claim => claim.Value).Take(GroupLimit)]);
}
