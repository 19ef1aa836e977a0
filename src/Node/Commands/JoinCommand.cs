using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Panal.Federation.Membership;
using Panal.Node.Network;
using Panal.Node.Options;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Node.Commands;

/// <summary>`panal join`: asks the centre of a network to become a member and waits for the administrator. The node may run meanwhile.</summary>
internal static class JoinCommand
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var centre = new Argument<string>("centre") { Description = "Where the centre's HTTP door is, such as https://centre.example:8080." };
        var role = new Option<NodeRole>("--role") { Description = "centre, replica or clinic; the administrator decides.", HelpName = "ROLE", DefaultValueFactory = _ => NodeRole.Clinic };
        var authority = new Option<string?>("--authority") { Description = "Fingerprint of the network's authority, told by a trusted way; without it the authentication string is typed.", HelpName = "SHA256" };
        var invitation = new Option<string?>("--invitation") { Description = "An invitation of the administrator: nobody has to approve then.", HelpName = "TEXT" };
        var command = new Command("join", "Ask the centre of a network to become a member.") { centre, role, authority, invitation };
        var own = new MemberArguments(command);
        var arguments = new NodeArguments(command, withSettings: true);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var configuration = arguments.LoadValid(parsed);
            var address = AddressOf(parsed.GetRequiredValue(centre));
            var wish = new JoinWish
            {
                Name = own.NameOf(parsed, configuration),
                Version = VersionCommand.Version.Split('+')[0],
                Endpoints = own.EndpointsOf(parsed, configuration, await OwnAddressTowardsAsync(address, cancellationToken).ConfigureAwait(false)),
                Institution = own.InstitutionOf(parsed, configuration),
                Role = parsed.GetValue(role),
                Fingerprint = FingerprintOf(parsed.GetValue(authority)),
                Invitation = InvitationOf(parsed.GetValue(invitation)),
            };
            try
            {
                return (int)await JoinAsync(parsed, configuration, address, wish, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is JoinRefusedException or NetworkDocumentException or IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCode.Failure, e.Message);
            }
        });
        return command;
    }

    private static async Task<ExitCode> JoinAsync(ParseResult parsed, NodeConfiguration configuration, Uri centre, JoinWish wish, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        using var http = Client(centre);
        var joiner = new Joiner(http, new NetworkFolder(NetworkComposition.FolderIn(configuration.DataFolder)), TimeProvider.System);
        var attempt = await joiner.AskAsync(wish, cancellationToken).ConfigureAwait(false);
        await output.WriteLineAsync($"Asked to join {attempt.NetworkName}. Authentication string: {attempt.AuthenticationString}").ConfigureAwait(false);
        if (wish.Invitation is null && wish.Fingerprint is null)
        {
            await output.WriteLineAsync("Ask the administrator of the network which string they see, and type it here:").ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            var typed = await Console.In.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (!attempt.AuthenticationString.Equals(typed?.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                throw new CommandException(ExitCode.Failure, "The strings differ: somebody may stand between this node and the centre. Nothing was joined.");
            }
        }

        await output.WriteLineAsync("Waiting for the administrator.").ConfigureAwait(false);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        var answer = await WaitAsync(joiner, attempt, cancellationToken).ConfigureAwait(false);
        if (answer.State != JoinState.Approved)
        {
            throw new CommandException(ExitCode.Failure, answer.State == JoinState.Denied
                ? $"The administrator denied the request{(answer.Reason.Length > 0 ? ": " + answer.Reason : ".")}"
                : "Nobody decided in time; ask again.");
        }

        var identity = joiner.Accept(attempt, answer);
        await output.WriteLineAsync($"Member of {attempt.NetworkName}: {identity.Name}, {identity.Address}").ConfigureAwait(false);
        var isTold = await NetworkCommand.TellRunningNodeAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false);
        await output.WriteLineAsync(isTold ? "The running node is in the network now." : $"Start the node: panal serve --data {configuration.DataFolder}").ConfigureAwait(false);
        return ExitCode.Success;
    }

    /// <summary>Looks until the administrator has decided; a line that breaks in between is no answer.</summary>
    private static async Task<JoinAnswer> WaitAsync(Joiner joiner, JoinAttempt attempt, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var answer = await joiner.LookAsync(attempt, cancellationToken).ConfigureAwait(false);
                if (answer.State != JoinState.Pending)
                {
                    return answer;
                }
            }
            catch (IOException)
            {
                // The line or the centre is down: the request is not lost by that.
            }

            await Task.Delay(LookInterval, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The channel proves nothing here, so its certificate need not either: docs/decisions/2026-11-25-joining.md.</summary>
    private static HttpClient Client(Uri centre)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
#pragma warning disable CA5359 // What comes back is proven by the authority's signatures and the authentication string, not by this channel.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        return new HttpClient(handler) { BaseAddress = centre, Timeout = AnswerTimeout };
    }

    private static Uri AddressOf(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new CommandException(ExitCode.Configuration, $"{text} is no address such as https://centre.example:8080.");

    /// <summary>The address of this machine that the routing table takes towards the centre; connecting a datagram socket sends nothing.</summary>
    private static async Task<IPAddress?> OwnAddressTowardsAsync(Uri centre, CancellationToken cancellationToken)
    {
        try
        {
            var there = (await Dns.GetHostAddressesAsync(centre.Host.Trim('[', ']'), cancellationToken).ConfigureAwait(false))[0];
            using var socket = new Socket(there.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(there, centre.Port);
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static string? FingerprintOf(string? text) => text is null ? null : Certificates.ParseFingerprint(text)
        ?? throw new CommandException(ExitCode.Configuration, "--authority: 64 hexadecimal digits.");

    private static Invitation? InvitationOf(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return Invitation.TryParse(text, out var invitation) ? invitation : throw new CommandException(ExitCode.Configuration, "--invitation: 64 characters.");
    }
}
