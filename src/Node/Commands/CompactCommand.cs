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
        CompactionStatus? status = null;
        await ArchiveWork.RunAsync(
            configuration,
            $"/admin/compaction?do={change}",
            AdminJson.Default.CompactionStatus,
            (rooms, report, token) =>
            {
                report(CompactionWork.Change(rooms, change, token));
                return Task.CompletedTask;
            },
            now => status = now,
            cancellationToken).ConfigureAwait(false);
        if (status is null)
        {
            throw new CommandException(ExitCode.Failure, "The node gave no answer.");
        }

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
        CompactionProgress? last = null;
        await TransferProgress.RunAsync(output, isTrial ? "Trying" : "Compacting", async progress =>
        {
            await ArchiveWork.RunAsync(
                configuration,
                $"/admin/compact?trial={isTrial}&now={ignoresAge}",
                AdminJson.Default.CompactionProgress,
                (rooms, report, token) => rooms.GetRequiredService<Compactor>().RunOnceAsync(isTrial, ignoresAge, report, token),
                report =>
                {
                    last = report;
                    progress((int)Math.Min(report.Looked, int.MaxValue), (int)Math.Min(report.Total, int.MaxValue));
                },
                cancellationToken).ConfigureAwait(false);
            return last;
        }).ConfigureAwait(false);
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
