using Panal.Dicom;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>The counters of a C-MOVE or C-GET. PS3.4 §C.4.2.1.6 to C.4.2.1.9.</summary>
internal sealed class SubOperations(int total)
{
    // UI has a 16-bit length in explicit VR (PS3.5 §7.1.2): of a longer list the first ones are told.
    private const int FailedListLimitBytes = 65_534;

    private readonly Lock _gate = new();
    private readonly List<string> _failedUids = [];
    private int _completed;
    private int _warnings;
    private int _failedListBytes;
    private int _failed;

    public int Total => total;

    public int Remaining
    {
        get
        {
            lock (_gate)
            {
                return total - _completed - _warnings - _failed;
            }
        }
    }

    public int Failed
    {
        get
        {
            lock (_gate)
            {
                return _failed;
            }
        }
    }

    public int Completed
    {
        get
        {
            lock (_gate)
            {
                return _completed;
            }
        }
    }

    /// <summary>Counts what became of one instance.</summary>
    public void Count(SendOutcome outcome)
    {
        if (outcome.Status is { } status)
        {
            Count(outcome.Instance.SopInstanceUid, status);
        }
        else
        {
            CountFailed(outcome.Instance.SopInstanceUid);
        }
    }

    /// <summary>Counts one answer to a C-STORE sub-operation.</summary>
    public void Count(string sopInstanceUid, ushort status)
    {
        lock (_gate)
        {
            switch (ServiceStatus.KindOf(status))
            {
                case StatusKind.Success:
                    _completed++;
                    break;
                case StatusKind.Warning:
                    _warnings++;
                    break;
                default:
                    AddFailed(sopInstanceUid);
                    break;
            }
        }
    }

    /// <summary>Counts an instance that could not be sent at all.</summary>
    public void CountFailed(string sopInstanceUid)
    {
        lock (_gate)
        {
            AddFailed(sopInstanceUid);
        }
    }

    /// <summary>Returns the status of the last response: all failed is a failure, some a warning. PS3.4 Table C.4-2.</summary>
    public ServiceStatus FinalStatus(bool isCancelled)
    {
        lock (_gate)
        {
            return isCancelled && _completed + _warnings + _failed < total ? QueryRetrieveTable.MoveCancelled
                : _failed > 0 && _failed == total ? QueryRetrieveTable.MoveUnableToPerform
                : _failed + _warnings > 0 ? QueryRetrieveTable.MoveFailures
                : QueryRetrieveTable.MoveSuccess;
        }
    }

    /// <summary>Writes the counters into a response; Remaining only while something remains. PS3.7 Table 9.3-11.</summary>
    public void WriteCounters(DataSet command, bool withRemaining)
    {
        lock (_gate)
        {
            if (withRemaining)
            {
                command.SetUInt16(Tags.NumberOfRemainingSuboperations, Saturate(total - _completed - _warnings - _failed));
            }

            command.SetUInt16(Tags.NumberOfCompletedSuboperations, Saturate(_completed));
            command.SetUInt16(Tags.NumberOfFailedSuboperations, Saturate(_failed));
            command.SetUInt16(Tags.NumberOfWarningSuboperations, Saturate(_warnings));
        }
    }

    /// <summary>Returns the identifier that lists what failed, or null when nothing did. PS3.4 §C.4.2.1.4.2.</summary>
    public DataSet? FailedIdentifier()
    {
        lock (_gate)
        {
            if (_failed == 0)
            {
                return null;
            }

            var identifier = new DataSet();
            identifier.Set(Tags.FailedSOPInstanceUIDList, [.. _failedUids]);
            return identifier;
        }
    }

    private static ushort Saturate(int count) => (ushort)Math.Min(count, ushort.MaxValue);

    private void AddFailed(string sopInstanceUid)
    {
        _failed++;
        _failedListBytes += sopInstanceUid.Length + 1;
        if (_failedListBytes < FailedListLimitBytes)
        {
            _failedUids.Add(sopInstanceUid);
        }
    }
}
