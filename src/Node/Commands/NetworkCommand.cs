using System.CommandLine;
using System.Globalization;
using Panal.Federation.Membership;
using Panal.Node.Admin;
using Panal.Node.Hosting;
using Panal.Node.Network;
using Panal.Security.Identities;

namespace Panal.Node.Commands;

/// <summary>`panal network create|status|requests|approve|deny|revoke|invite|authority renew|groups|conflicts|coverage`: who is in the network.</summary>
internal static class NetworkCommand
{
    private const string None = "–";

    public static Command Create() => new("network", "Make a network, look at it, and decide who is in it.")
    {
        CreateCreate(),
        CreateStatus(),
        CreateRequests(),
        CreateApprove(),
        CreateDeny(),
        CreateRevoke(),
        CreateInvite(),
        CreateAuthority(),
        GroupsCommand.Create(),
        ConflictsCommand.Create(),
        PlaceCommand.CreateCoverage(),
    };

    /// <summary>Tells the node that runs on the data folder, if one does, that the folder of the network is there.</summary>
    public static async Task<bool> TellRunningNodeAsync(string dataFolder, CancellationToken cancellationToken)
    {
        using var running = await AdminSocket.TryConnectAsync(dataFolder, cancellationToken).ConfigureAwait(false);
        if (running is null)
        {
            return false;
        }

        await NodeApi.PostAsync(dataFolder, "/admin/network/load", new Motive(), NetworkJson.Default.Motive, NetworkJson.Default.NetworkView, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static Command CreateCreate()
    {
        var network = new Argument<string>("name") { Description = "Name of the network, 1 to 64 characters." };
        var range = new Option<string>("--range") { Description = "Virtual addresses: an IPv4 or unique local IPv6 network, or ipv6 for a new one.", HelpName = "CIDR", DefaultValueFactory = _ => AddressRange.Default.ToString() };
        var command = new Command("create", "Make a network whose first member, and authority, is this node.") { network, range };
        var own = new MemberArguments(command);
        var arguments = new NodeArguments(command, withSettings: true);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var configuration = arguments.LoadValid(parsed);
            var addresses = parsed.GetRequiredValue(range);
            var chosen = addresses == "ipv6" ? AddressRange.CreateUniqueLocal() : AddressRange.TryParse(addresses, out var read) ? read : throw new CommandException(
                ExitCode.Configuration, $"{addresses} is no range of addresses: IPv4 /8 to /29, or IPv6 unique local /48 to /112.");
            try
            {
                var fingerprint = NetworkFounding.Create(
                    new NetworkFolder(NetworkComposition.FolderIn(configuration.DataFolder)), parsed.GetRequiredValue(network), chosen,
                    own.NameOf(parsed, configuration), own.InstitutionOf(parsed, configuration), own.EndpointsOf(parsed, configuration, null),
                    TimeProvider.System.GetUtcNow());
                var output = parsed.InvocationConfiguration.Output;
                await output.WriteLineAsync($"The network {parsed.GetRequiredValue(network)} is made. Fingerprint of its authority:").ConfigureAwait(false);
                await output.WriteLineAsync(fingerprint).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NetworkDocumentException or IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCode.Failure, e.Message);
            }

            await TellRunningNodeAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateStatus() => Asking("status", "Show the members and the links to them.", [], async (parsed, data, cancellationToken) =>
    {
        var network = await NodeApi.GetAsync(data, "/api/network", NetworkJson.Default.NetworkView, cancellationToken).ConfigureAwait(false);
        var output = parsed.InvocationConfiguration.Output;
        await output.WriteLineAsync($"{network.Name} ({network.Network}), roster {network.RosterVersion}, deny list {network.DenyListVersion}, our certificate ends {network.CertificateEnds.UtcDateTime:yyyy-MM-dd}").ConfigureAwait(false);
        if (network.Authority is { } fingerprint)
        {
            await output.WriteLineAsync($"This node holds the authority {fingerprint}").ConfigureAwait(false);
        }

        TextTable.Write(
            output,
            ["Name", "Role", "Virtual address", "State", "Round trip", "Up", "Down", "Feed lag", "As of", "Holdings", "Trouble"],
            network.Members.Select(RowOf));
        await RecycleCommand.WriteUseAsync(output, data, cancellationToken).ConfigureAwait(false);
    });

    private static Command CreateRequests() => Asking("requests", "Show the nodes that ask to join.", [], async (parsed, data, cancellationToken) =>
    {
        var requests = await NodeApi.GetAsync(data, "/api/network/requests", NetworkJson.Default.IReadOnlyListJoinRequestView, cancellationToken).ConfigureAwait(false);
        TextTable.Write(
            parsed.InvocationConfiguration.Output,
            ["Authentication string", "Name", "Role", "Institution", "From", "Asked", "State", "Request"],
            requests.Select(r => (string[])
            [
                r.AuthenticationString, r.Name, r.Role.ToString().ToLowerInvariant(), r.Institution, r.Address,
                r.At.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), r.State.ToString().ToLowerInvariant(), r.Id,
            ]));
    });

    private static Command CreateApprove()
    {
        var request = new Argument<string>("request") { Description = "The authentication string that the node shows, or the request's identity." };
        var role = new Option<NodeRole?>("--role") { Description = "centre, replica or clinic; what it asked for when left out.", HelpName = "ROLE" };
        var institution = new Option<string?>("--institution") { Description = "Institution that it belongs to; what it said when left out.", HelpName = "TEXT" };
        var alone = new Option<bool>("--without-others") { Description = "Although no other member could be asked whether this authority is the newest." };
        return Asking("approve", "Let a node in, after comparing the authentication string.", [request, role, institution, alone], async (parsed, data, cancellationToken) =>
        {
            var member = await NodeApi.PostAsync(
                data,
                $"/api/network/requests/{Uri.EscapeDataString(parsed.GetRequiredValue(request))}/approve",
                new Approval(parsed.GetValue(role), parsed.GetValue(institution), parsed.GetValue(alone)),
                NetworkJson.Default.Approval,
                NetworkJson.Default.MembershipView,
                cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{member.Name} is a member: {member.Role}, {member.Address}").ConfigureAwait(false);
        });
    }

    private static Command CreateDeny()
    {
        var request = new Argument<string>("request") { Description = "The authentication string that the node shows, or the request's identity." };
        var reason = ReasonOption();
        return Asking("deny", "Turn a node away that asks to join.", [request, reason], async (parsed, data, cancellationToken) =>
        {
            var denied = await NodeApi.PostAsync(
                data,
                $"/api/network/requests/{Uri.EscapeDataString(parsed.GetRequiredValue(request))}/deny",
                new Motive(parsed.GetRequiredValue(reason)),
                NetworkJson.Default.Motive,
                NetworkJson.Default.JoinRequestView,
                cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{denied.Name} is turned away.").ConfigureAwait(false);
        });
    }

    private static Command CreateRevoke()
    {
        var member = new Argument<string>("member") { Description = "Name, identity or virtual address of the member." };
        var reason = ReasonOption();
        return Asking("revoke", "End a membership at once and for ever.", [member, reason], async (parsed, data, cancellationToken) =>
        {
            var revoked = await NodeApi.PostAsync(
                data,
                $"/api/network/members/{Uri.EscapeDataString(parsed.GetRequiredValue(member))}/revoke",
                new Motive(parsed.GetRequiredValue(reason)),
                NetworkJson.Default.Motive,
                NetworkJson.Default.MembershipView,
                cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{revoked.Name} is revoked; its address {revoked.Address} is not given again.").ConfigureAwait(false);
        });
    }

    private static Command CreateInvite()
    {
        var role = new Option<NodeRole>("--role") { Description = "centre, replica or clinic.", HelpName = "ROLE", DefaultValueFactory = _ => NodeRole.Clinic };
        return Asking("invite", "Make an invitation: whoever has it within 15 minutes is let in, once.", [role], async (parsed, data, cancellationToken) =>
        {
            var made = await NodeApi.PostAsync(
                data, "/api/network/invitations", new InvitationAsk(parsed.GetValue(role)), NetworkJson.Default.InvitationAsk, NetworkJson.Default.InvitationView, cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(made.Invitation).ConfigureAwait(false);
        });
    }

    private static Command CreateAuthority()
    {
        var alone = new Option<bool>("--without-others") { Description = "Do not wait for members that are away; they have to join again." };
        var renew = Asking("renew", "Take the next of the three steps that change the authority.", [alone], async (parsed, data, cancellationToken) =>
        {
            var step = await NodeApi.PostAsync(
                data, "/api/network/authority/renew", new AuthorityAsk(parsed.GetValue(alone)), NetworkJson.Default.AuthorityAsk, NetworkJson.Default.AuthorityStep, cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{step.Done} {step.Next}".TrimEnd()).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"Fingerprint of the authority that signs: {step.Fingerprint}").ConfigureAwait(false);
        });
        return new Command("authority", "The authority of the network, on the node that holds it.") { renew };
    }

    private static Option<string> ReasonOption() => new("--reason") { Description = "For people.", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    /// <summary>A command that asks the node that runs on the data folder.</summary>
    internal static Command Asking(string name, string description, Symbol[] symbols, Func<ParseResult, string, CancellationToken, Task> ask)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await ask(parsed, parsed.GetRequiredValue(arguments.Data), cancellationToken).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static string[] RowOf(MemberView member) =>
    [
        member.Name,
        member.Role,
        member.Address,
        member.Relay is null ? member.State : $"{member.State} through {member.Relay}",
        member.RoundTripMilliseconds is { } trip ? string.Create(CultureInfo.InvariantCulture, $"{trip:0.0} ms") : None,
        RateOf(member.SentBytesPerSecond),
        RateOf(member.ReceivedBytesPerSecond),
        member.FeedLag?.ToString(CultureInfo.InvariantCulture) ?? None,
        AsOf(member, TimeProvider.System.GetUtcNow()),
        member.HeldInstances?.ToString(CultureInfo.InvariantCulture) ?? None,
        member.Trouble ?? "",
    ];

    /// <summary>How old what is known of a member's holdings is at most.</summary>
    internal static string AsOf(MemberView member, DateTimeOffset now)
    {
        if (member.FeedHeardAt is not { } at)
        {
            return None;
        }

        var age = now > at ? now - at : TimeSpan.Zero;
        var text = age switch
        {
            { TotalSeconds: < 120 } => $"{age.TotalSeconds:0} s ago",
            { TotalMinutes: < 120 } => $"{age.TotalMinutes:0} min ago",
            { TotalHours: < 48 } => $"{age.TotalHours:0} h ago",
            _ => $"{age.TotalDays:0} d ago",
        };
        return member.FeedIsComplete == false ? text + ", catching up" : text;
    }

    private static string RateOf(double? bytes) => bytes is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate / 1000:0.0} kB/s") : None;
}
