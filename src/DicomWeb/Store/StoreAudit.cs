using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Store;

/// <summary>Gathers what a request stored, and tells the audit trail once for each study. PS3.15 §A.5.3.7.</summary>
internal sealed class StoreAudit(AuditTrail audit, AuditParty caller, AuditParty us)
{
    private readonly Dictionary<string, Study> _studies = new(StringComparer.Ordinal);

    private sealed class Study(DataSet attributes)
    {
        public DataSet Attributes { get; } = attributes;

        public Dictionary<string, int> Instances { get; } = new(StringComparer.Ordinal);

        public bool HasNew { get; set; }
    }

    public void Add(string sopClassUid, in IngestOutcome outcome)
    {
        var uid = outcome.Attributes!.GetString(Tags.StudyInstanceUID) ?? "";
        if (!_studies.TryGetValue(uid, out var study))
        {
            _studies[uid] = study = new Study(outcome.Attributes);
        }

        study.Instances[sopClassUid] = study.Instances.GetValueOrDefault(sopClassUid) + 1;
        study.HasNew |= outcome.Result is IngestResult.Stored or IngestResult.KeptBoth;
    }

    public async ValueTask RecordAsync()
    {
        foreach (var (uid, study) in _studies)
        {
            var attributes = study.Attributes;
            var touched = new AuditStudy(uid, attributes.GetString(Tags.AccessionNumber) ?? "", [.. study.Instances.Select(one => (one.Key, one.Value))]);
            var patient = new AuditPatient(attributes.GetString(Tags.PatientID) ?? "", attributes.GetString(Tags.PatientName) ?? "", [touched]);
            await audit.RecordAsync(
                AuditEvents.InstancesTransferred(
                    caller, us, true, patient, study.HasNew ? AuditAction.Create : AuditAction.Read, AuditOutcome.Success),
                CancellationToken.None);
        }
    }
}
