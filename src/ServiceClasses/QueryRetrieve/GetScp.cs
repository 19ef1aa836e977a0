using Microsoft.Extensions.Logging;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Storage;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>Answers C-GET: sends instances back on the same association. PS3.4 §C.4.3.</summary>
/// <remarks>Whether the requestor named its role as storage SCP is not asked: many that can receive do not (PS3.4 §C.5.3).</remarks>
public sealed class GetScp(RetrieveRequests retrieval, ServiceClassOptions options, ILogger<GetScp> logger) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var association = request.Association;
        var sender = new InstanceSender(association, Requests.Window(association.Window.Performed, options), logger);
        var counters = await retrieval.RunAsync(
            request,
            await request.ReadIdentifierAsync(ct),
            association.Requestor(),
            (instances, report, breakOff) => sender.SendAsync(instances, null, report, () => request.IsCancelRequested, breakOff),
            ct);
        if (counters is not null)
        {
            Log.Retrieved(logger, association.CallingAeTitle, association.CallingAeTitle, counters.Completed, counters.Failed);
        }
    }
}
