using System.CommandLine;
using Panal.ServiceClasses.QueryRetrieve;
using Panal.ServiceClasses.Tables;

namespace Panal.Node.Commands;

/// <summary>`panal move`: has another archive send instances to a third application entity.</summary>
internal static class MoveCommand
{
    public static Command Create()
    {
        var destination = new Option<string>("--to") { Description = "AE title of the receiver, as the archive knows it.", HelpName = "TITLE", Required = true };
        var command = new Command("move", "Have another archive send instances to an application entity that it knows (C-MOVE).");
        var arguments = new ClientArguments(command);
        var keys = new IdentifierArguments(command);
        command.Add(destination);
        command.SetAction((parsed, cancellationToken) => ClientArguments.RunAsync(async () =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var identifier = keys.Identifier(parsed, _ => []);
            var last = await TransferProgress.RunAsync(output, "Moving", progress => new RetrieveScu(ClientArguments.Dialer()).MoveAsync(
                arguments.Peer(parsed), arguments.CallingAeTitle(parsed), parsed.GetRequiredValue(destination), keys.Model(parsed), identifier,
                now => Tell(now, progress), cancellationToken)).ConfigureAwait(false);
            await output.WriteLineAsync(Summary(last)).ConfigureAwait(false);
            return ServiceStatus.KindOf(last.Status) == StatusKind.Success;
        }));
        return command;
    }

    internal static void Tell(RetrieveProgress now, TransferProgress.Report progress)
    {
        var done = now.Completed + now.Failed + now.Warnings;
        progress(done, done + (now.Remaining ?? 0));
    }

    internal static string Summary(RetrieveProgress last) =>
        $"{last.Completed} instances sent, {last.Failed} failed, {last.Warnings} with warnings (status {last.Status:X4})";
}
