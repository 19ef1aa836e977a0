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
        var command = new Command("get", "Fetch instances from another archive into a folder (C-GET).");
        var arguments = new ClientArguments(command);
        var keys = new IdentifierArguments(command);
        command.Add(folder);
        command.SetAction((parsed, cancellationToken) => ClientArguments.RunAsync(async () =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var peer = arguments.Peer(parsed);
            var calling = arguments.CallingAeTitle(parsed);
            var identifier = keys.Identifier(parsed, _ => []);
            var path = Directory.CreateDirectory(parsed.GetRequiredValue(folder)).FullName;
            var receiver = new InstanceFolder(path);
            var classes = await ClassesAsync(peer, calling, keys, parsed, cancellationToken).ConfigureAwait(false);
            var last = await TransferProgress.RunAsync(output, "Fetching", progress => new RetrieveScu(ClientArguments.Dialer()).GetAsync(
                peer, calling, keys.Model(parsed), identifier, classes, receiver, now => MoveCommand.Tell(now, progress), cancellationToken)).ConfigureAwait(false);
            await output.WriteLineAsync(MoveCommand.Summary(last)).ConfigureAwait(false);
            await output.WriteLineAsync($"{receiver.Instances} files, {receiver.Bytes / 1e6:0.0} MB in {path}").ConfigureAwait(false);
            return ServiceStatus.KindOf(last.Status) == StatusKind.Success;
        }));
        return command;
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
