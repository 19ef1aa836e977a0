using Panal.Security.Accounts;
using Panal.Security.Audit;

namespace Panal.Node.Web;

/// <summary>Sharing studies: `/api/shares`.</summary>
internal sealed class ShareRoutes(AccountRegistry accounts, AuditTrail audit, WebGateOptions options)
{
    private static readonly RightsRoute Sharing = new(AccountRights.Share);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/shares", (RequestDelegate)ListAsync).WithMetadata(Sharing);
        routes.MapPost("/api/shares", (RequestDelegate)ShareAsync).WithMetadata(Sharing);
        routes.MapDelete("/api/shares/{id}", (RequestDelegate)RevokeAsync).WithMetadata(Sharing);
    }

    private Task ListAsync(HttpContext context) => WebJson.WriteAsync(
        context, StatusCodes.Status200OK, [.. accounts.SharesBy(OnlyOf(context)).Select(s => ShareAnswer.Of(s, ""))], WebJson.Default.ShareAnswerArray);

    private async Task ShareAsync(HttpContext context)
    {
        var request = await WebJson.ReadAsync(context, WebJson.Default.ShareRequest).ConfigureAwait(false);
        var by = context.Features.Get<Caller>()!;
        var life = TimeSpan.FromHours(Math.Clamp(request.Hours, 0, 1_000_000));
        var (share, link) = await accounts.ShareAsync(
            request.StudyInstanceUid, request.Account, request.Code, by.Name, life, context.RequestAborted).ConfigureAwait(false);
        var with = share.Account.Length > 0 ? share.Account : share.Code.Length > 0 ? "whoever has the link and its code" : "whoever has the link";
        await RecordAsync(context, by, share.StudyInstanceUid, $"Study shared with {with}, {share.Id}.").ConfigureAwait(false);
        await WebJson.WriteAsync(context, StatusCodes.Status201Created, ShareAnswer.Of(share, link), WebJson.Default.ShareAnswer).ConfigureAwait(false);
    }

    private async Task RevokeAsync(HttpContext context)
    {
        var id = context.Request.RouteValues["id"] as string ?? "";
        var share = accounts.FindShare(id);
        if (share is null || !await accounts.RevokeShareAsync(OnlyOf(context), id, context.RequestAborted).ConfigureAwait(false))
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such share.").ConfigureAwait(false);
            return;
        }

        await RecordAsync(context, context.Features.Get<Caller>()!, share.StudyInstanceUid, $"Share {share.Id} ended.").ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Administrators see and end all shares, others their own.</summary>
    private static string? OnlyOf(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller && caller.May(AccountRights.Accounts) ? null : context.Features.Get<Caller>()!.Name;

    private ValueTask RecordAsync(HttpContext context, Caller by, string study, string description) => audit.RecordAsync(
        AuditEvents.SecurityAlert(
            options.DeviceName,
            new AuditPerson(by.Name, context.Connection.RemoteIpAddress),
            SecurityAlertType.ObjectSecurityAttributesChanged,
            study,
            description,
            AuditOutcome.Success),
        context.RequestAborted);
}
