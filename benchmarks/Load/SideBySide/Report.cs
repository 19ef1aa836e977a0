using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static Panal.Load.SideBySide.Comparison;

namespace Panal.Load.SideBySide;

/// <summary>The results as Markdown, which is also what the terminal shows.</summary>
internal static class Report
{
    public static string Write(Results results, Plan plan, bool isFull, DateTimeOffset at)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Side by side, {at:yyyy-MM-dd}, {(isFull ? "full" : "quick")}").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, loopback; {plan.Slices} CT slices of 0.53 MB a run.");
        text.AppendLine("Several values: one a round. CPU is counted until the server rests (8 s at most). Memory is the peak resident size.").AppendLine();
        WriteStore(text, results);
        WriteOthers(text, results, plan);
        text.AppendLine("## Promises").AppendLine().AppendLine("| | promised | measured | |").AppendLine("|---|---|---|---|");
        foreach (var target in Targets.Of(results))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {target.Text} | {target.Promise} | {Results.Format(target.Measured)} | {target.Mark} |");
        }

        if (results.Failures.Count > 0)
        {
            text.AppendLine().AppendLine("## Failures").AppendLine();
            results.Failures.ForEach(failure => text.AppendLine(CultureInfo.InvariantCulture, $"- {failure.ReplaceLineEndings(" ")}"));
        }

        return text.ToString();
    }

    private static void WriteStore(StringBuilder text, Results results)
    {
        text.AppendLine("## Storing").AppendLine();
        text.AppendLine("| | 1 association: MB/s | 4 | 8 | CPU-s per GB, on 1 | 4 | 8 | peak MB, on 8 |").AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var server in (string[])[Ours, Orthanc, Storescp, Limit, LimitOwnFiles])
        {
            text.Append(CultureInfo.InvariantCulture, $"| {server} |");
            foreach (var quantity in (Quantity[])[Quantity.MegabytesPerSecond, Quantity.CpuSecondsPerGigabyte])
            {
                foreach (var associations in (int[])[1, 4, 8])
                {
                    text.Append(CultureInfo.InvariantCulture, $" {results.Cell(Store(associations), server, quantity)} |");
                }
            }

            text.AppendLine(CultureInfo.InvariantCulture, $" {results.Cell(Store(8), server, Quantity.PeakMegabytes)} |");
        }

        text.AppendLine();
    }

    private static void WriteOthers(StringBuilder text, Results results, Plan plan)
    {
        (string Name, string Scenario, Quantity Quantity)[] rows =
        [
            ("client without TCP_NODELAY, instances/s", Careless, Quantity.InstancesPerSecond),
            ("1.4 kB instances, 4 associations, instances/s", Tiny, Quantity.InstancesPerSecond),
            (FormattableString.Invariant($"{plan.LargeBytes >> 20} MiB instances, 8 associations, MB/s"), Large, Quantity.MegabytesPerSecond),
            ("… peak MB", Large, Quantity.PeakMegabytes),
            ("C-GET, MB/s", Get, Quantity.MegabytesPerSecond),
            ("C-MOVE, MB/s", Move, Quantity.MegabytesPerSecond),
            .. FindLoad.Kinds.SelectMany(kind => ((string, string, Quantity)[])
            [
                ($"C-FIND by {kind}, p50 ms", FindKind(kind), Quantity.P50Milliseconds), ("… p95 ms", FindKind(kind), Quantity.P95Milliseconds),
            ]),
            ("start to first C-ECHO, empty, s", Fresh, Quantity.StartSeconds),
            ("start to first C-ECHO, filled, s", Filled, Quantity.StartSeconds),
            ("idle MB, empty", Fresh, Quantity.IdleMegabytes),
            ("idle MB, filled and restarted", Filled, Quantity.IdleMegabytes),
            ("idle MB, after a load", Loaded, Quantity.IdleMegabytes),
        ];
        text.AppendLine("## The rest").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Asked while slices come in on one association; the archive holds {plan.PanalFindInstances:N0} instances (Panal) or {plan.PeerFindInstances:N0} (the others).").AppendLine();
        text.AppendLine("| | Panal | Orthanc | storescp |").AppendLine("|---|---|---|---|");
        foreach (var (name, scenario, quantity) in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {results.Cell(scenario, Ours, quantity)} | {results.Cell(scenario, Orthanc, quantity)} | {results.Cell(scenario, Storescp, quantity)} |");
        }

        text.AppendLine();
    }
}
