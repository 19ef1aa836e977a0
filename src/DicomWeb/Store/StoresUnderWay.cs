using System.Runtime.ExceptionServices;
using Panal.Archive.Ingest;

namespace Panal.DicomWeb.Store;

/// <summary>An instance of a request that was received and is on its way to the disk.</summary>
internal readonly record struct StoreUnderWay(FileIdentity Identity, Task<IngestOutcome> Outcome);

/// <summary>The instances of one request that are on their way to the disk while the next ones are received, some at a time.</summary>
/// <param name="tell">Awaits the outcome of one, in the order in which they came.</param>
internal sealed class StoresUnderWay(Func<StoreUnderWay, ValueTask> tell)
{
    /// <summary>Enough to hide a sync of the disk behind the receiving; each has a buffer and a lane of the staging log.</summary>
    public const int Limit = 4;

    private readonly Queue<StoreUnderWay> _underWay = new(Limit);

    /// <summary>Adds one; waits for the oldest when there are enough.</summary>
    public async ValueTask AddAsync(FileIdentity identity, Task<IngestOutcome> outcome)
    {
        _underWay.Enqueue(new StoreUnderWay(identity, outcome));
        if (_underWay.Count == Limit || outcome.IsFaulted)
        {
            await tell(_underWay.Dequeue());
        }
    }

    /// <summary>Waits for all that are left, also when one of them has failed; the first failure is thrown then.</summary>
    public async ValueTask EndAsync()
    {
        ExceptionDispatchInfo? failure = null;
        while (_underWay.TryDequeue(out var one))
        {
            try
            {
                await tell(one);
            }
            catch (Exception e)
            {
                failure ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        failure?.Throw();
    }
}
