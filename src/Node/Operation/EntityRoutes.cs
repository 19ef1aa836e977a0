using System.Globalization;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Node.Web;
using Panal.Security.Access;
using Panal.Security.Accounts;
using Panal.ServiceClasses;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Tables;
using Panal.ServiceClasses.Verification;

namespace Panal.Node.Operation;

/// <summary>The registered application entities: `/api/aes`, and whether they answer.</summary>
internal sealed class EntityRoutes(AeRegistry registry, VerificationScu verification, ServiceClassOptions options)
{
    private static readonly RightsRoute Operate = new(AccountRights.Operate);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/aes", (RequestDelegate)ListAsync).WithMetadata(Operate);
        routes.MapPost("/api/aes/{title}/echo", (RequestDelegate)EchoAsync).WithMetadata(Operate);
    }

    private Task ListAsync(HttpContext context) => WebJson.WriteAsync(
        context,
        StatusCodes.Status200OK,
        [.. registry.Entities.OrderBy(static entity => entity.AETitle, StringComparer.Ordinal).Select(EntityView.Of)],
        OperationJson.Default.EntityViewArray);

    private async Task EchoAsync(HttpContext context)
    {
        if (registry.Find(context.Request.RouteValues["title"] as string ?? "") is not { CanBeCalled: true } entity)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", "There is no such application entity, or it has no address to call.").ConfigureAwait(false);
            return;
        }

        await WebJson.WriteAsync(context, StatusCodes.Status200OK, await AskAsync(entity, context.RequestAborted).ConfigureAwait(false), OperationJson.Default.EchoView).ConfigureAwait(false);
    }

    private async Task<EchoView> AskAsync(ApplicationEntity entity, CancellationToken cancellationToken)
    {
        var peer = new PeerAddress(entity.AETitle, entity.NetworkConnection.Hostname, entity.NetworkConnection.Port, entity.NetworkConnection.Tls);
        try
        {
            var answers = await verification.EchoAsync(peer, options.AETitle, 1, cancellationToken).ConfigureAwait(false);
            var (status, elapsed) = answers[0];
            return new EchoView(
                ServiceStatus.KindOf(status) == StatusKind.Success, status.ToString("X4", CultureInfo.InvariantCulture), elapsed.TotalMilliseconds, "");
        }
        catch (Exception e) when (e is PeerUnreachableException or AssociationRejectedException or AssociationEndedException
            or ServiceNotAcceptedException or OperationFailedException or DicomFormatException)
        {
            return new EchoView(false, "", 0, e.Message);
        }
    }
}
