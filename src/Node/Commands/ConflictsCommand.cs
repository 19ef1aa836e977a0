using System.CommandLine;
using System.Globalization;
using Panal.Node.Hosting;
using Panal.Node.Network;

namespace Panal.Node.Commands;

/// <summary>`panal network conflicts [keep]`: what two sources say differently of one thing, and which of them is right.</summary>
internal static class ConflictsCommand
{
    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "Only conflicts after this number.", HelpName = "NUMBER" };
        var command = NetworkCommand.Asking("conflicts", $"Show where contents or attributes differ, the oldest {ConflictRoutes.PageLength} first.", [after], async (parsed, data, cancellationToken) =>
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"/api/network/conflicts?after={Math.Max(0, parsed.GetValue(after))}");
            var conflicts = await NodeApi.GetAsync(data, path, NetworkJson.Default.IReadOnlyListConflictView, cancellationToken).ConfigureAwait(false);
            TextTable.Write(
                parsed.InvocationConfiguration.Output,
                ["Number", "What", "UID", "Other content at", "Noticed", "Decision"],
                conflicts.Select(c => (string[])
                [
                    c.Id.ToString(CultureInfo.InvariantCulture), c.Kind, c.Subject, c.Source, c.DetectedAt.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), c.Decision,
                ]));
        });
        command.Add(CreateKeep());
        return command;
    }

    private static Command CreateKeep()
    {
        var conflict = new Argument<long>("number") { Description = "Number of the conflict." };
        var side = new Argument<KeptSide>("side") { Description = "shown: what is shown is right. other: the other content is answered with from now on, after it was brought here from the node that holds it where that is needed, or what the other source says of patient and study is said by all nodes." };
        var reason = new Option<string>("--reason") { Description = "Why; it is kept in the audit trail.", HelpName = "TEXT", Required = true };
        return NetworkCommand.Asking("keep", "Decide a conflict. Nothing is deleted: the other content stays as a version.", [conflict, side, reason], async (parsed, data, cancellationToken) =>
        {
            var kept = await NodeApi.PostAsync(
                data,
                string.Create(CultureInfo.InvariantCulture, $"/api/network/conflicts/{parsed.GetValue(conflict)}/keep"),
                new KeepAsk(parsed.GetValue(side), parsed.GetRequiredValue(reason)),
                NetworkJson.Default.KeepAsk,
                NetworkJson.Default.KeepView,
                cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(kept.Done).ConfigureAwait(false);
        });
    }
}
