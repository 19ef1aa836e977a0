using System.CommandLine;
using System.Globalization;
using Panal.Archive.Retrieve.Metadata;
using Panal.Node.Admin;

namespace Panal.Node.Commands;

/// <summary>`panal metadata`: how much of the metadata is stored in the catalogue, and the storing of what is missing at once.</summary>
internal static class MetadataCommand
{
    public static Command Create()
    {
        var command = new Command("metadata", "Keep the attributes of images in the catalogue, as DICOMweb answers them, so that files need not be opened for them.");
        var status = new Command("status", "Show of how many images the metadata is stored, and what is missing.");
        var shown = new NodeArguments(status, withSettings: false);
        status.SetAction((parsed, cancellationToken) => ShowAsync(parsed, shown, cancellationToken));
        command.Add(status);
        var run = new Command("run", "Store at once all that is missing, with a whole core; ending the command ends the work after the series in hand.");
        var arguments = new NodeArguments(run, withSettings: false);
        run.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, cancellationToken));
        command.Add(run);
        return command;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, NodeArguments arguments, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var status = await ArchiveWork.AnswerAsync(
            configuration,
            "/admin/metadata/status",
            AdminJson.Default.MetadataStatus,
            static (rooms, token) => rooms.GetRequiredService<MetadataKeeper>().Status(token),
            cancellationToken).ConfigureAwait(false);
        var output = parsed.InvocationConfiguration.Output;
        var work = !configuration.Metadata.Stored ? "switched off" : status.IsOn ? "on" : "waits for panal serve";
        await output.WriteLineAsync($"Work in the background: {work}").ConfigureAwait(false);
        var each = status.Instances == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {status.Bytes / status.Instances} bytes each");
        await output.WriteLineAsync($"Stored: the metadata of {status.Instances} images of {status.Series} series{each}").ConfigureAwait(false);
        await output.WriteLineAsync($"Missing: some of {status.MissingSeries} series").ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var output = parsed.InvocationConfiguration.Output;
        var last = await TransferProgress.LastReportAsync<MetadataProgress>(output, "Storing", static report => (report.Looked, report.Total), report => ArchiveWork.RunAsync(
            configuration,
            "/admin/metadata/run",
            AdminJson.Default.MetadataProgress,
            static (rooms, say, token) => rooms.GetRequiredService<MetadataKeeper>().RunOnceAsync(say, token),
            report,
            cancellationToken)).ConfigureAwait(false);
        if (last is not { IsComplete: true })
        {
            throw new CommandException(ExitCode.Failure, "The work broke off; what is stored stays stored.");
        }

        await output.WriteLineAsync($"Stored the metadata of {last.Instances} images; {last.Looked} series were looked at").ConfigureAwait(false);
        return (int)ExitCode.Success;
    }
}
