using System.CommandLine;
using Panal.Archive.Compaction;
using Panal.Node.Admin;

namespace Panal.Node.Commands;

/// <summary>`panal compact`: how far compaction is, what it would save, and its work at once.</summary>
internal static class CompactCommand
{
    public static Command Create()
    {
        var command = new Command("compact", "Keep uncompressed images in fewer bytes, without loss; what was received stays reproducible bit for bit.");
        command.Add(Status());
        command.Add(Run());
        foreach (var (name, description) in ((string, string)[])
            [("pause", "Let the work in the background rest, until it is told to go on or the node starts again."), ("resume", "Let the work in the background go on.")])
        {
            var change = new Command(name, description);
            var arguments = new NodeArguments(change, withSettings: false);
            change.SetAction((parsed, cancellationToken) => ShowAsync(parsed, arguments, name, cancellationToken));
            command.Add(change);
        }

        return command;
    }

    private static Command Status()
    {
        var command = new Command("status", "Show how many images are compact, and what that saves.");
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => ShowAsync(parsed, arguments, "", cancellationToken));
        return command;
    }

    private static Command Run()
    {
        var trial = new Option<bool>("--dry-run") { Description = "Only encode, to see what would be saved; nothing is changed." };
        var young = new Option<bool>("--now") { Description = "Take images that are younger than the policy says too." };
        var command = new Command("run", "Compact at once all that the policy wants, with a whole core; ending the command ends the work after the image in hand.") { trial, young };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, parsed.GetValue(trial), parsed.GetValue(young), cancellationToken));
        return command;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, NodeArguments arguments, string change, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var status = await ArchiveWork.AnswerAsync(
            configuration,
            $"/admin/compaction?do={change}",
            AdminJson.Default.CompactionStatus,
            (rooms, token) => CompactionWork.Change(rooms, change, token),
            cancellationToken).ConfigureAwait(false);
        var output = parsed.InvocationConfiguration.Output;
        var work = !configuration.Compaction.Enabled ? "switched off" : status.IsPaused ? "paused" : status.IsOn ? "on" : "waits for panal serve";
        await output.WriteLineAsync($"Work in the background: {work}").ConfigureAwait(false);
        await output.WriteLineAsync($"Compact: {status.Compact} images, {Saved(status.ReceivedBytes, status.CompactBytes)}").ConfigureAwait(false);
        await output.WriteLineAsync($"As received: {status.LeftAlone} that have no compact form, {status.Undecided} not yet decided upon").ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, bool isTrial, bool ignoresAge, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var output = parsed.InvocationConfiguration.Output;
        var title = isTrial ? "Trying" : "Compacting";
        var last = await TransferProgress.LastReportAsync<CompactionProgress>(output, title, static report => (report.Looked, report.Total), report => ArchiveWork.RunAsync(
            configuration,
            $"/admin/compact?trial={isTrial}&now={ignoresAge}",
            AdminJson.Default.CompactionProgress,
            (rooms, say, token) => rooms.GetRequiredService<Compactor>().RunOnceAsync(isTrial, ignoresAge, say, token),
            report,
            cancellationToken)).ConfigureAwait(false);
        if (last is not { IsComplete: true })
        {
            throw new CommandException(ExitCode.Failure, "The work broke off; what is done stays done.");
        }

        await output.WriteLineAsync(
            $"{last.Compacted} images {(isTrial ? "would be compact" : "compacted")}, {Saved(last.ReceivedBytes, last.CompactBytes)}; "
            + $"{last.LeftAlone} have no compact form, {last.Waiting} wait or are not wanted by the policy").ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    private static string Saved(long received, long compact) => compact == 0
        ? "0.0 MB"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{received / 1e6:0.0} MB in {compact / 1e6:0.0} MB, {(double)received / compact:0.00} : 1");
}
