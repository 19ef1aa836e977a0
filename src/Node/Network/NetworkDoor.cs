using System.Net;
using Panal.Federation.Administration;
using Panal.Federation.Membership;
using Panal.Node.Admin;
using Panal.Node.Network.Placement;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Security.Identities;

namespace Panal.Node.Network;

/// <summary>`/api/network`: what the administrator sees and does. On the socket of the data folder, over HTTP for accounts with the right, and for this machine while there are none.</summary>
internal static class NetworkDoor
{
    private static readonly HouseRoute Network = new(AccountRights.Network) { BodyLimitBytes = null };

    public static void Map(WebApplication application)
    {
        JoinDoor.Map(application);
        GroupRoutes.Map(application, Network);
        ConflictRoutes.Map(application, Network);
        CorrectionRoutes.Map(application, Network);
        RecyclingDoor.Map(application);
        PlacementDoor.Map(application);
        application.MapGet("/api/network", Guarded(LookAsync)).WithMetadata(Network);
        application.MapGet("/api/network/requests", Guarded(RequestsAsync)).WithMetadata(Network);
        application.MapPost("/api/network/requests/{request}/approve", Guarded(ApproveAsync)).WithMetadata(Network);
        application.MapPost("/api/network/requests/{request}/deny", Guarded(DenyAsync)).WithMetadata(Network);
        application.MapPost("/api/network/members/{member}/revoke", Guarded(RevokeAsync)).WithMetadata(Network);
        application.MapPost("/api/network/invitations", Guarded(InviteAsync)).WithMetadata(Network);
        application.MapPost("/api/network/authority/renew", Guarded(RenewAuthorityAsync)).WithMetadata(Network);
        application.MapGet("/api/network/events", Guarded(context => context.RequestServices.GetRequiredService<NetworkEvents>().ServeAsync(context))).WithMetadata(Network);
        application.MapGet("/openapi/v1.json", (RequestDelegate)DescribeAsync).WithMetadata(Network);
        application.MapPost("/admin/network/load", (RequestDelegate)LoadAsync).WithMetadata(new SocketRoute { BodyLimitBytes = null });
    }

