using Microsoft.Extensions.Logging;
using Panal.Dimse;
using Panal.ServiceClasses.Tables;

namespace Panal.ServiceClasses.Storage;

/// <summary>On whose behalf instances are sent: Move Originator (0000,1030) and (0000,1031).</summary>
public sealed record MoveOriginator(string AeTitle, ushort MessageId);

/// <summary>Tells what became of one instance.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Status">The peer's status; null when it could not be sent.</param>
/// <param name="Problem">Why it could not be sent, without patient data; null when it was.</param>
public sealed record SendOutcome(SendableInstance Instance, ushort? Status, string? Problem);

/// <summary>
/// Sends instances over one association. The next instance is opened and its beginning read while the current one is under way; where the
/// peer grants an asynchronous operations window, several are under way at once.
/// </summary>
internal sealed class InstanceSender(Association association, int window, ILogger logger)
{
    private readonly ILookup<string, PresentationContext> _contexts =
        association.Contexts.ToLookup(context => context.AbstractSyntax, StringComparer.Ordinal);

    private volatile bool _hasEnded;

    /// <summary>Sends all instances and tells what became of each; stops early when <paramref name="isCancelled"/> says so.</summary>
    public async Task SendAsync(
        IEnumerable<SendableInstance> instances, MoveOriginator? originator, Action<SendOutcome> report, Func<bool> isCancelled, CancellationToken ct)
    {
        var underWay = new Queue<Task<SendOutcome>>(window);
        ReadyInstance? ready = null;
        try
        {
            foreach (var instance in instances)
            {
                if (isCancelled())
                {
                    break;
                }

                if (instance.Arrival is { } arrival && !await ArriveAsync(arrival, underWay, report, isCancelled, ct))
                {
                    break;
                }

                (ready, var problem) = await PrepareAsync(instance, ct);
                if (underWay.Count >= window)
                {
                    report(await underWay.Dequeue());
                }

                if (ready is not null)
                {
                    underWay.Enqueue(SendOneAsync(instance, ready, originator, ct));
                    ready = null;
                }
                else
                {
                    report(new SendOutcome(instance, null, problem));
                }
            }

            while (underWay.TryDequeue(out var last))
            {
                report(await last);
            }
        }
        finally
        {
            // Only after a cancellation is anything left here; nobody waits for its outcome, but its file must be closed.
            await (ready?.DisposeAsync() ?? default);
            await Task.WhenAll((IEnumerable<Task>)underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits for an instance that is still on its way; false when nobody wants it any more. What was sent meanwhile is told meanwhile.</summary>
    private async Task<bool> ArriveAsync(
        Func<CancellationToken, ValueTask> arrival, Queue<Task<SendOutcome>> underWay, Action<SendOutcome> report, Func<bool> isCancelled, CancellationToken ct)
    {
        var arriving = arrival(ct).AsTask();
        while (!arriving.IsCompleted && underWay.TryPeek(out var first))
        {
            if (await Task.WhenAny(arriving, first) == first)
            {
                report(await underWay.Dequeue());
            }
        }

        try
        {
            await arriving;
            return true;
        }
        catch (OperationCanceledException) when (isCancelled() && !ct.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It is opened all the same, which tells why it cannot be.
            Log.InstanceUnreadable(logger, e);
            return true;
        }
    }

    private async ValueTask<(ReadyInstance? Ready, string? Problem)> PrepareAsync(SendableInstance instance, CancellationToken ct)
    {
        if (_hasEnded)
        {
            return (null, "The association ended");
        }

        var offered = _contexts[instance.SopClassUid];
        string[] accepted = [.. offered.Select(context => context.TransferSyntax.Uid)];
        if (accepted.Length == 0)
        {
            return (null, "The peer does not take its SOP class");
        }

        OutgoingDataSet? opened = null;
        try
        {
            opened = instance.Open(accepted);
            if (opened is null)
            {
                return (null, "The peer does not take its transfer syntax");
            }

            var context = offered.First(context => context.TransferSyntax.Uid == opened.TransferSyntaxUid);
            return (new ReadyInstance(opened, context, await association.PrepareAsync(context, opened.Content, ct)), null);
        }
        catch (Exception e)
        {
            if (opened is not null)
            {
                await opened.DisposeAsync();
            }

            if (e is OperationCanceledException)
            {
                throw;
            }

            Log.InstanceUnreadable(logger, e);
            return (null, "The instance cannot be read");
        }
    }

    private async Task<SendOutcome> SendOneAsync(
        SendableInstance instance, ReadyInstance ready, MoveOriginator? originator, CancellationToken ct)
    {
        await using (ready)
        {
            var command = originator is null
                ? DimseCommand.Store(ready.Context, instance.SopClassUid, instance.SopInstanceUid, DimsePriority.Medium)
                : DimseCommand.Store(ready.Context, instance.SopClassUid, instance.SopInstanceUid, DimsePriority.Medium, originator.AeTitle, originator.MessageId);
            try
            {
                var response = await association.RequestAsync(command, ready.Beginning, ct);
                if (ServiceStatus.KindOf(response.Status) == StatusKind.Failure)
                {
                    Log.PeerRefusedInstance(logger, response.Status);
                }

                return new SendOutcome(instance, response.Status, null);
            }
            catch (AssociationEndedException e)
            {
                _hasEnded = true;
                return new SendOutcome(instance, null, $"The association ended: {e.End}");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The file cannot be read to its end, so the message is torn and the association with it.
                _hasEnded = true;
                Log.InstanceUnreadable(logger, e);
                return new SendOutcome(instance, null, "The instance cannot be read");
            }
        }
    }

    /// <summary>An instance that is open, with its beginning in memory.</summary>
    private sealed record ReadyInstance(OutgoingDataSet DataSet, PresentationContext Context, FramedDataSet Beginning) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Beginning.Dispose();
            await DataSet.DisposeAsync();
        }
    }
}
