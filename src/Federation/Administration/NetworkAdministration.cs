using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Administration;

/// <summary>Does what an administrator asks: here when this node holds the authority, else at a linked member that does.</summary>
public sealed class NetworkAdministration(NetworkMembership membership, NetworkOffice office, JoinDesk desk, ILinks links)
{
    /// <summary>Does it, or has it done.</summary>
    /// <exception cref="JoinRefusedException">It is refused, or nobody who could do it is linked.</exception>
    public async ValueTask<NetworkActOutcome> ActAsync(NetworkAct act, CancellationToken ct)
    {
        if (membership.Standing is not { } standing || office.Fingerprint is not null)
        {
            return Perform(act);
        }

        var linked = links.Linked;
        if (standing.Others.FirstOrDefault(m => m.HoldsAuthority && linked.Contains(new NodeId(m.Node))) is not { } holder)
        {
            throw new JoinRefusedException(JoinRefusal.NoAuthority, "This node does not hold the authority of the network, and no member that does is linked.");
        }

        return await ForwardAsync(new NodeId(holder.Node), act, ct);
    }

    /// <summary>Does it here.</summary>
    /// <exception cref="JoinRefusedException">It is refused.</exception>
    internal NetworkActOutcome Perform(NetworkAct act)
    {
        if (act.Role is { } role && !Enum.IsDefined(role))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "There is no such role.");
        }

        if (act.Grants.Any(static grant => grant is not { IsValid: true }) || act.Groups.Any(static group => group is null))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "A right is a verb, a filter and perhaps a selection (attributes are left out of query only), and a group has a name.");
        }

        switch (act.Kind)
        {
            case NetworkActKind.Requests:
                return new NetworkActOutcome { Requests = desk.Requests() };
            case NetworkActKind.Approve:
                return Of(desk.Approve(act.Target, act.Role, act.Institution, act.WithoutOthers));
            case NetworkActKind.Deny:
                return new NetworkActOutcome { Request = desk.Deny(act.Target, act.Reason) };
            case NetworkActKind.Revoke:
                return Of(office.Revoke(act.Target, act.Reason));
            case NetworkActKind.Invite:
                return new NetworkActOutcome { Invitation = desk.Invite(act.Role ?? NodeRole.Clinic) };
            case NetworkActKind.SetGroup or NetworkActKind.SetSelectiveGroup:
                office.SetGroup(act.Target, act.Grants);
                return new NetworkActOutcome();
            case NetworkActKind.RemoveGroup:
                office.RemoveGroup(act.Target);
                return new NetworkActOutcome();
            case NetworkActKind.SetGroupsOf:
                return Of(office.SetGroupsOf(act.Target, act.Groups));
            default:
                throw new JoinRefusedException(JoinRefusal.Malformed, "There is no such act.");
        }
    }

    private static NetworkActOutcome Of(RosterMember member) =>
        new() { Member = new AdministeredMember(member.Node, member.Name, member.Address, member.Role) };

    private async ValueTask<NetworkActOutcome> ForwardAsync(NodeId holder, NetworkAct act, CancellationToken ct)
    {
        try
        {
            await using var stream = await links.OpenAsync(holder, AdministrationService.ProtocolName, LinkPriority.Interactive, ct);
            AdministrationFrame.Write(stream.Output, AdministrationFrameKind.Act, act, AdministrationJson.Default.NetworkAct);
            await stream.Output.FlushAsync(ct);
            await stream.Output.CompleteAsync();
            var outcome = await AdministrationFrame.ReadAsync(stream.Input, AdministrationFrameKind.Outcome, AdministrationJson.Default.NetworkActOutcome, ct);
            return outcome.Refusal is { } refusal
                ? throw new JoinRefusedException(Enum.IsDefined(refusal) ? refusal : JoinRefusal.Conflict, outcome.Reason ?? "The holder of the authority refuses.")
                : outcome;
        }
        catch (IOException e)
        {
            throw new JoinRefusedException(JoinRefusal.NoAuthority, $"The member that holds the authority does not answer: {e.Message}", e);
        }
    }
}
