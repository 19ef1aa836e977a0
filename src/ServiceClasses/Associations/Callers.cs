using System.Runtime.CompilerServices;
using Panal.Dimse;
using Panal.Security.Access;

namespace Panal.ServiceClasses.Associations;

/// <summary>Who is at the other end of the associations that others opened, and what they may do.</summary>
public sealed class Callers(AccessControl access)
{
    // One decision an association: it was let in under these rights, and C-STORE asks for each instance.
    private readonly ConditionalWeakTable<Association, AccessDecision> _decisions = [];

    /// <summary>Returns what access decided on the caller.</summary>
    public async ValueTask<AccessDecision> DecisionAsync(Association association, CancellationToken ct)
    {
        if (_decisions.TryGetValue(association, out var known))
        {
            return known;
        }

        var request = ServicePolicy.AccessRequestOf(association.CallingAeTitle, association.CalledAeTitle, association.Peer);
        var decision = await access.DecideAsync(request, ct);
        _decisions.AddOrUpdate(association, decision);
        return decision;
    }

    /// <summary>Tells whether the caller has a right.</summary>
    public async ValueTask<bool> MayAsync(Association association, Rights wanted, CancellationToken ct) =>
        (await DecisionAsync(association, ct)).Allows(wanted);

    /// <summary>Returns where the caller may have instances sent, or null.</summary>
    public async ValueTask<ApplicationEntity?> MoveDestinationAsync(Association association, string destination, CancellationToken ct) =>
        access.MoveDestination(await DecisionAsync(association, ct), destination);
}
