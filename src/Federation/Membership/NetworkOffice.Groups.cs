using Panal.Security.Identities;

namespace Panal.Federation.Membership;

/// <summary>
/// Decides what members may do: groups of rights, and who is in which. Each act signs a new roster; every node that serves asks its
/// newest one, so a right is gone where the roster has arrived.
/// </summary>
public sealed partial class NetworkOffice
{
    /// <summary>Makes a group, or gives one other rights; without rights its members may do nothing by it.</summary>
    /// <param name="group">Name of the group, as docs/formats/network.md limits it.</param>
    /// <param name="grants">All that it may do.</param>
    /// <exception cref="JoinRefusedException">The name or a right is not valid, or there are too many.</exception>
    public Roster SetGroup(string group, IReadOnlyList<NetworkGrant> grants)
    {
        if (!MemberName.IsValid(group))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, $"A name has 1 to {MemberName.LengthLimit} letters, digits, hyphens, underscores or dots.");
        }

        return Change(roster => roster with { Groups = With(roster, group, [.. grants.Distinct()]) });
    }

    /// <summary>Removes a group that nobody is in.</summary>
    /// <exception cref="JoinRefusedException">There is no such group, or members are in it.</exception>
    public Roster RemoveGroup(string group) => Change(roster =>
    {
        Require(roster, group);
        if (roster.Members.FirstOrDefault(m => m.Revoked is null && m.Groups.Contains(group)) is { } member)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, $"{member.Name} is in the group {group}; put it into others first.");
        }

        return roster with { Groups = With(roster, group, null) };
    });

    /// <summary>Puts a member into exactly these groups; into none, and it may do nothing at any node.</summary>
    /// <param name="name">Name, identity or virtual address of the member.</param>
    /// <param name="groups">Names of groups.</param>
    /// <exception cref="JoinRefusedException">There is no such member or group, or they are too many.</exception>
    public RosterMember SetGroupsOf(string name, IReadOnlyList<string> groups)
    {
        RosterMember? changed = null;
        Change(roster =>
        {
            string[] distinct = [.. groups.Distinct(StringComparer.Ordinal)];
            foreach (var group in distinct)
            {
                Require(roster, group);
            }

            if (distinct.Length > RosterMember.GroupLimit)
            {
                throw new JoinRefusedException(JoinRefusal.Malformed, $"A member is in at most {RosterMember.GroupLimit} groups.");
            }

            changed = FindMember(roster, name) with { Groups = distinct };
            return roster with { Members = [.. roster.Members.Select(m => m.Node == changed.Node ? changed : m)] };
        });
        return changed!;
    }

    private static SortedDictionary<string, IReadOnlyList<NetworkGrant>> With(Roster roster, string group, IReadOnlyList<NetworkGrant>? grants)
    {
        var groups = new SortedDictionary<string, IReadOnlyList<NetworkGrant>>(StringComparer.Ordinal);
        foreach (var (name, rights) in roster.Groups)
        {
            groups[name] = rights;
        }

        groups.Remove(group);
        if (grants is not null)
        {
            groups[group] = grants;
        }

        return groups;
    }

    private static void Require(Roster roster, string group)
    {
        if (!roster.Groups.ContainsKey(group))
        {
            throw new JoinRefusedException(JoinRefusal.Unknown, $"There is no group {(MemberName.IsValid(group) ? group : "of this name")}.");
        }
    }

    private static RosterMember FindMember(Roster roster, string name) =>
        roster.Members.FirstOrDefault(m => m.Revoked is null
            && (m.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || m.Node.ToString("D") == name || m.Address == name))
        ?? throw new JoinRefusedException(JoinRefusal.Unknown, $"There is no member {(MemberName.IsValid(name) ? name : "of this name")}.");

    /// <summary>Signs what a change makes of the roster.</summary>
    private Roster Change(Func<Roster, Roster> change)
    {
        lock (_gate)
        {
            _ = Authority();
            var roster = membership.Standing!.Roster;
            // Rights do not wait for anybody either: a right that is taken away must be gone.
            var leap = IsAlone() ? MembershipLimits.VersionLeap : 0;
            Publish(change(roster) with { Version = roster.Version + 1 + leap });
            return membership.Standing!.Roster;
        }
    }
}