    /// <summary>
    /// Lets whoever the gate knows in, and else only this machine. A page in a browser of this machine is not this machine's administrator: it can neither send JSON across
    /// origins nor name a loopback host that it was not loaded from; and what a proxy hands on comes from elsewhere.
    /// </summary>
    internal static RequestDelegate Guarded(RequestDelegate next) => context =>
    {
        // The gate has looked at the rights of whoever is known.
        if (AdminDoor.IsOn(context) || context.Features.Get<Caller>() is not null)
        {
            return next(context);
        }

        var request = context.Request;
        var isHere = context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote)
            && (request.Host.Host == "localhost" || (IPAddress.TryParse(request.Host.Host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named)))
            && !request.Headers.ContainsKey("Forwarded") && !request.Headers.ContainsKey("X-Forwarded-For") && !request.Headers.ContainsKey("Via")
            && (HttpMethods.IsGet(request.Method) || request.ContentType?.Split(';')[0].Trim() == "application/json");
        return isHere
            ? next(context)
            : JoinDoor.RefuseAsync(context, StatusCodes.Status403Forbidden, "The network is administered from the machine of the node only.");
    };

    private static NetworkAdministration Administration(HttpContext context) => context.RequestServices.GetRequiredService<NetworkAdministration>();

    private static NetworkView Look(HttpContext context) => context.RequestServices.GetRequiredService<NetworkSight>().Look()
        ?? throw new JoinRefusedException(JoinRefusal.Unknown, "This node is no member of a network.");

    private static string Route(HttpContext context, string name) => context.GetRouteValue(name) as string ?? "";

    private static Task LookAsync(HttpContext context) =>
        JoinDoor.AnswerAsync(context, NetworkJson.Default.NetworkView, () => Task.FromResult(Look(context)));

    private static Task RequestsAsync(HttpContext context) => JoinDoor.AnswerAsync(
        context,
        NetworkJson.Default.IReadOnlyListJoinRequestView,
        async () => (await Administration(context).ActAsync(new NetworkAct { Kind = NetworkActKind.Requests }, context.RequestAborted).ConfigureAwait(false)).Requests ?? []);

    private static Task ApproveAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.MembershipView, async () =>
    {
        var approval = await JoinDoor.ReadAsync(context, NetworkJson.Default.Approval).ConfigureAwait(false);
        return ViewOf(await ActAsync(context, new NetworkAct
        {
            Kind = NetworkActKind.Approve,
            Target = Route(context, "request"),
            Role = approval.Role,
            Institution = approval.Institution,
            WithoutOthers = approval.WithoutOthers,
        }).ConfigureAwait(false));
    });

    private static Task DenyAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.JoinRequestView, async () =>
    {
        var motive = await JoinDoor.ReadAsync(context, NetworkJson.Default.Motive).ConfigureAwait(false);
        var outcome = await ActAsync(context, new NetworkAct { Kind = NetworkActKind.Deny, Target = Route(context, "request"), Reason = motive.Reason }).ConfigureAwait(false);
        return outcome.Request ?? throw Incomplete();
    });

    private static Task RevokeAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.MembershipView, async () =>
    {
        var motive = await JoinDoor.ReadAsync(context, NetworkJson.Default.Motive).ConfigureAwait(false);
        return ViewOf(await ActAsync(context, new NetworkAct { Kind = NetworkActKind.Revoke, Target = Route(context, "member"), Reason = motive.Reason }).ConfigureAwait(false));
    });

    private static Task InviteAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.InvitationView, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, NetworkJson.Default.InvitationAsk).ConfigureAwait(false);
        var outcome = await ActAsync(context, new NetworkAct { Kind = NetworkActKind.Invite, Role = ask.Role }).ConfigureAwait(false);
        return new InvitationView(outcome.Invitation ?? throw Incomplete());
    });

    private static Task RenewAuthorityAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.AuthorityStep, async () =>
    {
        var ask = await JoinDoor.ReadAsync(context, NetworkJson.Default.AuthorityAsk).ConfigureAwait(false);
        var office = context.RequestServices.GetRequiredService<NetworkOffice>();
        return await AuditedAsync(context, "change the authority of the network", () => office.RenewAuthority(ask.WithoutOthers)).ConfigureAwait(false);
    });

    /// <summary>The OpenAPI document of what this door serves; no secret.</summary>
    private static async Task DescribeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        var document = typeof(NetworkDoor).Assembly.GetManifestResourceStream("openapi.json")!;
        await using (document.ConfigureAwait(false))
        {
            await document.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>The command line has written the folder of the network: the node is a member from now on.</summary>
    private static async Task LoadAsync(HttpContext context)
    {
        if (!AdminDoor.IsOn(context))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await JoinDoor.AnswerAsync(context, NetworkJson.Default.NetworkView, async () =>
        {
            try
            {
                return await AuditedAsync(context, "become a member of a network", () =>
                {
                    context.RequestServices.GetRequiredService<NetworkMembership>().Load();
                    return Look(context);
                }).ConfigureAwait(false);
            }
            catch (NetworkDocumentException e)
            {
                throw new JoinRefusedException(JoinRefusal.Conflict, e.Message, e);
            }
        }).ConfigureAwait(false);
    }

    internal static MembershipView ViewOf(NetworkActOutcome outcome) => outcome.Member is { } member
        ? new MembershipView(member.Node, member.Name, member.Address, member.Role.ToString().ToLowerInvariant())
        : throw Incomplete();

    /// <summary>Has something done where the authority is, and puts it into the audit trail, done or refused.</summary>
    internal static Task<NetworkActOutcome> ActAsync(HttpContext context, NetworkAct act) =>
        AuditedAsync(context, act.Description, () => Administration(context).ActAsync(act, context.RequestAborted));

    private static JoinRefusedException Incomplete() => new(JoinRefusal.Conflict, "The holder of the authority does not say what became of it.");

    private static Task<T> AuditedAsync<T>(HttpContext context, string what, Func<T> act) => AuditedAsync(context, what, () => ValueTask.FromResult(act()));

    private static async Task<T> AuditedAsync<T>(HttpContext context, string what, Func<ValueTask<T>> act)
    {
        var audit = context.RequestServices.GetRequiredService<NetworkAudit>();
        try
        {
            var result = await act().ConfigureAwait(false);
            await audit.ConfiguredAsync(context.Connection.RemoteIpAddress, what, isDone: true, context.RequestAborted).ConfigureAwait(false);
            return result;
        }
        catch (JoinRefusedException e)
        {
            await audit.ConfiguredAsync(context.Connection.RemoteIpAddress, $"{what}: {e.Message}", isDone: false, context.RequestAborted).ConfigureAwait(false);
            throw;
        }
    }
}
