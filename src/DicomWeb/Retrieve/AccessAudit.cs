using Panal.Archive.Retrieve;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Tells the audit trail which studies were read (PS3.15 §A.5.3.6 and §A.5.3.7).</summary>
/// <remarks>
/// A viewer that shows a study asks for each of its frames; one message for each would bury the trail. So of such accesses the first of a
/// caller to a study is told, and again when the interval has passed.
/// </remarks>
public sealed class AccessAudit(AuditTrail audit, DicomWebOptions options, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Pairs of caller and study that are remembered; when there are more, some are told of twice.</summary>
    private const int RememberedLimit = 8192;

    private readonly Dictionary<(string Caller, string Study), long> _told = [];
    private readonly Lock _gate = new();

    /// <summary>Something of these instances is looked at.</summary>
    internal async ValueTask AccessedAsync(AuditParty caller, IReadOnlyList<InstanceReference> instances)
    {
        if (instances.Count == 0 || !IsDue((caller.AeTitle + "@" + caller.Address, instances[0].StudyInstanceUid)))
        {
            return;
        }

        foreach (var patient in PatientsOf(instances))
        {
            await audit.RecordAsync(AuditEvents.InstancesAccessed(caller, patient, AuditAction.Read, AuditOutcome.Success), CancellationToken.None);
        }
    }

    /// <summary>These instances are about to go to the caller.</summary>
    internal async ValueTask BeginAsync(AuditParty caller, IReadOnlyList<InstanceReference> instances)
    {
        foreach (var patient in PatientsOf(instances))
        {
            await audit.RecordAsync(AuditEvents.BeginTransferring(Us, caller, false, patient), CancellationToken.None);
        }
    }

    /// <summary>These instances went to the caller, or did not all arrive.</summary>
    internal async ValueTask TransferredAsync(AuditParty caller, IReadOnlyList<InstanceReference> instances, AuditOutcome outcome)
    {
        foreach (var patient in PatientsOf(instances))
        {
            await audit.RecordAsync(
                AuditEvents.InstancesTransferred(Us, caller, false, patient, AuditAction.Read, outcome), CancellationToken.None);
        }
    }

    private AuditParty Us => new(options.AETitle, null);

    private bool IsDue((string Caller, string Study) access)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (_told.TryGetValue(access, out var last) && time.GetElapsedTime(last, now) < Interval)
            {
                return false;
            }

            if (_told.Count >= RememberedLimit)
            {
                _told.Clear();
            }

            _told[access] = now;
            return true;
        }
    }

    private static IEnumerable<AuditPatient> PatientsOf(IReadOnlyList<InstanceReference> instances) =>
        instances.GroupBy(instance => instance.PatientId, StringComparer.Ordinal).Select(patient => new AuditPatient(
            patient.Key,
            "",
            [.. patient.GroupBy(instance => instance.StudyInstanceUid, StringComparer.Ordinal).Select(study => new AuditStudy(
                study.Key, "", [.. study.CountBy(instance => instance.SopClassUid).Select(count => (count.Key, count.Value))]))]));
}
