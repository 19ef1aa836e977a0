using System.CommandLine;
using Panal.Archive.Import;
using Panal.Node.Admin;

namespace Panal.Node.Commands;

/// <summary>`panal import`: takes in a directory or a medium; interrupted, it goes on where it stopped.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A folder, a medium with its DICOMDIR, or one file." };
        var command = new Command("import", "Take in the instances of a folder or a medium.");
        var arguments = new NodeArguments(command, withSettings: false);
        command.Add(path);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, Path.GetFullPath(parsed.GetRequiredValue(path)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, string root, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(root) && !File.Exists(root))
        {
            throw new CommandException(ExitCode.Failure, $"There is no {root}");
        }

        var configuration = arguments.LoadValid(parsed);
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var last = await TransferProgress.LastReportAsync<ImportProgress>(output, "Importing", static report => (report.DoneBytes, report.TotalBytes), report => ArchiveWork.RunAsync(
            configuration,
            "/admin/import?path=" + Uri.EscapeDataString(root),
            AdminJson.Default.ImportProgress,
            (rooms, say, token) => rooms.GetRequiredService<Importer>().ImportAsync(root, say, token),
            progress =>
            {
                report(progress);
                if (progress.Latest is { As: ImportedAs.Refused } refused)
                {
                    error.WriteLine($"{refused.Path}: {refused.Reason}");
                }
            },
            cancellationToken)).ConfigureAwait(false);
        if (last is not { IsComplete: true })
        {
            throw new CommandException(ExitCode.Failure, "The import broke off; the same command goes on where it stopped.");
        }

        await output.WriteLineAsync(Summary(last)).ConfigureAwait(false);
        return (int)(Count(last, ImportedAs.Refused) == 0 ? ExitCode.Success : ExitCode.Failure);
    }

    private static string Summary(ImportProgress result) =>
        $"{Count(result, ImportedAs.Stored)} stored, {Count(result, ImportedAs.AlreadyThere)} already there, {Count(result, ImportedAs.DoneBefore)} done before, "
        + $"{Count(result, ImportedAs.Conflicting)} conflicting, {Count(result, ImportedAs.Refused)} refused, {Count(result, ImportedAs.NotAnInstance)} no instances";

    private static int Count(ImportProgress result, ImportedAs importedAs) => result.Counts[(int)importedAs];
}
