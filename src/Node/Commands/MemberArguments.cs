using System.CommandLine;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Panal.Node.Options;
using Panal.Security.Identities;

namespace Panal.Node.Commands;

/// <summary>What a node says of itself when it makes or joins a network.</summary>
internal sealed class MemberArguments
{
    /// <summary>More addresses than these are of no use to those who dial.</summary>
    private const int GuessedEndpoints = 4;

    private readonly Option<string?> _name = new("--name") { Description = "Name in the network: letters, digits, hyphens; the device's name when left out.", HelpName = "NAME" };
    private readonly Option<string?> _institution = new("--institution") { Description = "Institution that the node belongs to; the device's when left out.", HelpName = "TEXT" };
    private readonly Option<string[]> _endpoints = new("--endpoint")
    {
        Description = "Where links reach this node, host:port; may be repeated; none if it can only dial out. Its own addresses when left out.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => [],
    };

    public MemberArguments(Command command)
    {
        command.Add(_name);
        command.Add(_institution);
        command.Add(_endpoints);
    }

    /// <summary>The name that it wants.</summary>
    /// <exception cref="CommandException">It cannot be one.</exception>
    public string NameOf(ParseResult parsed, NodeConfiguration configuration)
    {
        var name = parsed.GetValue(_name) ?? configuration.Device.EffectiveName;
        return MemberName.IsValid(name)
            ? name
            : throw new CommandException(ExitCode.Configuration, $"--name: a name has 1 to {MemberName.LengthLimit} letters, digits, hyphens, underscores or dots.");
    }

    /// <summary>The institution; may be empty.</summary>
    /// <exception cref="CommandException">It cannot be one.</exception>
    public string InstitutionOf(ParseResult parsed, NodeConfiguration configuration)
    {
        var institution = parsed.GetValue(_institution) ?? configuration.Device.InstitutionName;
        return MemberName.IsTitleOrEmpty(institution)
            ? institution
            : throw new CommandException(ExitCode.Configuration, $"--institution: at most {MemberName.TitleLengthLimit} printable characters.");
    }

    /// <summary>Where links reach it.</summary>
    /// <param name="towards">The address of this machine by which it reaches the centre, if known.</param>
    /// <exception cref="CommandException">One of them is no address.</exception>
    public IReadOnlyList<string> EndpointsOf(ParseResult parsed, NodeConfiguration configuration, IPAddress? towards)
    {
        var connection = configuration.NetworkConnection;
        var given = parsed.GetValue(_endpoints) ?? [];
        if (given is ["none"] || connection.LinkPort == 0)
        {
            return [];
        }

        if (given.Length == 0)
        {
            return [.. OwnAddresses(connection, towards).Select(address => new IPEndPoint(address, connection.LinkPort).ToString())];
        }

        var wrong = given.FirstOrDefault(e => !MemberName.IsEndpoint(e));
        return wrong is null && given.Length <= RosterMember.EndpointLimit
            ? given
            : throw new CommandException(ExitCode.Configuration, $"--endpoint: at most {RosterMember.EndpointLimit} of host:port{(wrong is null ? "" : "; this is none: " + wrong)}.");
    }

    private static IEnumerable<IPAddress> OwnAddresses(NetworkConnectionOptions connection, IPAddress? towards)
    {
        if (connection.Bind != "*")
        {
            return [connection.BindAddress];
        }

        if (towards is not null)
        {
            return [towards];
        }

        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            // Who has a gateway is reached from elsewhere.
            .OrderBy(i => i.GetIPProperties().GatewayAddresses.Count > 0 ? 0 : 1)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork || (a.AddressFamily == AddressFamily.InterNetworkV6 && !a.IsIPv6LinkLocal));
        return addresses.Take(GuessedEndpoints);
    }
}
