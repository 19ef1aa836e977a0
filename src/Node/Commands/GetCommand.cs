using System.CommandLine;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.Tables;

namespace Panal.Node.Commands;

/// <summary>`panal get`: fetches instances from another archive into a folder.</summary>
internal static class GetCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--output") { Description = "Folder for the files; one a SOP Instance UID.", HelpName = "DIR", DefaultValueFactory = _ => "." };
        var received = new Option<bool>("--as-received")
        {
            Description = "From this node's own archive, the very files that were sent to it, bit for bit; needs --study and no host.",
        };
        var command = new Command("get", "Fetch instances from another archive into a folder (C-GET), or from this one as they were received.");
        var arguments = new ClientArguments(command, isPeerNeeded: false);
        var keys = new IdentifierArguments(command);
        var node = new NodeArguments(command, withSettings: false);
        command.Add(folder);
        command.Add(received);
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(received)
            ? ReceivedCommand.RunAsync(
                node.LoadValid(parsed), keys.Identifier(parsed, _ => []), Path.GetFullPath(parsed.GetRequiredValue(folder)), parsed.InvocationConfiguration.Output, cancellationToken)
            : ClientArguments.RunAsync(() => FetchAsync(parsed, arguments, keys, parsed.GetRequiredValue(folder), cancellationToken)));
        return command;
    }

    private static async Task<bool> FetchAsync(
        ParseResult parsed, ClientArguments arguments, IdentifierArguments keys, string folder, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var peer = arguments.Peer(parsed);
        var calling = arguments.CallingAeTitle(parsed);
        var identifier = keys.Identifier(parsed, _ => []);
        var path = Directory.CreateDirectory(folder).FullName;
        var receiver = new InstanceFolder(path);
        var classes = await ClassesAsync(peer, calling, keys, parsed, cancellationToken).ConfigureAwait(false);
        var last = await TransferProgress.RunAsync(output, "Fetching", progress => new RetrieveScu(ClientArguments.Dialer()).GetAsync(
            peer, calling, keys.Model(parsed), identifier, classes, receiver, now => MoveCommand.Tell(now, progress), cancellationToken)).ConfigureAwait(false);
        await output.WriteLineAsync(MoveCommand.Summary(last)).ConfigureAwait(false);
        await output.WriteLineAsync($"{receiver.Instances} files, {receiver.Bytes / 1e6:0.0} MB in {path}").ConfigureAwait(false);
        return ServiceStatus.KindOf(last.Status) == StatusKind.Success;
    }

    /// <summary>Asks which SOP classes a study holds, so that private and rare ones are proposed too; an archive that does not say gets the usual ones.</summary>
    private static async Task<IReadOnlyCollection<string>> ClassesAsync(
        PeerAddress peer, string calling, IdentifierArguments keys, ParseResult parsed, CancellationToken cancellationToken)
    {
        var query = keys.Identifier(parsed, _ => [Tags.SOPClassesInStudy]);
        if (query.GetString(Tags.QueryRetrieveLevel) != "STUDY")
        {
            return [];
        }

        var classes = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (var study in new QueryScu(ClientArguments.Dialer()).FindAsync(peer, calling, keys.Model(parsed), query, cancellationToken).ConfigureAwait(false))
            {
                classes.UnionWith(study.GetStrings(Tags.SOPClassesInStudy).Where(uid => uid.Length > 0));
            }
        }
        catch (Exception e) when (e is OperationFailedException or ServiceNotAcceptedException or AssociationRejectedException or AssociationEndedException)
        {
            // Some answer C-GET without answering C-FIND.
            return [];
        }

        return classes;
    }
}
