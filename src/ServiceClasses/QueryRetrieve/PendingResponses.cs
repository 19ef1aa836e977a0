using Panal.Dimse;
using Panal.ServiceClasses.Storage;

namespace Panal.ServiceClasses.QueryRetrieve;

/// <summary>Tells the progress of a C-MOVE or C-GET, and that it still goes on when there is none. PS3.4 §C.4.2.1.5.</summary>
internal sealed class PendingResponses : IAsyncDisposable
{
    private readonly DimseRequest _request;
    private readonly SubOperations _counters;
    private readonly ServiceClassOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop;
    private readonly Task _loop;

    private PendingResponses(DimseRequest request, SubOperations counters, ServiceClassOptions options, TimeProvider time)
    {
        _request = request;
        _counters = counters;
        _options = options;
        _time = time;
        _stop = new CancellationTokenSource();
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Sends the first pending response, and more until disposed.</summary>
    public static PendingResponses Start(DimseRequest request, SubOperations counters, ServiceClassOptions options, TimeProvider time) =>
        new(request, counters, options, time);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken ct)
    {
        try
        {
            var told = -1;
            var since = _time.GetTimestamp();
            while (true)
            {
                var remaining = _counters.Remaining;
                if (remaining != told || _time.GetElapsedTime(since) >= _options.PendingInterval)
                {
                    await RespondAsync();
                    told = remaining;
                    since = _time.GetTimestamp();
                }

                await Task.Delay(_options.ProgressInterval, _time, ct);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or AssociationEndedException)
        {
            // Stopped, or nobody is left to tell; the sub-operations find out by themselves.
        }
    }

    private ValueTask RespondAsync() =>
        _request.RespondAsync(
            QueryRetrieveTable.MovePending.Code, null, command => _counters.WriteCounters(command, withRemaining: true), CancellationToken.None);
}
