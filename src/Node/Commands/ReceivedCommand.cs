using System.CommandLine;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Node.Admin;
using Panal.Node.Options;

namespace Panal.Node.Commands;

/// <summary>`panal get --as-received`: the files of this node's own archive exactly as they were sent to it, whatever form they are kept in.</summary>
internal static class ReceivedCommand
{
    public static async Task<int> RunAsync(NodeConfiguration configuration, DataSet identifier, string folder, TextWriter output, CancellationToken cancellationToken)
    {
        var wish = new ReceivedWish(
            identifier.GetString(Tags.StudyInstanceUID) ?? "", identifier.GetString(Tags.SeriesInstanceUID) ?? "", identifier.GetString(Tags.SOPInstanceUID) ?? "", folder);
        if (wish.Study.Length == 0)
        {
            throw new CommandException(ExitCode.Failure, "--as-received needs --study, and takes --series and --image besides.");
        }

        var last = await TransferProgress.LastReportAsync<ReceivedExportProgress>(output, "Writing", static report => (report.Written + report.Failed, report.Total), report => ArchiveWork.RunAsync(
            configuration,
            "/admin/received?" + wish.Query,
            AdminJson.Default.ReceivedExportProgress,
            (rooms, say, token) => ReceivedWork.ExportAsync(rooms, wish, say, token),
            report,
            cancellationToken)).ConfigureAwait(false);
        if (last is not { IsComplete: true })
        {
            throw new CommandException(ExitCode.Failure, "The work broke off; files that are there are whole.");
        }

        await output.WriteLineAsync($"{last.Written} of {last.Total} files as they were received, {last.Bytes / 1e6:0.0} MB in {folder}").ConfigureAwait(false);
        return (int)(last.Written == last.Total && last.Total > 0 ? ExitCode.Success : ExitCode.Failure);
    }
}
