using Microsoft.Extensions.Logging;
using Panal.Archive.Commitment;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Access;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.StorageCommitment;

/// <summary>Delivers results of storage commitment by N-EVENT-REPORT. PS3.4 §J.3.3.</summary>
/// <remarks>
/// A requestor with a registered address is called on an association of its own, which every SCP must be able to do; one without, or
/// that does not answer there, is told on the association of its request as long as that is open.
/// </remarks>
public sealed class CommitmentReporter(
    AeRegistry registry, PeerDialer dialer, OriginalAssociations associations, ILogger<CommitmentReporter> logger) : IReportCommitment
{
    // The requestor of the association is SCP here, which is not the default. PS3.7 §D.3.3.4.
    private static readonly RoleSelection PerformedByUs = new(Uids.StorageCommitmentPushModel, Scu: false, Scp: true);

    /// <inheritdoc/>
    public async ValueTask<bool> ReportAsync(CommitmentReport report, CancellationToken ct)
    {
        if (registry.Find(report.RequestorAeTitle) is { CanBeCalled: true } entity && await CallAsync(entity, report, ct))
        {
            return true;
        }

        return associations.Find(report.RequestorAeTitle) is { } original && await TrySendAsync(original, report, ct);
    }

    private async ValueTask<bool> CallAsync(ApplicationEntity entity, CommitmentReport report, CancellationToken ct)
    {
        var peer = new PeerAddress(entity.AETitle, entity.NetworkConnection.Hostname, entity.NetworkConnection.Port, entity.NetworkConnection.Tls);
        var parameters = new AssociationParameters(report.OwnAeTitle, entity.AETitle, Proposals.ForData(Uids.StorageCommitmentPushModel)) { Roles = [PerformedByUs] };
        try
        {
            await using var opened = await dialer.OpenAsync(peer, parameters, null, ct);
            return await TrySendAsync(opened.Association, report, ct);
        }
        catch (Exception e) when (e is PeerUnreachableException or AssociationRejectedException or AssociationEndedException)
        {
            Log.PeerUnavailable(logger, peer, e.Message);
            return false;
        }
    }

    /// <summary>Whether the peer answered the role selection is not asked: many requestors do not, and take the report all the same.</summary>
    private async ValueTask<bool> TrySendAsync(Association association, CommitmentReport report, CancellationToken ct)
    {
        if (association.Contexts.FirstOrDefault(one => one.AbstractSyntax == Uids.StorageCommitmentPushModel) is not { } context)
        {
            return false;
        }

        var eventType = report.Failed.Count == 0
            ? StorageCommitmentTable.StorageCommitmentRequestSuccessful
            : StorageCommitmentTable.StorageCommitmentRequestCompleteFailuresExist;
        try
        {
            var command = DimseCommand.EventReport(context, Uids.StorageCommitmentPushModel, Uids.StorageCommitmentPushModelInstance, eventType);
            var response = await association.RequestAsync(command, CommitmentDataSets.WriteReport(report), ct);
            var isTaken = ServiceStatus.KindOf(response.Status) is StatusKind.Success or StatusKind.Warning;
            if (!isTaken)
            {
                Log.CommitmentReportRefused(logger, report.RequestorAeTitle, response.Status);
            }

            return isTaken;
        }
        catch (AssociationEndedException e)
        {
            Log.CommitmentReportLost(logger, report.RequestorAeTitle, e.End);
            return false;
        }
    }
}
