using System.Collections.Concurrent;
using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.Dimse;
using Panal.Security.Audit;
using Panal.ServiceClasses.Associations;

namespace Panal.ServiceClasses.Storage;

/// <summary>Writes one audit message for each burst of stored instances: those of one study on one association. PS3.15 §A.5.3.7.</summary>
public sealed class StorageAudit(AuditTrail audit, TimeProvider time)
{
    // A sender that keeps its association for the whole day is told of in time all the same.
    private static readonly TimeSpan LongestBurst = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Association, Burst> _bursts = new();

    /// <summary>Counts an instance that is stored, or was already there.</summary>
    /// <param name="association">The association that it came on.</param>
    /// <param name="sopClassUid">Its SOP class.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="isRetrieved">True when we opened the association and the other side sends.</param>
    public ValueTask RecordAsync(Association association, string sopClassUid, in IngestOutcome outcome, bool isRetrieved)
    {
        if (outcome.Attributes is not { } attributes)
        {
            return ValueTask.CompletedTask;
        }

        if (!_bursts.TryGetValue(association, out var burst))
        {
            burst = _bursts.GetOrAdd(association, one => new Burst(one, isRetrieved, time, FinishAsync));
        }

        return burst.Add(attributes, sopClassUid, outcome.Result) is { } finished
            ? audit.RecordAsync(finished, CancellationToken.None)
            : ValueTask.CompletedTask;
    }

    private async Task FinishAsync(Association association, Burst burst)
    {
        await association.WhenEnded();
        _bursts.TryRemove(association, out _);
        if (burst.Take() is { } last)
        {
            await audit.RecordAsync(last, CancellationToken.None);
        }
    }

    private sealed class Burst
    {
        private readonly Lock _gate = new();
        private readonly Association _association;
        private readonly bool _isRetrieved;
        private readonly TimeProvider _time;
        private readonly Dictionary<string, int> _instances = new(StringComparer.Ordinal);
        private DataSet? _first;
        private string _study = "";
        private bool _isNew;
        private long _since;

        public Burst(Association association, bool isRetrieved, TimeProvider time, Func<Association, Burst, Task> finish)
        {
            _association = association;
            _isRetrieved = isRetrieved;
            _time = time;
            Finishing = finish(association, this);
        }

        /// <summary>Ends when the last burst of the association is told.</summary>
        public Task Finishing { get; }

        public AuditMessage? Add(DataSet attributes, string sopClassUid, IngestResult result)
        {
            var study = attributes.GetString(Tags.StudyInstanceUID) ?? "";
            lock (_gate)
            {
                var finished = _study != study || _time.GetElapsedTime(_since) > LongestBurst ? TakeUnderLock() : null;
                if (_first is null)
                {
                    (_first, _study, _since) = (attributes, study, _time.GetTimestamp());
                }

                _isNew |= result is IngestResult.Stored or IngestResult.KeptBoth;
                _instances[sopClassUid] = _instances.GetValueOrDefault(sopClassUid) + 1;
                return finished;
            }
        }

        public AuditMessage? Take()
        {
            lock (_gate)
            {
                return TakeUnderLock();
            }
        }

        private AuditMessage? TakeUnderLock()
        {
            if (_first is not { } attributes)
            {
                return null;
            }

            var study = new AuditStudy(
                _study, attributes.GetString(Tags.AccessionNumber) ?? "", [.. _instances.Select(one => (one.Key, one.Value))]);
            var patient = new AuditPatient(attributes.GetString(Tags.PatientID) ?? "", attributes.GetString(Tags.PatientName) ?? "", [study]);
            var action = _isNew ? AuditAction.Create : AuditAction.Read;
            (_first, _isNew) = (null, false);
            _instances.Clear();
            return _isRetrieved
                ? AuditEvents.InstancesTransferred(_association.Called(), _association.Caller(), false, patient, action, AuditOutcome.Success)
                : AuditEvents.InstancesTransferred(_association.Requestor(), _association.Acceptor(), true, patient, action, AuditOutcome.Success);
        }
    }
}
