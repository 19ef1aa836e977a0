using Panal.Node.Admin;
using Panal.Node.Web;
using Panal.Security.Accounts;
using Panal.Swarm.Transfers.Running;

namespace Panal.Node.Operation;

/// <summary>What comes from other nodes: `/api/transfers`.</summary>
internal sealed class TransferRoutes(IServiceProvider services)
{
    private static readonly RightsRoute Operate = new(AccountRights.Operate);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/transfers", (RequestDelegate)ListAsync).WithMetadata(Operate);
        routes.MapPost("/api/transfers/{id}/{change}", (RequestDelegate)ChangeAsync).WithMetadata(Operate);
    }

    private Task ListAsync(HttpContext context) => WebJson.WriteAsync(
        context,
        StatusCodes.Status200OK,
        [.. services.GetService<TransferService>()?.Transfers.Select(static transfer => TransferView.Of(transfer.Progress)) ?? []],
        OperationJson.Default.TransferViewArray);

    /// <summary>pause, resume, cancel, interactive or bulk.</summary>
    private async Task ChangeAsync(HttpContext context)
    {
        var id = context.Request.RouteValues["id"] as string ?? "";
        var told = await TransferWork.ChangeAsync(
            services, Guid.TryParse(id, out _) ? id : "-", context.Request.RouteValues["change"] as string ?? "", static _ => { }).ConfigureAwait(false);
        if (told.Id == Guid.Empty)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", told.Problem ?? "There is no such transfer.").ConfigureAwait(false);
            return;
        }

        await WebJson.WriteAsync(context, StatusCodes.Status200OK, told, OperationJson.Default.TransferView).ConfigureAwait(false);
    }
}
