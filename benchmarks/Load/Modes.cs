using System.Diagnostics;
using Panal.Conformance.WireClient;
using Panal.Load.SideBySide;

namespace Panal.Load;

/// <summary>What the command line asks for, one function a mode.</summary>
internal static class Modes
{
    public static int Execute(string mode, Arguments arguments, CancellationToken ct)
    {
        Func<string> run = mode switch
        {
            "store" => Store(arguments, new StoreLoad(), ct),
            "large" => Store(arguments, new StoreLoad { Count = 1, PixelBytes = 1L << 31 }, ct),
            "tiny" => Store(arguments, new StoreLoad { Associations = 4, PixelBytes = 128 }, ct),
            "fill" => Fill(arguments, ct),
            "find" => Find(arguments),
            "get" => Retrieve(arguments, null),
            "move" => Retrieve(arguments, (int)arguments.Number("listen", 11_113)),
            "echo" => Echo(arguments),
            "limit" => Limit(arguments),
            "side-by-side" => Compare(arguments, ct),
            _ => throw new UsageException($"There is no mode '{mode}'."),
        };
        arguments.ThrowIfUnknown();
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(run());
        Console.WriteLine(FormattableString.Invariant($"own CPU {process.TotalProcessorTime.TotalSeconds:F2} s"));
        return 0;
    }

    private static Func<string> Store(Arguments arguments, StoreLoad fallback, CancellationToken ct)
    {
        var target = arguments.Target;
        var load = fallback with
        {
            Associations = (int)arguments.Number("associations", fallback.Associations),
            Count = (int)arguments.Number("count", fallback.Count),
            PixelBytes = arguments.Number("bytes", fallback.PixelBytes),
            TimeLimit = TimeSpan.FromSeconds(arguments.Number("seconds", 3_600)),
            IsCareless = arguments.Flag("nagle"),
            Run = Run(arguments),
            FirstStudy = (int)arguments.Number("first-study", 0),
            InstancesPerStudy = (int)arguments.Number("per-study", fallback.InstancesPerStudy),
        };
        return () => $"run {load.Run}: {load.Execute(target, ct)}";
    }

    private static Func<string> Fill(Arguments arguments, CancellationToken ct)
    {
        var target = arguments.Target;
        var load = new FillLoad
        {
            NotePath = arguments.Text("note", "") is { Length: > 0 } note ? note : throw new UsageException("--note names the file in which it stands how far it is."),
            Count = (int)arguments.Number("count", 100_000),
            InstancesPerStudy = (int)arguments.Number("per-study", 1),
            Associations = (int)arguments.Number("associations", 4),
        };
        return () => load.Execute(target, ct);
    }

    private static Func<string> Find(Arguments arguments)
    {
        var target = arguments.Target;
        var load = new FindLoad
        {
            Run = Run(arguments),
            Studies = (int)arguments.Number("studies", 10),
            Count = (int)arguments.Number("count", 100),
            IsReconnecting = arguments.Flag("new-association"),
        };
        return () => string.Join('\n', load.Execute(target).Select(kind =>
            FormattableString.Invariant($"{kind.Key,-15} {kind.Value.Matches,6:F1} matches; {kind.Value.Latencies}")));
    }

    private static Func<string> Retrieve(Arguments arguments, int? movePort)
    {
        var target = arguments.Target;
        var load = new RetrieveLoad
        {
            Run = Run(arguments),
            FirstStudy = (int)arguments.Number("first-study", 0),
            Studies = (int)arguments.Number("studies", 1),
            InstancesPerStudy = (int)arguments.Number("per-study", 100),
            MovePort = movePort,
        };
        return () => load.Execute(target).ToString();
    }

    private static Func<string> Echo(Arguments arguments)
    {
        var (target, count) = (arguments.Target, (int)arguments.Number("count", 100));
        return () =>
        {
            var latencies = new Latencies();
            using var client = QueryClient.Open(target);
            for (var i = 0; i < count; i++)
            {
                var startedAt = Stopwatch.GetTimestamp();
                client.Echo();
                latencies.Add(startedAt);
            }

            return latencies.ToString();
        };
    }

    private static Func<string> Limit(Arguments arguments)
    {
        var (writers, bytes, count) = ((int)arguments.Number("writers", 1), (int)arguments.Number("bytes", 525_312), (int)arguments.Number("count", 1_000));
        var (directory, own) = (arguments.Text("directory", "."), arguments.Flag("own-files"));
        return () => DurableAppend.Execute(directory, writers, bytes, count, own).ToString();
    }

    private static Func<string> Compare(Arguments arguments, CancellationToken ct)
    {
        var isFull = arguments.Flag("full");
        var plan = isFull ? Plan.Full : Plan.Quick;
        var (only, servers) = (Names(arguments, "only"), Names(arguments, "servers"));
        var keep = arguments.Text("keep", "");
        var directory = Path.GetFullPath(arguments.Text("directory", "artifacts/bench"));
        var isSaved = arguments.Flag("save");
        return () =>
        {
            Directory.CreateDirectory(directory);
            var comparison = new Comparison(plan, directory, only, servers, keep.Length > 0 ? Path.GetFullPath(keep) : null, ct);
            comparison.Execute();
            var now = TimeProvider.System.GetUtcNow();
            var report = Report.Write(comparison.Results, plan, isFull, now);
            if (isSaved)
            {
                Directory.CreateDirectory("benchmarks/results");
                File.WriteAllText(FormattableString.Invariant($"benchmarks/results/{now:yyyy-MM-dd-HHmm}-{(isFull ? "full" : "quick")}.md"), report);
            }

            return report;
        };
    }

    private static HashSet<string> Names(Arguments arguments, string option) =>
        arguments.Text(option, "").Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);

    /// <summary>Given, or the time: a run of its own, so that nothing is stored twice.</summary>
    private static long Run(Arguments arguments) => arguments.Number("run", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
}
