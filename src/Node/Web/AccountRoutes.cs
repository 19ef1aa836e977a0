using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Everybody's account (`/api/accounts`), for administrators and the command line, and one's own (`/api/account`).</summary>
internal sealed class AccountRoutes(AccountRegistry accounts, AccountWork work, LogIn logIn, Sessions sessions, WebGateOptions options)
{
    private static readonly RightsRoute Administration = new(AccountRights.Accounts);
    private static readonly RightsRoute Own = new(AccountRights.None, OnlySession: true);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/accounts", (RequestDelegate)ListAsync).WithMetadata(Administration);
        routes.MapPost("/api/accounts", (RequestDelegate)AddAsync).WithMetadata(Administration);
        routes.MapPatch("/api/accounts/{name}", (RequestDelegate)ChangeAsync).WithMetadata(Administration);
        routes.MapDelete("/api/accounts/{name}", (RequestDelegate)RemoveAsync).WithMetadata(Administration);
        routes.MapPut("/api/accounts/{name}/password", (RequestDelegate)ChangePasswordAsync).WithMetadata(Administration);
        routes.MapGet("/api/accounts/{name}/tokens", (RequestDelegate)ListTokensAsync).WithMetadata(Administration);
        routes.MapPost("/api/accounts/{name}/tokens", (RequestDelegate)CreateTokenAsync).WithMetadata(Administration);
        routes.MapDelete("/api/accounts/{name}/tokens/{id}", (RequestDelegate)RevokeTokenAsync).WithMetadata(Administration);
        routes.MapPut("/api/account/password", (RequestDelegate)ChangeOwnPasswordAsync).WithMetadata(Own);
        routes.MapPost("/api/account/totp", (RequestDelegate)OfferTotpAsync).WithMetadata(Own);
        routes.MapPut("/api/account/totp", (RequestDelegate)ChangeTotpAsync).WithMetadata(Own);
        routes.MapGet("/api/account/tokens", (RequestDelegate)ListTokensAsync).WithMetadata(Own);
        routes.MapPost("/api/account/tokens", (RequestDelegate)CreateTokenAsync).WithMetadata(Own);
        routes.MapDelete("/api/account/tokens/{id}", (RequestDelegate)RevokeTokenAsync).WithMetadata(Own);
    }

    private Task ListAsync(HttpContext context) => WebJson.WriteAsync(
        context, StatusCodes.Status200OK, [.. accounts.Accounts.Select(AccountAnswer.Of)], WebJson.Default.AccountAnswerArray);

    private async Task AddAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.AccountRequest).ConfigureAwait(false);
        var account = await work.AddAsync(By(context), request, context.RequestAborted).ConfigureAwait(false);
        await WebJson.WriteAsync(context, StatusCodes.Status201Created, AccountAnswer.Of(account), WebJson.Default.AccountAnswer).ConfigureAwait(false);
    }

    private async Task ChangeAsync(HttpContext context)
    {
        var change = await WebJson.ReadAsync(context, WebJson.Default.AccountChange).ConfigureAwait(false);
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            var changed = await work.ChangeAsync(By(context), account.Name, change, context.RequestAborted).ConfigureAwait(false);
            await WebJson.WriteAsync(context, StatusCodes.Status200OK, AccountAnswer.Of(changed), WebJson.Default.AccountAnswer).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(HttpContext context)
    {
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            await work.RemoveAsync(By(context), account.Name, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private async Task ChangePasswordAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.PasswordRequest).ConfigureAwait(false);
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            await work.ChangePasswordAsync(By(context), account.Name, request.Password, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private async Task ListTokensAsync(HttpContext context)
    {
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            TokenAnswer[] tokens = [.. accounts.TokensOf(account.Name).Select(t => TokenAnswer.Of(t, ""))];
            await WebJson.WriteAsync(context, StatusCodes.Status200OK, tokens, WebJson.Default.TokenAnswerArray).ConfigureAwait(false);
        }
    }

    private async Task CreateTokenAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.TokenRequest).ConfigureAwait(false);
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            var token = await work.CreateTokenAsync(By(context), account.Name, request, context.RequestAborted).ConfigureAwait(false);
            await WebJson.WriteAsync(context, StatusCodes.Status201Created, token, WebJson.Default.TokenAnswer).ConfigureAwait(false);
        }
    }

    private async Task RevokeTokenAsync(HttpContext context)
    {
        if (await ExistingAsync(context).ConfigureAwait(false) is { } account)
        {
            var id = context.Request.RouteValues["id"] as string ?? "";
            var isRevoked = await work.RevokeTokenAsync(By(context), account.Name, id, context.RequestAborted).ConfigureAwait(false);
            if (isRevoked)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such token.").ConfigureAwait(false);
        }
    }

    /// <summary>Whoever found an open browser does not take the account over: the old password is asked for, with the lock-out of a log-in.</summary>
    private async Task ChangeOwnPasswordAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.OwnPasswordRequest).ConfigureAwait(false);
        var by = By(context);
        if (await IsOwnerAsync(context, request.OldPassword, request.Code).ConfigureAwait(false))
        {
            var account = await work.ChangePasswordAsync(by, by.Name, request.NewPassword, context.RequestAborted).ConfigureAwait(false);
            // All sessions of the old password have ended; this one goes on as a new one.
            SessionCookie.Write(context, sessions.Start(account).Secret);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private Task OfferTotpAsync(HttpContext context)
    {
        var key = OneTimePassword.CreateKey();
        var answer = new TotpAnswer(key, OneTimePassword.KeyUri(key, By(context).Name, "Panal " + options.DeviceName));
        return WebJson.WriteAsync(context, StatusCodes.Status200OK, answer, WebJson.Default.TotpAnswer);
    }

    /// <summary>Puts a key in force after a code of it was shown, or removes it: an empty key with a code of the old one.</summary>
    private async Task ChangeTotpAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.TotpRequest).ConfigureAwait(false);
        var hasOne = accounts.Find(By(context).Name) is { TotpKey.Length: > 0 };
        if (hasOne && request.Key.Length > 0)
        {
            await Problem.WriteAsync(context, StatusCodes.Status409Conflict, "refused", "Remove the second factor that there is first.").ConfigureAwait(false);
            return;
        }

        if (!await IsOwnerAsync(context, request.Password, hasOne ? request.Code : "").ConfigureAwait(false))
        {
            return;
        }

        if (request.Key.Length > 0 && !logIn.IsCode(request.Key, request.Code))
        {
            await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "wrong", "The code is not one of this key; look at the clocks.").ConfigureAwait(false);
            return;
        }

        await work.ChangeTotpAsync(By(context), By(context).Name, request.Key, context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<bool> IsOwnerAsync(HttpContext context, string password, string code)
    {
        var by = By(context);
        var outcome = await logIn.EnterAsync(by.Name, password, code, by.Address, context.RequestAborted).ConfigureAwait(false);
        if (outcome.Refusal == LogInRefusal.None)
        {
            return true;
        }

        await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "wrong", "The password or the code is wrong.").ConfigureAwait(false);
        return false;
    }

    /// <summary>The account of the route, or the caller's own where the route names none; null after a 404.</summary>
    private async Task<Account?> ExistingAsync(HttpContext context)
    {
        var account = accounts.Find(context.Request.RouteValues["name"] as string ?? By(context).Name);
        if (account is null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such account.").ConfigureAwait(false);
        }

        return account;
    }

    private static AuditPerson By(HttpContext context) => new(context.Features.Get<Caller>()!.Name, context.Connection.RemoteIpAddress);
}
