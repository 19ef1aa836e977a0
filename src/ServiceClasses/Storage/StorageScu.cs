using Microsoft.Extensions.Logging;
using Panal.Dimse;
using Panal.ServiceClasses.Associations;
using Panal.ServiceClasses.Peers;

namespace Panal.ServiceClasses.Storage;

/// <summary>Sends instances to another application entity. PS3.4 Annex B.</summary>
public sealed class StorageScu(PeerDialer dialer, ServiceClassOptions options, ILogger<StorageScu> logger)
{
    /// <summary>Sends instances over as many associations as their presentation contexts need, one after the other.</summary>
    /// <param name="peer">Whom to send to.</param>
    /// <param name="callingAeTitle">Our AE title.</param>
    /// <param name="instances">What to send, in this order.</param>
    /// <param name="originator">The C-MOVE that asked for it, or null.</param>
    /// <param name="report">Told once for each instance, unless cancelled before.</param>
    /// <param name="isCancelled">Asked before each instance.</param>
    /// <param name="ct">Breaks off at once.</param>
    public async Task SendAsync(
        PeerAddress peer,
        string callingAeTitle,
        IReadOnlyList<SendableInstance> instances,
        MoveOriginator? originator,
        Action<SendOutcome> report,
        Func<bool> isCancelled,
        CancellationToken ct)
    {
        foreach (var batch in SendingPlan.Create(instances))
        {
            if (isCancelled())
            {
                return;
            }

            await SendAsync(peer, callingAeTitle, batch, originator, report, isCancelled, ct);
        }
    }

    private async Task SendAsync(
        PeerAddress peer, string callingAeTitle, SendingBatch batch, MoveOriginator? originator, Action<SendOutcome> report, Func<bool> isCancelled, CancellationToken ct)
    {
        var contexts = batch.Contexts.Select((context, index) => new ProposedPresentationContext(Proposals.Identifier(index), context.SopClassUid, context.TransferSyntaxUids));
        PeerAssociation opened;
        try
        {
            opened = await dialer.OpenAsync(peer, new AssociationParameters(callingAeTitle, peer.AeTitle, [.. contexts]), null, ct);
        }
        catch (Exception e) when (e is PeerUnreachableException or AssociationRejectedException or AssociationEndedException)
        {
            Log.PeerUnavailable(logger, peer, e.Message);
            foreach (var instance in batch.Instances)
            {
                report(new SendOutcome(instance, null, e.Message));
            }

            return;
        }

        await using (opened)
        {
            var sender = new InstanceSender(opened.Association, Requests.Window(opened.Association.Window.Invoked, options), logger);
            await sender.SendAsync(batch.Instances, originator, report, isCancelled, ct);
        }
    }
}
