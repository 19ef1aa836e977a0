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

    /// <summary>A right as people write it: <c>query:all</c>, <c>store:own</c>.</summary>
    public static string TextOf(NetworkGrant grant) =>
        $"{grant.Verb.ToString().ToLowerInvariant()}:{(grant.Filter == NetworkFilter.All ? "all" : "own")}";

    /// <summary>Reads a right as people write it.</summary>
    public static bool TryParse(string text, out NetworkGrant grant)
    {
        var (verb, filter) = text.Split(':') is [var first, var second] ? (first, second) : ("", "");
        var isVerb = Enum.TryParse<NetworkVerb>(verb, ignoreCase: true, out var read) && Enum.IsDefined(read) && verb.All(char.IsAsciiLetter);
        grant = new NetworkGrant(read, filter == "own" ? NetworkFilter.OwnInstitution : NetworkFilter.All);
        return isVerb && filter is "all" or "own";
    }

    private static IReadOnlyList<GroupView> ViewsOf(Roster roster) =>
    [
        .. roster.Groups.OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new GroupView(
            group.Key, group.Value, [.. roster.Members.Where(m => m.Revoked is null && m.Groups.Contains(group.Key)).Select(m => m.Name)])),
    ];

    private static NetworkOffice Office(HttpContext context) => context.RequestServices.GetRequiredService<NetworkOffice>();

    private static string Named(HttpContext context, string name) => context.GetRouteValue(name) as string ?? "";

    private static Task ListAsync(HttpContext context) => JoinDoor.AnswerAsync(
        context,
        NetworkJson.Default.IReadOnlyListGroupView,
        () => Task.FromResult(ViewsOf(context.RequestServices.GetRequiredService<NetworkMembership>().Standing?.Roster
            ?? throw new JoinRefusedException(JoinRefusal.Unknown, "This node is no member of a network."))));

    private static Task SetAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListGroupView, async () =>
    {
        var rights = await JoinDoor.ReadAsync(context, NetworkJson.Default.GroupRights).ConfigureAwait(false);
        if (rights.Grants is null || rights.Grants.Any(grant => grant is null || !Enum.IsDefined(grant.Verb) || !Enum.IsDefined(grant.Filter)))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "A right is a verb and a filter.");
        }

        var what = $"give the group {Named(context, "group")} the rights {string.Join(", ", rights.Grants.Select(TextOf))}";
        return await NetworkDoor.AuditedAsync(context, what, () => ViewsOf(Office(context).SetGroup(Named(context, "group"), rights.Grants))).ConfigureAwait(false);
    });

    private static Task RemoveAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.IReadOnlyListGroupView, () => NetworkDoor.AuditedAsync(
        context, $"remove the group {Named(context, "group")}", () => ViewsOf(Office(context).RemoveGroup(Named(context, "group")))));

    private static Task AssignAsync(HttpContext context) => JoinDoor.AnswerAsync(context, NetworkJson.Default.MembershipView, async () =>
    {
        var names = await JoinDoor.ReadAsync(context, NetworkJson.Default.GroupNames).ConfigureAwait(false);
        if (names.Groups is null || names.Groups.Any(name => name is null))
        {
            throw new JoinRefusedException(JoinRefusal.Malformed, "Groups are named.");
        }

        return await NetworkDoor.AuditedAsync(
            context,
            $"put {Named(context, "member")} into the groups {string.Join(", ", names.Groups)}",
            () => NetworkDoor.ViewOf(Office(context).SetGroupsOf(Named(context, "member"), names.Groups))).ConfigureAwait(false);
    });
}
