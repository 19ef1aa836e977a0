using System.Diagnostics;
using Panal.Swarm.Transfers;

namespace Panal.SwarmSimulation;

/// <summary>Prints the efficiency of the scheduler against the bound: <c>Panal.SwarmSimulation [--seeds N] [NAME…]</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var seeds = 3;
        var names = args.ToList();
        if (names.IndexOf("--seeds") is >= 0 and var at)
        {
            seeds = int.Parse(names[at + 1], System.Globalization.CultureInfo.InvariantCulture);
            names.RemoveRange(at, 2);
        }

        var isKept = true;
        Console.WriteLine($"{"scenario",-22} {"seed",4} {"bound s",9} {"time s",9} {"half s",8} {"99 % s",8} {"eff.",6} {"promise",7}  first s   all s  jump s  control  twice   events  wall s");
        foreach (var scenario in Scenarios.All.Where(s => names.Count == 0 || names.Exists(n => s.Name.Contains(n, StringComparison.Ordinal))))
        {
            for (var seed = 1; seed <= seeds; seed++)
            {
                var watch = Stopwatch.StartNew();
                var outcome = scenario.Run((ulong)seed, new DownloadOptions());
                Console.WriteLine(
                    $"{outcome.Name,-22} {seed,4} {outcome.BoundSeconds,9:F1} {outcome.Seconds,9:F1} {outcome.HalfSeconds,8:F1} {outcome.MostSeconds,8:F1} {outcome.Efficiency,6:F3} {outcome.Promise,7:F2}"
                    + $"{(outcome.IsKept ? " " : "!")} {outcome.FirstImageSeconds,7:F2} {outcome.LastFirstImageSeconds,7:F2} {outcome.JumpSeconds,7:F2} {outcome.ControlShare,8:P2} {outcome.Duplicates,6} {outcome.Events,8} {watch.Elapsed.TotalSeconds,7:F1}");
                Console.WriteLine($"  uplinks: {outcome.Uplinks}");
                isKept &= outcome.IsKept;
            }
        }

        return isKept ? 0 : 1;
    }
}
