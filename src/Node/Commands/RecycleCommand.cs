using System.CommandLine;
using System.Globalization;
using Panal.Node.Hosting;
using Panal.Node.Network.Placement;

namespace Panal.Node.Commands;

/// <summary>`panal recycle`, `panal pin` and `panal unpin`: what is dropped here of what other nodes keep.</summary>
internal static class RecycleCommand
{
    public static Command Create()
    {
        var dry = new Option<bool>("--dry-run") { Description = "Drop nothing; say what would be dropped. The nodes that keep it are asked all the same." };
        var history = new Option<bool>("--history") { Description = "Say what was dropped, when and why." };
        var command = new Command("recycle", "Drop studies that other nodes keep, as the settings say, and as the node does by itself from time to time.") { dry, history };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(history)
            ? HistoryAsync(parsed, parsed.GetRequiredValue(arguments.Data), cancellationToken)
            : RunAsync(parsed, arguments, parsed.GetValue(dry), cancellationToken));
        return command;
    }

    public static Command CreatePin()
    {
        var study = new Argument<string?>("STUDY") { Description = "Study Instance UID; all pinned studies are listed when left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("pin", "Keep a study here whatever the settings say, or list those that are kept so.") { study };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (data, output) = (parsed.GetRequiredValue(arguments.Data), parsed.InvocationConfiguration.Output);
            if (parsed.GetValue(study) is { } uid)
            {
                await PinAsync(data, uid, isPinned: true, cancellationToken).ConfigureAwait(false);
                await output.WriteLineAsync("Pinned.").ConfigureAwait(false);
                return (int)ExitCode.Success;
            }

            var pins = await NodeApi.GetAsync(data, "/api/recycling/pins", PlacementJson.Default.IReadOnlyListPinView, cancellationToken).ConfigureAwait(false);
            TextTable.Write(output, ["STUDY", "SINCE", "BY"], pins.Select(static pin => new[] { pin.Study, Text(pin.At), pin.By }));
            return (int)ExitCode.Success;
        });
        return command;
    }

    public static Command CreateUnpin()
    {
        var study = new Argument<string>("STUDY") { Description = "Study Instance UID." };
        var command = new Command("unpin", "Let a study go as the settings say.") { study };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await PinAsync(parsed.GetRequiredValue(arguments.Data), parsed.GetRequiredValue(study), isPinned: false, cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync("No longer pinned.").ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Task<PinView> PinAsync(string data, string study, bool isPinned, CancellationToken cancellationToken) => NodeApi.PostAsync(
        data, $"/api/recycling/pins/{Uri.EscapeDataString(study)}", new PinAsk(isPinned), PlacementJson.Default.PinAsk, PlacementJson.Default.PinView, cancellationToken);

    private static async Task<int> HistoryAsync(ParseResult parsed, string data, CancellationToken cancellationToken)
    {
        var history = await NodeApi.GetAsync(data, "/api/recycling/history", PlacementJson.Default.IReadOnlyListDroppedView, cancellationToken).ConfigureAwait(false);
        TextTable.Write(
            parsed.InvocationConfiguration.Output,
            ["TIME", "STUDY", "IMAGES", "MB", "REASON", "KEPT BY"],
            history.Select(static dropped => new[]
            {
                Text(dropped.At), dropped.Study, dropped.Instances.ToString(CultureInfo.InvariantCulture), Megabytes(dropped.Bytes), dropped.Reason.ToString(), string.Join(", ", dropped.Keepers),
            }));
        return (int)ExitCode.Success;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, bool isDryRun, CancellationToken cancellationToken)
    {
        var lines = new List<RecyclingLine>();
        await ArchiveWork.AskNodeAsync(
            arguments.LoadValid(parsed), $"/admin/recycle?dry={(isDryRun ? "true" : "false")}", PlacementJson.Default.RecyclingLine, lines.Add, cancellationToken).ConfigureAwait(false);
        if (lines is not [.. var studies, { Summary: { } summary }])
        {
            throw new CommandException(ExitCode.Failure, "The run was broken off; the log of the node says why.");
        }

        var output = parsed.InvocationConfiguration.Output;
        if (studies.Count > 0)
        {
            TextTable.Write(
                output,
                ["STUDY", "IMAGES", "MB", "REASON", "OUTCOME", "KEPT BY"],
                studies.Select(static line => new[]
                {
                    line.Study, line.Instances.ToString(CultureInfo.InvariantCulture), Megabytes(line.Bytes), $"{line.Reason}", $"{line.Outcome}", string.Join(", ", line.Keepers),
                }));
        }

        await output.WriteLineAsync(summary).ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    /// <summary>Says how the node was used since it started, in one line.</summary>
    internal static async Task WriteUseAsync(TextWriter output, string data, CancellationToken cancellationToken)
    {
        var use = await NodeApi.GetAsync(data, "/api/recycling", PlacementJson.Default.RecyclingView, cancellationToken).ConfigureAwait(false);
        var asked = use.Hits + use.Misses;
        var share = asked == 0 ? "nothing was asked for" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * use.Hits / asked:0} % of {asked} images that were asked for were here ({Megabytes(use.HitBytes)} MB not fetched), {Megabytes(use.MissBytes)} MB came from others");
        var marks = use is { HighMarkBytes: { } high, LowMarkBytes: { } low } ? $"recycles above {Megabytes(high)} MB down to {Megabytes(low)} MB" : "keeps everything";
        await output.WriteLineAsync($"Since the start: {share}, {Megabytes(use.ServedBytes)} MB were sent to others. This node holds {Megabytes(use.HeldBytes)} MB and {marks}; {use.Pins} studies are pinned.").ConfigureAwait(false);
        if (use.Problem is { } problem)
        {
            await output.WriteLineAsync("Recycling failed: " + problem).ConfigureAwait(false);
        }
    }

    internal static string Text(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    internal static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
}
