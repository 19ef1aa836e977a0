using System.CommandLine;
using System.Globalization;
using Panal.Node.Hosting;
using Panal.Node.Network;

namespace Panal.Node.Commands;

/// <summary>`panal network conflicts`: what two sources say differently of one thing.</summary>
internal static class ConflictsCommand
{
    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "Only conflicts after this number.", HelpName = "NUMBER" };
        return NetworkCommand.Asking("conflicts", $"Show where contents or attributes differ, the oldest {ConflictRoutes.PageLength} first.", [after], async (parsed, data, cancellationToken) =>
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
    }
}
