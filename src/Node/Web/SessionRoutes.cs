using Panal.Node.Options;
using Panal.Node.Web.Provider;
using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Set-up, log-in, log-out and links to shared studies: `/api/setup`, `/api/session`, `/api/shared`.</summary>
internal sealed class SessionRoutes(
    AccountRegistry accounts, Sessions sessions, LogIn logIn, SetUpLink setUp, AuditTrail audit, WebGateOptions options, OpenIdConnectSettings provider)
{
    private static readonly OpenRoute Guess = new(IsGuess: true, InTheClear: false);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/setup", (RequestDelegate)IsSetUpNeededAsync).WithMetadata(new OpenRoute(IsGuess: false, InTheClear: false));
        routes.MapPost("/api/setup", (RequestDelegate)SetUpAsync).WithMetadata(Guess);
        routes.MapPost("/api/session", (RequestDelegate)LogInAsync).WithMetadata(Guess);
        routes.MapGet("/api/session", (RequestDelegate)SessionAsync).WithMetadata(new RightsRoute(AccountRights.None));
        routes.MapDelete("/api/session", (RequestDelegate)LogOutAsync).WithMetadata(new RightsRoute(AccountRights.None));
        routes.MapPost("/api/shared", (RequestDelegate)OpenLinkAsync).WithMetadata(Guess);
    }

    private Task IsSetUpNeededAsync(HttpContext context) =>
        WebJson.WriteAsync(context, StatusCodes.Status200OK, new SetUpAnswer(setUp.Current is not null, provider.IsOn ? provider.Name : ""), WebJson.Default.SetUpAnswer);

    private async Task SetUpAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.SetUpRequest).ConfigureAwait(false);
        var administrator = new Account { Name = request.Name, DisplayName = request.DisplayName };
        var by = new AuditPerson(Account.NormalName(request.Name), context.Connection.RemoteIpAddress);
        var account = await setUp.UseAsync(request.Secret, administrator, request.Password, context.RequestAborted).ConfigureAwait(false);
        await audit.RecordAsync(
            account is null
                ? AuditEvents.SecurityAlert(options.DeviceName, by with { Name = "" }, SecurityAlertType.RestrictedFunction, "", "A set-up link that is not valid was used.", AuditOutcome.MinorFailure)
                : AuditEvents.SecurityAlert(options.DeviceName, by, SecurityAlertType.UserSecurityAttributesChanged, account.Name, "First administrator made by the set-up link.", AuditOutcome.Success),
            context.RequestAborted).ConfigureAwait(false);
        if (account is null)
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status403Forbidden, "set-up", "This set-up link is not valid: it was used, or the node has started again since and printed another.").ConfigureAwait(false);
            return;
        }

        await StartAsync(context, account).ConfigureAwait(false);
    }

    private async Task LogInAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.LogInRequest).ConfigureAwait(false);
        var outcome = await logIn.EnterAsync(request.Name, request.Password, request.Code, context.Connection.RemoteIpAddress, context.RequestAborted).ConfigureAwait(false);
        if (outcome.RetryAfter > TimeSpan.Zero)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(outcome.RetryAfter.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var (status, code, detail) = outcome.Refusal switch
        {
            LogInRefusal.CodeNeeded => (StatusCodes.Status401Unauthorized, "code-needed", "The code of the authenticator is needed too."),
            LogInRefusal.ShutOut => (StatusCodes.Status429TooManyRequests, "shut-out", "There were too many wrong passwords; wait."),
            LogInRefusal.Busy => (StatusCodes.Status503ServiceUnavailable, "busy", "Too many log in at this moment; try again."),
            _ => (StatusCodes.Status401Unauthorized, "wrong", "Name, password or code are wrong."),
        };
        await (outcome.Account is { } account ? StartAsync(context, account) : Problem.WriteAsync(context, status, code, detail)).ConfigureAwait(false);
    }

    private async Task OpenLinkAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.OpenLinkRequest).ConfigureAwait(false);
        var (share, isCodeNeeded) = await logIn.OpenLinkAsync(request.Link, request.Code, context.Connection.RemoteIpAddress, context.RequestAborted).ConfigureAwait(false);
        if (share is null)
        {
            await (isCodeNeeded
                ? Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "code-needed", "The code of the link is needed too.")
                : Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "wrong", "The link opens nothing: it has ended, or the code is wrong.")).ConfigureAwait(false);
            return;
        }

        await AnswerAsync(context, sessions.Start(share)).ConfigureAwait(false);
    }

    private Task StartAsync(HttpContext context, Account account) => AnswerAsync(context, sessions.Start(account));

    private async Task AnswerAsync(HttpContext context, StartedSession started)
    {
        // A browser that had a session before has one now.
        if (SessionCookie.Read(context) is { } old)
        {
            sessions.End(old);
        }

        SessionCookie.Write(context, started.Secret);
        var session = sessions.Use(started.Secret) ?? throw new InvalidOperationException("A session ended before it began.");
        await WebJson.WriteAsync(context, StatusCodes.Status200OK, AnswerOf(session.Caller, session), WebJson.Default.SessionAnswer).ConfigureAwait(false);
    }

    private Task SessionAsync(HttpContext context)
    {
        var caller = context.Features.Get<Caller>()!;
        return WebJson.WriteAsync(context, StatusCodes.Status200OK, AnswerOf(caller, context.Features.Get<UsedSession>()), WebJson.Default.SessionAnswer);
    }

    private async Task LogOutAsync(HttpContext context)
    {
        if (SessionCookie.Read(context) is { } secret && context.Features.Get<UsedSession>() is { } session)
        {
            sessions.End(secret);
            SessionCookie.Remove(context);
            var person = new AuditPerson(session.Caller.Name, context.Connection.RemoteIpAddress);
            await audit.RecordAsync(AuditEvents.UserAuthentication(options.DeviceName, person, isLogin: false, AuditOutcome.Success), context.RequestAborted).ConfigureAwait(false);
            if (context.RequestServices.GetService<ProviderRoutes>() is { } routes
                && await routes.LogOutAddressAsync(context, session, context.RequestAborted).ConfigureAwait(false) is { } address)
            {
                await WebJson.WriteAsync(context, StatusCodes.Status200OK, new LogOutAnswer(address), WebJson.Default.LogOutAnswer).ConfigureAwait(false);
                return;
            }
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private SessionAnswer AnswerOf(Caller caller, UsedSession? session)
    {
        var account = caller.Kind == CallerKind.Link ? null : accounts.Find(caller.Name);
        return new SessionAnswer(
            caller.Name,
            account?.DisplayName ?? "",
            account?.Role,
            caller.Rights,
            session?.CsrfToken ?? "",
            session?.EndsAt ?? DateTimeOffset.MaxValue,
            account?.TotpKey.Length > 0);
    }
}
