using Microsoft.Extensions.Logging;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.InstanceAvailability;

/// <summary>Answers N-CREATE of Instance Availability Notification. PS3.4 §R.3.2.</summary>
/// <param name="access">Who may.</param>
/// <param name="logger">The log.</param>
/// <param name="notices">Who cares; null when nobody does, and then notices are taken all the same.</param>
public sealed class InstanceAvailabilityScp(Callers access, ILogger<InstanceAvailabilityScp> logger, IInstanceNotices? notices = null) : IDimseService
{
    /// <inheritdoc/>
    public async ValueTask HandleAsync(DimseRequest request, CancellationToken ct)
    {
        var association = request.Association;
        if (!await access.MayAsync(association, InstanceAvailabilityTable.Service.Right, ct))
        {
            await request.RespondWithErrorAsync(GeneralStatus.NotAuthorized, "Notices are not taken from this AE", ct);
            return;
        }

        if (StudyOf(await request.ReadIdentifierAsync(ct)) is not { } study)
        {
            await request.RespondWithErrorAsync(InstanceAvailabilityTable.MissingAttribute, "Study Instance UID or references are missing", ct);
            return;
        }

        Log.Noticed(logger, association.CallingAeTitle, notices?.Notice(association.CallingAeTitle, study) == true);

        // The SOP instance is named by the SCP when the SCU has not done so (PS3.7 §10.1.5.1.4).
        await request.RespondAsync(
            InstanceAvailabilityTable.Success.Code, identifier: null,
            command => command.Set(Tags.AffectedSOPInstanceUID, request.SopInstanceUid ?? Uid.NewUid()), ct);
    }

    /// <summary>The study that a notice is about; null when it is not one. PS3.4 Table R.3.2-1.</summary>
    internal static string? StudyOf(DataSet notice) =>
        notice.GetString(Tags.StudyInstanceUID) is { } study && Uid.IsWellFormed(study) && notice.GetSequence(Tags.ReferencedSeriesSequence) is { Count: > 0 } ? study : null;
}
