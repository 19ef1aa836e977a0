using Panal.Archive.Retrieve;
using Panal.Federation.Broker;
using Panal.Node.Web;
using Panal.Security.Accounts;

namespace Panal.Node.Operation;

/// <summary>How the archives of others that this node mirrors are doing: `/api/brokers`. What a broker is told is told on the command line alone.</summary>
internal sealed class BrokerRoutes(BrokerService brokers)
{
    private static readonly RightsRoute Operate = new(AccountRights.Operate) { BodyLimitBytes = 0 };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/brokers", (RequestDelegate)ListAsync).WithMetadata(Operate);
        routes.MapPost("/api/brokers/{broker}/sweep", (RequestDelegate)SweepAsync).WithMetadata(Operate);
    }

    private Task ListAsync(HttpContext context) =>
        WebJson.WriteAsync(context, StatusCodes.Status200OK, [.. brokers.Status()], OperationJson.Default.BrokerStatusArray);

    /// <summary>Looks at what is new, and answers when that is done; how far it is, the list tells.</summary>
    private async Task SweepAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["broker"] as string ?? "";
        try
        {
            await brokers.SweepAsync(name, isWhole: false, context.RequestAborted).ConfigureAwait(false);
            await WebJson.WriteAsync(context, StatusCodes.Status200OK, brokers.Status(name), OperationJson.Default.BrokerStatus).ConfigureAwait(false);
        }
        catch (BrokerException fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status404NotFound, "nothing-here", fault.Message).ConfigureAwait(false);
        }
        catch (ForeignArchiveException fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status502BadGateway, "archive-fails", fault.Message).ConfigureAwait(false);
        }
    }
}
