using System.Net;
using Microsoft.Extensions.Logging;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Audit;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Storage;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>Answers C-MOVE: sends instances to a registered application entity. PS3.4 §C.4.2.</summary>
public sealed class MoveScp(RetrieveRequests retrieval, Callers callers, StorageScu storage, ILogger<MoveScp> logger) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var association = request.Association;
        var identifier = await request.ReadIdentifierAsync(ct);
        var destination = request.Command.GetString(Tags.MoveDestination) ?? "";
        if (await callers.MoveDestinationAsync(association, destination, ct) is not { } entity)
        {
            Log.MoveDestinationUnknown(logger, association.CallingAeTitle, Security.Access.AeTitle.ForDisplay(destination));
            await request.RespondWithErrorAsync(QueryRetrieveTable.MoveDestinationUnknown, "Move destination is not registered", ct);
            return;
        }

        var peer = new PeerAddress(entity.AETitle, entity.NetworkConnection.Hostname, entity.NetworkConnection.Port, entity.NetworkConnection.Tls);
        var party = new AuditParty(entity.AETitle, IPAddress.TryParse(peer.Host, out var address) ? address : null);
        var originator = new MoveOriginator(association.CallingAeTitle, request.MessageId);
        var counters = await retrieval.RunAsync(
            request,
            identifier,
            party,
            (instances, report, breakOff) => storage.SendAsync(
                peer, association.CalledAeTitle, instances, originator, report, () => request.IsCancelRequested, breakOff),
            ct);
        if (counters is not null)
        {
            Log.Retrieved(logger, association.CallingAeTitle, entity.AETitle, counters.Completed, counters.Failed);
        }
    }
}
