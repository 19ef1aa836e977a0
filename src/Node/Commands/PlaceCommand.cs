using System.CommandLine;
using System.Globalization;
using Panal.Federation.Placement;
using Panal.Node.Hosting;
using Panal.Node.Network.Placement;

namespace Panal.Node.Commands;

/// <summary>`panal place`, `panal network coverage` and `panal rebuild`: where copies are, and where they shall be.</summary>
internal static class PlaceCommand
{
    public static Command Create()
    {
        var study = new Argument<string>("STUDY") { Description = "Study Instance UID." };
        var nodes = new Argument<string[]>("NODE") { Description = "Name of a member that shall have it.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("place", "Have other nodes fetch a study and keep it until it is unpinned there.") { study, nodes };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var placed = await NodeApi.PostAsync(
                parsed.GetRequiredValue(arguments.Data),
                $"/api/placement/studies/{Uri.EscapeDataString(parsed.GetRequiredValue(study))}",
                new PlaceAsk(parsed.GetRequiredValue(nodes)),
                PlacementJson.Default.PlaceAsk,
                PlacementJson.Default.IReadOnlyListPlacedView,
                cancellationToken).ConfigureAwait(false);
            TextTable.Write(parsed.InvocationConfiguration.Output, ["NODE", "ANSWER"], placed.Select(static one => new[] { one.Node, Text(one.Answer) }));
            return (int)(placed.All(static one => one.Answer is PlacementAnswer.Begun or PlacementAnswer.Held) ? ExitCode.Success : ExitCode.Failure);
        });
        return command;
    }

    public static Command CreateCoverage()
    {
        var study = new Option<string?>("--study") { Description = "Only this study; its holders read it back before they answer.", HelpName = "STUDY" };
        var minimum = new Option<int?>("--minimum") { Description = "Only studies that fewer nodes hold.", HelpName = "HOLDERS" };
        var repair = new Option<bool>("--repair") { Description = "Have copies made of them." };
        var command = new Command("coverage", "How many nodes hold each study.") { study, minimum, repair };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (data, output) = (parsed.GetRequiredValue(arguments.Data), parsed.InvocationConfiguration.Output);
            if (parsed.GetValue(study) is { } uid)
            {
                var one = await NodeApi.GetAsync(
                    data, $"/api/placement/coverage/{Uri.EscapeDataString(uid)}", PlacementJson.Default.StudyCoverageView, cancellationToken).ConfigureAwait(false);
                Write(output, [one]);
                return (int)ExitCode.Success;
            }

            if (parsed.GetValue(repair))
            {
                var holders = parsed.GetValue(minimum) ?? throw new CommandException(ExitCode.Configuration, "--repair needs --minimum.");
                var report = await NodeApi.PostAsync(
                    data, "/api/placement/repair", new RepairAsk(holders), PlacementJson.Default.RepairAsk, PlacementJson.Default.RepairReport, cancellationToken).ConfigureAwait(false);
                await output.WriteLineAsync($"{report.Studies} studies have too few holders; {report.Asked} copies are being made, {report.Lacking} more nobody can be asked for.").ConfigureAwait(false);
                return (int)ExitCode.Success;
            }

            var query = parsed.GetValue(minimum) is { } below ? string.Create(CultureInfo.InvariantCulture, $"?below={below}") : "";
            var view = await NodeApi.GetAsync(data, "/api/placement/coverage" + query, PlacementJson.Default.CoverageView, cancellationToken).ConfigureAwait(false);
            Write(output, view.Studies);
            await output.WriteLineAsync(string.Join("; ", view.All.Select(static count => Counted(count.Holders, "holder", "holders") + ": " + Counted(count.Studies, "study", "studies")))).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    public static Command CreateRebuild()
    {
        var stop = new Option<bool>("--stop") { Description = "End it; what has come stays." };
        var status = new Option<bool>("--status") { Description = "Say how far it is." };
        var command = new Command("rebuild", "Bring here everything that the network holds; goes on by itself, also after a restart, until it is done or stopped.") { stop, status };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (data, output) = (parsed.GetRequiredValue(arguments.Data), parsed.InvocationConfiguration.Output);
            if (parsed.GetValue(stop) || parsed.GetValue(status))
            {
                var now = parsed.GetValue(stop)
                    ? await NodeApi.PostAsync(data, "/api/placement/rebuild", new RebuildAsk(false), PlacementJson.Default.RebuildAsk, PlacementJson.Default.RebuildProgress, cancellationToken).ConfigureAwait(false)
                    : await NodeApi.GetAsync(data, "/api/placement/rebuild", PlacementJson.Default.RebuildProgress, cancellationToken).ConfigureAwait(false);
                await output.WriteLineAsync(Line(now)).ConfigureAwait(false);
                return (int)ExitCode.Success;
            }

            var last = await TransferProgress.LastReportAsync<RebuildProgress>(output, "rebuild", static report => (report.HeldInstances, report.Instances), report => ArchiveWork.AskNodeAsync(
                arguments.LoadValid(parsed), "/admin/rebuild", PlacementJson.Default.RebuildProgress, report, cancellationToken)).ConfigureAwait(false);
            if (last is not { IsRunning: false } done)
            {
                throw new CommandException(ExitCode.Failure, "Nobody listens any more; the node goes on rebuilding. See: panal rebuild --status");
            }

            await output.WriteLineAsync(Line(done)).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static string Line(RebuildProgress progress) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(progress.IsRunning ? "Rebuilding" : "Not rebuilding")}: {progress.WholeStudies} of {progress.Studies} studies, {progress.HeldInstances} of {progress.Instances} images are here{(progress.UnreachableStudies > 0 ? $"; {progress.UnreachableStudies} studies nobody who is linked holds" : "")}{(progress.RefusedStudies > 0 ? $"; of {progress.RefusedStudies} studies no holder lets this node keep copies (right replicate)" : "")}{(progress.IsRunning ? $"; {FetchCommand.Rate(progress.BytesPerSecond)}" : "")}");

    private static void Write(TextWriter output, IReadOnlyList<StudyCoverageView> studies) => TextTable.Write(
        output,
        ["STUDY", "IMAGES", "HERE", "HOLDERS", "WHOLE ALSO AT", "READ BACK BY"],
        studies.Select(static study => new[]
        {
            study.Study,
            study.Images.ToString(CultureInfo.InvariantCulture),
            study.HeldHere.ToString(CultureInfo.InvariantCulture),
            study.Holders.ToString(CultureInfo.InvariantCulture),
            string.Join(", ", study.Whole),
            study.Verified is null ? "-" : string.Join(", ", study.Verified),
        }));

    private static string Counted(long count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    private static string Text(PlacementAnswer? answer) => answer switch
    {
        PlacementAnswer.Begun => "is fetching it",
        PlacementAnswer.Held => "holds it",
        PlacementAnswer.Unknown => "knows nobody who holds it",
        PlacementAnswer.Refused => "does not take it from this node",
        PlacementAnswer.Full => "has no room",
        _ => "cannot be reached",
    };
}
