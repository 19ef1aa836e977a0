using System.CommandLine;
using System.Globalization;
using Panal.Node.Admin;
using Panal.Node.Network;
using Panal.Swarm.Transfers;
using Spectre.Console;

namespace Panal.Node.Commands;

/// <summary>`panal fetch`: brings a study here from the other nodes that hold it, and shows how.</summary>
internal static class FetchCommand
{
    public static Command Create()
    {
        var study = new Argument<string>("STUDY") { Description = "Study Instance UID." };
        var bulk = new Option<bool>("--bulk") { Description = "Nobody waits for it: other transfers go first." };
        var command = new Command("fetch", "Bring a study here from all nodes that hold any of it, and from archives that offer the rest.") { study, bulk };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = $"/admin/fetch?study={Uri.EscapeDataString(parsed.GetRequiredValue(study))}&priority={(parsed.GetValue(bulk) ? "bulk" : "interactive")}";
            return await RunAsync(arguments.LoadValid(parsed), request, parsed.InvocationConfiguration.Output, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(Options.NodeConfiguration configuration, string request, TextWriter output, CancellationToken cancellationToken)
    {
        TransferView? last = null;
        Task AskAsync(Action<TransferView> show) => ArchiveWork.AskNodeAsync(
            configuration,
            request,
            AdminJson.Default.TransferView,
            view =>
            {
                last = view;
                show(view);
            },
            cancellationToken);

        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            var names = await NamesAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false);
            await AnsiConsole.Live(new Text("")).StartAsync(live => AskAsync(view => live.UpdateTarget(Draw(view, names)))).ConfigureAwait(false);
        }
        else
        {
            await AskAsync(static _ => { }).ConfigureAwait(false);
        }

        if (last is not { State: TransferState.Complete } done)
        {
            throw new CommandException(ExitCode.Failure, last?.Problem ?? "The transfer was broken off.");
        }

        if (done.Images == 0)
        {
            throw new CommandException(ExitCode.Failure, done.Problem ?? "Nothing to fetch.");
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{done.KeptImages} images, {done.Bytes / 1e6:0.0} MB")).ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    /// <summary>The names of the members by their node IDs; none where the node is in no network, or does not run, which the fetch tells.</summary>
    private static async Task<Dictionary<string, string>> NamesAsync(string dataFolder, CancellationToken cancellationToken)
    {
        try
        {
            var network = await NodeApi.GetAsync(dataFolder, "/api/network", NetworkJson.Default.NetworkView, cancellationToken).ConfigureAwait(false);
            return network.Members.ToDictionary(static member => member.Node.ToString(), static member => member.Name, StringComparer.Ordinal);
        }
        catch (CommandException)
        {
            return [];
        }
    }

    private static Table Draw(TransferView view, Dictionary<string, string> names)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Holder", "Rate", "Share");
        foreach (var holder in view.Holders)
        {
            var name = names.GetValueOrDefault(holder.Node, holder.Node);
            table.AddRow(
                new Text(holder.IsNear ? name + " (LAN)" : name),
                new Text(Rate(holder.BytesPerSecond)),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{100.0 * holder.DeliveredBytes / Math.Max(1, view.VerifiedBytes):0} %")));
        }

        return table.Caption(Markup.Escape(Line(view)));
    }

    /// <summary>How far a transfer is, in one line.</summary>
    internal static string Line(TransferView view)
    {
        var coarse = view.ViewableImages > view.KeptImages ? string.Create(CultureInfo.InvariantCulture, $" ({view.ViewableImages} can be looked at)") : "";
        var left = view.SecondsLeft is { } seconds ? $", {TimeSpan.FromSeconds(Math.Ceiling(seconds)):c} left" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{view.KeptImages} of {view.Images} images{coarse}, {view.VerifiedBytes / 1e6:0.0} of {view.Bytes / 1e6:0.0} MB, {Rate(view.BytesPerSecond)}{left}{(view.Problem is null ? "" : "; " + view.Problem)}");
    }

    internal static string Rate(double bytesPerSecond) => string.Create(CultureInfo.InvariantCulture, $"{bytesPerSecond / 1e6:0.00} MB/s");
}
