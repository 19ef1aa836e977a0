using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Panal.Node.Admin;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Stands before every route of HTTP: who asks, may they, and what becomes of an error.</summary>
/// <remarks>Closed by default: a route that says nothing about itself is refused, also to administrators.</remarks>
internal sealed class WebGate(
    AccountRegistry accounts, Sessions sessions, AuditTrail audit, WebGateOptions options, TimeProvider time, ILogger<WebGate> logger)
{
    /// <summary>The command line on the administration socket: whoever can open it can read the whole data folder anyway.</summary>
    private static readonly Caller Console = new("console", CallerKind.Session, AccountRights.All, StudyFilter.Everything);

    // A person mistypes; a program that guesses sees its address shut for a while.
    private readonly CallLimit _guesses = new(20, TimeSpan.FromSeconds(6), time);
    private readonly CallLimit _strangers = new(200, TimeSpan.FromSeconds(0.5), time);

    /// <summary>The middleware, after routing.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        try
        {
            if (await IsLetInAsync(context).ConfigureAwait(false))
            {
                await next(context).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked is gone.
        }
        catch (AccountException e)
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "refused", e.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            await Problem.WriteAsync(context, e.StatusCode, "request", "The request is not valid.").ConfigureAwait(false);
        }
        catch (JsonException)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "json", "The body is not the JSON that this route takes.").ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The path may hold identifiers; the route does not.
            Log.RequestFailed(logger, RouteOf(context), context.TraceIdentifier, e);
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "failure", "The node failed; its log has the trace id.").ConfigureAwait(false);
        }
    }

    private async Task<bool> IsLetInAsync(HttpContext context)
    {
        if (context.GetEndpoint() is not { } endpoint)
        {
            return await RefuseAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is nothing here.").ConfigureAwait(false);
        }

        var rule = endpoint.Metadata.GetMetadata<RouteRule>();
        if (rule is { BodyLimitBytes: { } limit } && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
        {
            body.MaxRequestBodySize = limit;
        }

        if (AdminDoor.IsOn(context))
        {
            context.Features.Set(Console);
            return true;
        }

        return rule switch
        {
            SocketRoute => await RefuseAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is nothing here.").ConfigureAwait(false),
            OpenRoute open => await IsOpenAsync(context, open).ConfigureAwait(false),
            RightsRoute rights => await IsKnownAsync(context, rights).ConfigureAwait(false),
            HouseRoute house => await IsOfTheHouseAsync(context, house).ConfigureAwait(false),
            _ => await IsKnownAsync(context, null).ConfigureAwait(false),
        };
    }

    /// <summary>Before there are accounts a door decides as it does without them: this machine, as on the DICOM doors.</summary>
    private async Task<bool> IsOfTheHouseAsync(HttpContext context, HouseRoute rule) =>
        (accounts.Accounts.Count == 0 && context.Request.Headers.Authorization.Count == 0)
        // A browser asks before it sends for a page of another origin, and shows nobody's cookie or token with it.
        || HttpMethods.IsOptions(context.Request.Method)
        || await IsKnownAsync(context, new RightsRoute(rule.Rights)).ConfigureAwait(false);

    private async Task<bool> IsOpenAsync(HttpContext context, OpenRoute rule)
    {
        if (rule.InTheClear)
        {
            return true;
        }

        if (!MayTravel(context))
        {
            return await RefuseClearAsync(context).ConfigureAwait(false);
        }

        if (IsChange(context) && IsOtherSite(context))
        {
            return await RefuseAsync(context, StatusCodes.Status403Forbidden, "other-site", "Another site sent this request.").ConfigureAwait(false);
        }

        return !rule.IsGuess || _guesses.TryTake(context.Connection.RemoteIpAddress) || await RefuseBusyAsync(context).ConfigureAwait(false);
    }

    private async Task<bool> IsKnownAsync(HttpContext context, RightsRoute? rule)
    {
        if (!MayTravel(context))
        {
            return await RefuseClearAsync(context).ConfigureAwait(false);
        }

        var address = context.Connection.RemoteIpAddress;
        if (!_strangers.IsOpen(address))
        {
            return await RefuseBusyAsync(context).ConfigureAwait(false);
        }

        var (caller, csrfToken) = CallerOf(context);
        if (caller is null)
        {
            _strangers.TryTake(address);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return await RefuseAsync(context, StatusCodes.Status401Unauthorized, "log-in", "Log in, or show a token.").ConfigureAwait(false);
        }

        // A token is put into a request by its program; a cookie by the browser, whoever made the page.
        if (csrfToken is not null && IsChange(context)
            && (IsOtherSite(context) || !AreSame(context.Request.Headers[SessionCookie.CsrfHeader].ToString(), csrfToken)))
        {
            await AuditAsync(context, caller, "A request came without the token of its session: perhaps another site sent it.").ConfigureAwait(false);
            return await RefuseAsync(context, StatusCodes.Status403Forbidden, "csrf", $"The header {SessionCookie.CsrfHeader} is missing or wrong.").ConfigureAwait(false);
        }

        if (rule is null || !caller.May(rule.Rights) || (rule.OnlySession && caller.Kind != CallerKind.Session))
        {
            await AuditAsync(context, caller, $"{context.Request.Method} {RouteOf(context)} was refused.").ConfigureAwait(false);
            return await RefuseAsync(context, StatusCodes.Status403Forbidden, "rights", "This account may not do that.").ConfigureAwait(false);
        }

        context.Features.Set(caller);
        return true;
    }

    private (Caller? Caller, string? CsrfToken) CallerOf(HttpContext context)
    {
        const string bearer = "Bearer ";
        var authorization = context.Request.Headers.Authorization.ToString();
        if (authorization.Length > 0)
        {
            return (authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? accounts.FindToken(authorization[bearer.Length..].Trim()) : null, null);
        }

        var session = SessionCookie.Read(context) is { Length: > 0 } secret ? sessions.Use(secret) : null;
        if (session is not null)
        {
            context.Features.Set(session);
        }

        return (session?.Caller, session?.CsrfToken);
    }

    private ValueTask AuditAsync(HttpContext context, Caller caller, string description) => audit.RecordAsync(
        AuditEvents.SecurityAlert(
            options.DeviceName,
            new AuditPerson(caller.Name, context.Connection.RemoteIpAddress),
            SecurityAlertType.RestrictedFunction,
            caller.Name,
            description,
            AuditOutcome.MinorFailure),
        context.RequestAborted);

    /// <summary>Secrets and images pass over TLS or inside this machine.</summary>
    private bool MayTravel(HttpContext context) => options.InTheClear || context.Request.IsHttps || SessionCookie.IsThisMachine(context);

    private static bool IsChange(HttpContext context) => !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method);

    /// <summary>What browsers say about where a request comes from: Fetch Metadata, or the older Origin.</summary>
    private static bool IsOtherSite(HttpContext context)
    {
        var site = context.Request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is not ("same-origin" or "none");
        }

        var origin = context.Request.Headers.Origin.ToString();
        return origin.Length > 0
            && (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || !uri.Authority.Equals(context.Request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static bool AreSame(string left, string right) => System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
        System.Text.Encoding.UTF8.GetBytes(left), System.Text.Encoding.UTF8.GetBytes(right));

    private static string RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unknown route";

    private static Task<bool> RefuseClearAsync(HttpContext context) => RefuseAsync(
        context, StatusCodes.Status403Forbidden, "tls", "From another machine this is answered over TLS only: use https.");

    private static Task<bool> RefuseBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "30";
        return RefuseAsync(context, StatusCodes.Status429TooManyRequests, "too-many", "Too many tries from this address; wait half a minute.");
    }

    private static async Task<bool> RefuseAsync(HttpContext context, int status, string code, string detail)
    {
        // The server reads what comes with a refused request before it takes the next one; where the route would have set the limit
        // of the body, there is none yet, and the connection would be cut instead of answered.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false, MaxRequestBodySize: < RouteRule.JsonLimitBytes } body)
        {
            body.MaxRequestBodySize = RouteRule.JsonLimitBytes;
        }

        await Problem.WriteAsync(context, status, code, detail).ConfigureAwait(false);
        return false;
    }
}

/// <summary>How the gate is set.</summary>
/// <param name="DeviceName">Name of this node in the audit trail.</param>
/// <param name="InTheClear">True when other machines may log in without TLS.</param>
internal sealed record WebGateOptions(string DeviceName, bool InTheClear);
