using Panal.Dicom;

namespace Panal.Dimse;

// Operations that the peer invoked.
public sealed partial class Association
{
    private readonly Dictionary<ushort, Performing> performingRequests = [];
    private readonly Turns performing;
    private TaskCompletionSource? allPerformed;
    private ITimer? stopTimer;
    private bool isStopping;
    private bool isAwaitingTurn;

    private bool HasPerforming
    {
        get
        {
            lock (gate)
            {
                return performingRequests.Count > 0;
            }
        }
    }

    private async ValueTask<bool> PerformAsync(PresentationContext context, DataSet command)
    {
        messages++;
        DimseMetrics.CountMessage();
        if (!performing.TryEnter())
        {
            await AwaitTurnAsync();
        }

        var hasDataSet = command.GetUInt16(Tags.CommandDataSetType) is { } type && type != CommandFields.NoDataSet;
        var reader = hasDataSet ? receiver.BeginDataSet(context.Id) : null;
        var request = new DimseRequest(this, context, command, reader);
        var entry = new Performing(request);
        if (Refusal(entry) is { } status)
        {
            entry.Task = RefuseAsync(entry, status);
        }
        else if (request.CommandField is CommandField.CStore or CommandField.CEcho)
        {
            // Begins on this thread: the data set is read where it arrives.
            entry.Task = RunAsync(entry);
        }
        else
        {
            // On a thread of its own: however long it computes, C-CANCEL is read.
            entry.Task = Task.Run(() => RunAsync(entry), CancellationToken.None);
        }

        return hasDataSet && await receiver.EndDataSetAsync(context.Id);
    }

    // Waiting would never end when the peer in turn waits for us to read its response to a sub-operation.
    private async ValueTask AwaitTurnAsync()
    {
        lock (gate)
        {
            // A place whose request is answered becomes free by itself: the peer may send the next on the answer's arrival.
            if (pending.Count > 0 && performingRequests.Count > 0 && performingRequests.Values.All(entry => !entry.Request.IsAnswering))
            {
                throw new AssociationAbortException("More operations were invoked than agreed.", AbortReason.NotSpecified);
            }

            isAwaitingTurn = true;
        }

        await performing.EnterAsync(CancellationToken.None);
        lock (gate)
        {
            isAwaitingTurn = false;
        }

        if (connection.End is { } end)
        {
            throw UpperLayerConnection.Copy(end);
        }
    }

    // The status of a request that is not to be performed, or null; then it is among those performed.
    private ushort? Refusal(Performing entry)
    {
        lock (gate)
        {
            if (service is null || !CommandFields.IsRequest((ushort)entry.Request.CommandField))
            {
                return DimseStatus.UnrecognizedOperation;
            }

            return performingRequests.TryAdd(entry.Request.MessageId, entry) ? null : DimseStatus.DuplicateInvocation;
        }
    }

    private async Task RefuseAsync(Performing entry, ushort status)
    {
        try
        {
            await entry.Request.RespondAsync(status, CancellationToken.None);
        }
        catch (AssociationEndedException)
        {
            // The loop knows.
            return;
        }
        finally
        {
            entry.Request.LeaveDataSet();
            performing.Leave();
        }
    }

    private async Task RunAsync(Performing entry)
    {
        var request = entry.Request;
        try
        {
            await service!.HandleAsync(request, entry.Cancellation.Token);
            if (!request.IsAnswered && connection.End is null)
            {
                Log.Unanswered(logger, Number, request.CommandField);
                await request.RespondAsync(DimseStatus.ProcessingFailure, CancellationToken.None);
            }
        }
        catch (AssociationEndedException)
        {
            // The loop knows.
        }
        catch (AssociationAbortException violation)
        {
            connection.TryEnd(new AssociationEndedException(AssociationEnd.ProtocolViolation, violation.Message, violation));
        }
        catch (Exception failure)
        {
            await AnswerFailureAsync(request, failure);
        }
        finally
        {
            request.LeaveDataSet();
            Finish(entry);
        }
    }

    private async ValueTask AnswerFailureAsync(DimseRequest request, Exception failure)
    {
        if (connection.End is not null)
        {
            return;
        }

        Log.HandlerFailed(logger, failure, Number, request.CommandField);
        try
        {
            if (!request.IsAnswered)
            {
                await request.RespondAsync(DimseStatus.ProcessingFailure, CancellationToken.None);
            }
        }
        catch (Exception again) when (again is not OutOfMemoryException)
        {
            // It cannot be answered: the peer must not wait for ever.
            connection.TryEnd(new AssociationEndedException(AssociationEnd.AbortedLocally, "A request could not be answered.", again));
        }
    }

    private void Finish(Performing entry)
    {
        bool isStopped;
        lock (gate)
        {
            performingRequests.Remove(entry.Request.MessageId);
            isStopped = performingRequests.Count == 0;
            if (isStopped)
            {
                allPerformed?.TrySetResult();
            }

            isStopped &= isStopping;
            entry.Finish();
        }

        performing.Leave();
        connection.ReconsiderSilence();
        if (isStopped)
        {
            EndStopped();
        }
    }

    private Task WhenPerformed()
    {
        lock (gate)
        {
            if (performingRequests.Count == 0)
            {
                return Task.CompletedTask;
            }

            allPerformed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return allPerformed.Task;
        }
    }

    private bool ReceiveCancel(DataSet command)
    {
        Performing? entry = null;
        if (command.GetUInt16(Tags.MessageIDBeingRespondedTo) is { } id)
        {
            lock (gate)
            {
                performingRequests.TryGetValue(id, out entry);
            }
        }

        // What has ended already needs no cancelling (PS3.7 §9.3.2.3).
        entry?.Request.RequestCancel();
        entry?.Cancel();
        return false;
    }

    private void CancelPerforming()
    {
        Performing[] entries;
        lock (gate)
        {
            entries = [.. performingRequests.Values];
        }

        foreach (var entry in entries)
        {
            entry.Cancel();
        }
    }

    /// <summary>One operation being performed.</summary>
    private sealed class Performing(DimseRequest request)
    {
        private readonly Lock gate = new();
        private bool isFinished;

        public DimseRequest Request { get; } = request;

        public CancellationTokenSource Cancellation { get; } = new();

        public Task Task { get; set; } = Task.CompletedTask;

        public void Cancel()
        {
            lock (gate)
            {
                if (isFinished)
                {
                    return;
                }
            }

            // Of a source that is disposed meanwhile this would throw; it is never disposed, as it has no timer.
            Cancellation.Cancel();
        }

        public void Finish()
        {
            lock (gate)
            {
                isFinished = true;
            }
        }
    }
}
