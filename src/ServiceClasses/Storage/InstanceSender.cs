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
/// Sends instances over one association. The next instance is opened while the current one is under way; where the peer grants an
/// asynchronous operations window, several are under way at once.
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
        try
        {
            foreach (var instance in instances)
            {
                if (isCancelled())
                {
                    break;
                }

                var (opened, problem) = TryOpen(instance);
                if (underWay.Count >= window)
                {
                    report(await underWay.Dequeue());
                }

                if (opened is { } ready)
                {
                    underWay.Enqueue(SendOneAsync(instance, ready.DataSet, ready.Context, originator, ct));
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
            await Task.WhenAll((IEnumerable<Task>)underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ((OutgoingDataSet DataSet, PresentationContext Context)? Opened, string? Problem) TryOpen(SendableInstance instance)
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

        try
        {
            return instance.Open(accepted) is { } opened
                ? ((opened, offered.First(context => context.TransferSyntax.Uid == opened.TransferSyntaxUid)), null)
                : (null, "The peer does not take its transfer syntax");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.InstanceUnreadable(logger, e);
            return (null, "The instance cannot be read");
        }
    }

    private async Task<SendOutcome> SendOneAsync(
        SendableInstance instance, OutgoingDataSet opened, PresentationContext context, MoveOriginator? originator, CancellationToken ct)
    {
        await using (opened)
        {
            var command = originator is null
                ? DimseCommand.Store(context, instance.SopClassUid, instance.SopInstanceUid, DimsePriority.Medium)
                : DimseCommand.Store(context, instance.SopClassUid, instance.SopInstanceUid, DimsePriority.Medium, originator.AeTitle, originator.MessageId);
            try
            {
                var response = await association.RequestAsync(command, opened.Content, ct);
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
}
