using Microsoft.Extensions.Logging;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Administration;

/// <summary>Is told what members had this node do, or tried to, for the audit trail.</summary>
public interface IAdministrationWitness
{
    /// <summary>A member asked for an act.</summary>
    /// <param name="by">Who, by the certificate of its link.</param>
    /// <param name="description">What, in words.</param>
    /// <param name="isDone">Whether it was done.</param>
    ValueTask AskedAsync(NodeId by, string description, bool isDone, CancellationToken cancellationToken);
}

/// <summary>Serves the acts of members that may administer; see docs/formats/administer.md.</summary>
public sealed class AdministrationService(
    NetworkMembership membership, NetworkAdministration administration, IAdministrationWitness witness, ILogger<AdministrationService> logger) : ILinkService
{
    /// <summary>Name and version of the protocol.</summary>
    public const string ProtocolName = "administer/1";

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>Serves one act.</summary>
    /// <exception cref="AdministrationProtocolException">The member does not keep to the protocol.</exception>
    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken)
    {
        var act = await AdministrationFrame.ReadAsync(stream.Input, AdministrationFrameKind.Act, AdministrationJson.Default.NetworkAct, cancellationToken);
        var outcome = Decide(stream.Peer, act);
        await witness.AskedAsync(
            stream.Peer, outcome.Reason is { } reason ? $"{act.Description}: {reason}" : act.Description, outcome.Refusal is null, cancellationToken);
        AdministrationFrame.Write(stream.Output, AdministrationFrameKind.Outcome, outcome, AdministrationJson.Default.NetworkActOutcome);
        await stream.Output.FlushAsync(cancellationToken);
        await stream.Output.CompleteAsync();
    }

    private NetworkActOutcome Decide(NodeId peer, NetworkAct act)
    {
        if (membership.Decide(peer, NetworkVerb.Administer, null) is { IsGranted: false } decision)
        {
            Log.NotAdministered(logger, peer, act.Kind);
            return new NetworkActOutcome { Refusal = JoinRefusal.NotAllowed, Reason = decision.Refusal };
        }

        try
        {
            return administration.Perform(act);
        }
        catch (JoinRefusedException e)
        {
            return new NetworkActOutcome { Refusal = e.Refusal, Reason = e.Message };
        }
    }
}
