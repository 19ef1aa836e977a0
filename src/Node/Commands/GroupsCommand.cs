using System.CommandLine;
using Panal.Node.Hosting;
using Panal.Node.Network;
using Panal.Security.Identities;

namespace Panal.Node.Commands;

/// <summary>`panal network groups [set|remove|assign]`: what members may do, on the node that holds the authority.</summary>
internal static class GroupsCommand
{
    public static Command Create()
    {
        var command = NetworkCommand.Asking("groups", "Show the groups of rights and who is in them; set, remove and assign change them.", [], async (parsed, data, cancellationToken) =>
            Show(parsed, await NodeApi.GetAsync(data, "/api/network/groups", NetworkJson.Default.IReadOnlyListGroupView, cancellationToken).ConfigureAwait(false)));
        command.Add(CreateSet());
        command.Add(CreateRemove());
        command.Add(CreateAssign());
        return command;
    }

    private static Command CreateSet()
    {
        var group = new Argument<string>("group") { Description = "Name of the group; it is made when there is none." };
        var rights = new Argument<string[]>("rights")
        {
            Description = "All that it may do: query, fetch, store, replicate or administer, then :all or :own (its own institution), then as needed ,institution=NAME ,modality=CT+MR ,days=365 ,from=2024-01-01 ,until=2024-12-31 ,without=PatientName+PatientBirthDate. None: nothing.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        return NetworkCommand.Asking("set", "Say what the members of a group may do.", [group, rights], async (parsed, data, cancellationToken) =>
        {
            NetworkGrant[] grants = [.. (parsed.GetValue(rights) ?? []).Select(text => NetworkGrant.TryParse(text, out var grant)
                ? grant
                : throw new CommandException(ExitCode.Configuration, $"{text} is no right such as query:all, store:own or query:all,modality=CT+MR,days=365,without=PatientName; attributes are left out of query only."))];
            Show(parsed, await NodeApi.SendAsync(
                data, HttpMethod.Put, PathOf(parsed.GetRequiredValue(group)), new GroupRights(grants), NetworkJson.Default.GroupRights, NetworkJson.Default.IReadOnlyListGroupView, cancellationToken)
                .ConfigureAwait(false));
        });
    }

    private static Command CreateRemove()
    {
        var group = new Argument<string>("group") { Description = "Name of a group that nobody is in." };
        return NetworkCommand.Asking("remove", "Remove a group.", [group], async (parsed, data, cancellationToken) => Show(parsed, await NodeApi.SendAsync(
            data, HttpMethod.Delete, PathOf(parsed.GetRequiredValue(group)), new Motive(), NetworkJson.Default.Motive, NetworkJson.Default.IReadOnlyListGroupView, cancellationToken).ConfigureAwait(false)));
    }

    private static Command CreateAssign()
    {
        var member = new Argument<string>("member") { Description = "Name, identity or virtual address of the member." };
        var groups = new Argument<string[]>("groups") { Description = "All groups that it is in from now on. None: it may do nothing.", Arity = ArgumentArity.ZeroOrMore };
        return NetworkCommand.Asking("assign", "Say which groups a member is in.", [member, groups], async (parsed, data, cancellationToken) =>
        {
            var names = parsed.GetValue(groups) ?? [];
            var changed = await NodeApi.SendAsync(
                data,
                HttpMethod.Put,
                $"/api/network/members/{Uri.EscapeDataString(parsed.GetRequiredValue(member))}/groups",
                new GroupNames(names),
                NetworkJson.Default.GroupNames,
                NetworkJson.Default.MembershipView,
                cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                names.Length == 0 ? $"{changed.Name} is in no group and may do nothing." : $"{changed.Name} is in {string.Join(", ", names)}.").ConfigureAwait(false);
        });
    }

    private static string PathOf(string group) => "/api/network/groups/" + Uri.EscapeDataString(group);

    private static void Show(ParseResult parsed, IReadOnlyList<GroupView> groups) => TextTable.Write(
        parsed.InvocationConfiguration.Output,
        ["Group", "May", "Members"],
        groups.Select(group => (string[])[group.Name, string.Join(", ", group.Grants.Select(grant => grant.ToText())), string.Join(", ", group.Members)]));
}
