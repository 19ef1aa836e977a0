using Panal.Federation.Administration;
using Panal.Federation.Membership;
using Panal.Node.Web;
using Panal.Security.Identities;

namespace Panal.Node.Network;

/// <summary>A group of rights and who is in it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Grants">All that it may do.</param>
/// <param name="Members">Names of the members in it that are not revoked.</param>
internal sealed record GroupView(string Name, IReadOnlyList<NetworkGrant> Grants, IReadOnlyList<string> Members);

/// <summary>What a group may do from now on.</summary>
internal sealed record GroupRights(IReadOnlyList<NetworkGrant> Grants);

/// <summary>Which groups a member is in from now on.</summary>
internal sealed record GroupNames(IReadOnlyList<string> Groups);

/// <summary>`/api/network/groups`: what members may do at the nodes of this network.</summary>
internal static class GroupRoutes
{
    public static void Map(WebApplication application, HouseRoute rule)
    {
        application.MapGet("/api/network/groups", NetworkDoor.Guarded(ListAsync)).WithMetadata(rule);
        application.MapPut("/api/network/groups/{group}", NetworkDoor.Guarded(SetAsync)).WithMetadata(rule);
        application.MapDelete("/api/network/groups/{group}", NetworkDoor.Guarded(RemoveAsync)).WithMetadata(rule);
        application.MapPut("/api/network/members/{member}/groups", NetworkDoor.Guarded(AssignAsync)).WithMetadata(rule);
    }

    private static IReadOnlyList<GroupView> ViewsOf(Roster roster) =>
    [
        .. roster.Groups.OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new GroupView(
            group.Key, group.Value, [.. roster.Members.Where(m => m.Revoked is null && m.Groups.Contains(group.Key)).Select(m => m.Name)])),
    ];

    private static string Named(HttpContext context, string name) => context.GetRouteValue(name) as string ?? "";

    /// <summary>The groups as this node knows them: after an act elsewhere, the roster may be a moment away.</summary>
    private static IReadOnlyList<GroupView> Look(HttpContext context) => ViewsOf(context.RequestServices.GetRequiredService<NetworkMembership>().Standing?.Roster
        ?? throw new JoinRefusedException(JoinRefusal.Unknown, "This node is no member of a network."));

    private static Task ListAsync(HttpContext context) =>
        JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListGroupView, () => Task.FromResult(Look(context)));

    private static Task SetAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListGroupView, async () =>
    {
        var rights = await JoinDoor.ReadAsync(context, NetworkJson.Default.GroupRights).ConfigureAwait(false);
        if (rights.Grants is null || rights.Grants.Any(grant => grant is null))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "A right is a verb, a filter and perhaps a selection.");
        }

        await NetworkDoor.ActAsync(context, NetworkAct.Grant(Named(context, "group"), rights.Grants)).ConfigureAwait(false);
        return Look(context);
    });

    private static Task RemoveAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListGroupView, async () =>
    {
        await NetworkDoor.ActAsync(context, new NetworkAct { Kind = NetworkActKind.RemoveGroup, Target = Named(context, "group") }).ConfigureAwait(false);
        return Look(context);
    });

    private static Task AssignAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.MembershipView, async () =>
    {
        var names = await JoinDoor.ReadAsync(context, NetworkJson.Default.GroupNames).ConfigureAwait(false);
        if (names.Groups is null || names.Groups.Any(name => name is null))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "Groups are named.");
        }

        return NetworkDoor.ViewOf(await NetworkDoor.ActAsync(
            context, new NetworkAct { Kind = NetworkActKind.SetGroupsOf, Target = Named(context, "member"), Groups = names.Groups }).ConfigureAwait(false));
    });
}
