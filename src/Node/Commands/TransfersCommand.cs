using System.CommandLine;
using Panal.Node.Admin;
using Panal.Node.Hosting;

namespace Panal.Node.Commands;

/// <summary>`panal transfers`: lists the transfers under way, and lets them rest, go on, end, or go first.</summary>
internal static class TransfersCommand
{
    private static readonly (string Name, string Description)[] Changes =
    [
        ("pause", "Let a transfer rest."),
        ("resume", "Let a transfer go on."),
        ("cancel", "End a transfer and delete what is not complete."),
        ("interactive", "Let a transfer go before others: somebody waits."),
        ("bulk", "Let others go before a transfer."),
    ];

    public static Command Create()
    {
        var command = new Command("transfers", "List the transfers from other nodes that are under way.");
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, "/admin/transfers", cancellationToken));
        foreach (var (name, description) in Changes)
        {
            var id = new Argument<string>("ID") { Description = "The transfer, or the beginning of its ID." };
            var change = new Command(name, description) { id };
            var changeArguments = new NodeArguments(change, withSettings: false);
            change.SetAction((parsed, cancellationToken) => RunAsync(
                parsed, changeArguments, $"/admin/transfers?id={Uri.EscapeDataString(parsed.GetRequiredValue(id))}&do={name}", cancellationToken));
            command.Add(change);
        }

        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, string request, CancellationToken cancellationToken)
    {
        var views = new List<TransferView>();
        await ArchiveWork.AskNodeAsync(arguments.LoadValid(parsed), request, AdminJson.Default.TransferView, views.Add, cancellationToken).ConfigureAwait(false);
        if (views is [{ Images: 0, Problem: { Length: > 0 } problem }])
        {
            throw new CommandException(ExitCode.Failure, problem);
        }

        TextTable.Write(
            parsed.InvocationConfiguration.Output,
            ["ID", "STUDY", "STATE", "PRIORITY", "PROGRESS"],
            views.Select(static view => new[] { view.Id.ToString("D")[..8], view.Study, view.State.ToString(), view.Priority.ToString(), FetchCommand.Line(view) }));
        return (int)ExitCode.Success;
    }
}
