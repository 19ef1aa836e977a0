using Panal.Conformance.WireClient;

namespace Panal.Load.SideBySide;

/// <summary>Runs every scenario on every server, one after the other, A B A B, each time with a fresh directory.</summary>
/// <param name="only">Scenarios; none named are all.</param>
/// <param name="wanted">Servers; none named are all.</param>
/// <param name="keep">Where filled archives stay to be asked again; null for none.</param>
internal sealed class Comparison(Plan plan, string directory, IReadOnlySet<string> only, IReadOnlySet<string> wanted, string? keep, CancellationToken ct)
{
    public const string Ours = "Panal", Orthanc = "Orthanc", Storescp = "storescp", Limit = "limit", LimitOwnFiles = "limit, own files";
    public const string Careless = "careless", Large = "large", Tiny = "tiny", Find = "find", Get = "get", Move = "move", Fresh = "fresh", Filled = "filled", Loaded = "loaded";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private const int SliceBytes = 525_700;
    private const int WarmUpRun = 9;
    private const long KeptFreeBytes = 32L << 30;

    private readonly string? _panal = ServerProcess.FindPanal();
    private readonly int _movePort = LoopbackPort.Free();
    private readonly Queue<string> _used = new();
    private int _run;

    public Results Results { get; } = new();

    public static string Store(int associations) => FormattableString.Invariant($"store {associations}");

    public static string FindKind(string kind) => "find " + kind;

    public void Execute()
    {
        string[] all = [Ours, Orthanc, Storescp], archives = [Ours, Orthanc];
        try
        {
            foreach (var associations in (int[])[1, 4, 8])
            {
                Rounds(Store(associations), all, server => StoreSlices(server, associations), () => MeasureLimit(associations));
            }

            Rounds(Careless, all, StoreCarelessly);
            Rounds(Tiny, all, StoreTiny);
            Once(Large, [Ours], StoreLarge);
            Rounds(Get, archives, Retrieve);
            Once(Find, archives, Ask);
            Rounds(Fresh, archives, StartFresh);
        }
        finally
        {
            MakeRoom(long.MaxValue);
        }
    }

    /// <summary>
    /// What a server leaves is deleted at the end, or when room is short: ext4 without a journal avoids the inodes of deleted files for minutes, and
    /// whoever makes files meanwhile pays for passing over them, up to half a CPU-second per GB.
    /// </summary>
    private void PutAway(string used)
    {
        _used.Enqueue(used);
        MakeRoom(KeptFreeBytes);
    }

    private void MakeRoom(long wantedBytes)
    {
        while (new DriveInfo(directory).AvailableFreeSpace < wantedBytes && _used.TryDequeue(out var oldest))
        {
            Directory.Delete(oldest, recursive: true);
        }
    }

    private void Rounds(string scenario, string[] servers, Action<string> measure, Action? before = null) =>
        Repeat(plan.Rounds, scenario, servers, measure, before);

    private void Once(string scenario, string[] servers, Action<string> measure) => Repeat(1, scenario, servers, measure, null);

    private void Repeat(int rounds, string scenario, string[] servers, Action<string> measure, Action? before)
    {
        if (only.Count > 0 && !only.Contains(scenario))
        {
            return;
        }

        for (var round = 1; round <= rounds; round++)
        {
            before?.Invoke();
            foreach (var server in servers.Where(IsHere))
            {
                ct.ThrowIfCancellationRequested();
                Console.Error.WriteLine($"{scenario}, round {round}: {server}");
                try
                {
                    measure(server);
                }
                catch (Exception e) when (e is IOException or WitnessProtocolException or TimeoutException or InvalidOperationException)
                {
                    Results.Failures.Add($"{scenario}, {server}: {e.Message}");
                    Console.Error.WriteLine("  failed: " + e.Message);
                }
            }
        }
    }

    private bool IsHere(string server) => (wanted.Count == 0 || wanted.Contains(server)) && server switch
    {
        Ours => _panal is not null,
        Orthanc => File.Exists("/usr/sbin/Orthanc"),
        _ => File.Exists("/usr/bin/storescp"),
    };

    private ServerProcess Create(string server, bool noDelay = true)
    {
        var made = Create(server, Path.Combine(directory, server + FormattableString.Invariant($"-{++_run}")));
        made.NoDelay = noDelay;
        return made;
    }

    private ServerProcess Create(string server, string folder) => server switch
    {
        Ours => ServerProcess.Panal(_panal!, folder, (RetrieveLoad.MoveTitle, _movePort)),
        Orthanc => ServerProcess.Orthanc(folder, (RetrieveLoad.MoveTitle, _movePort)),
        _ => ServerProcess.Storescp(folder),
    };

    private void WithServer(string server, Action<ServerProcess, ProcessMeter> measure, bool noDelay = true)
    {
        using var process = Create(server, noDelay);
        try
        {
            process.StartAndWait(StartLimit);
            using var meter = new ProcessMeter(process.ProcessId);
            measure(process, meter);
        }
        finally
        {
            process.Stop(StopLimit);
            PutAway(process.Directory);
        }
    }

    private void MeasureLimit(int writers)
    {
        foreach (var own in (bool[])[false, true])
        {
            var result = DurableAppend.Execute(directory, writers, SliceBytes, plan.Slices, own);
            Results.Add(Store(writers), own ? LimitOwnFiles : Limit, Quantity.MegabytesPerSecond, result.MegabytesPerSecond);
            Console.Error.WriteLine($"  {(own ? LimitOwnFiles : Limit)}, {writers} writers: {result}");
        }
    }

    private void StoreSlices(string server, int associations) => WithServer(server, (process, meter) =>
    {
        WarmUp(process, meter, associations);
        Measure(Store(associations), process, meter, new StoreLoad { Associations = associations, Count = plan.Slices });
        Results.Add(Loaded, server, Quantity.IdleMegabytes, meter.ResidentMegabytes);
    });

    private void WarmUp(ServerProcess process, ProcessMeter meter, int associations)
    {
        new StoreLoad { Associations = associations, Count = plan.WarmUpSlices, Run = WarmUpRun }.Execute(process.Target, ct);
        meter.WaitUntilIdle(SettleLimit);
    }

    private void StoreCarelessly(string server) => WithServer(
        server,
        (process, meter) => Measure(Careless, process, meter, new StoreLoad { IsCareless = true, TimeLimit = plan.CarelessTime, Count = int.MaxValue }),
        noDelay: false);

    private void StoreTiny(string server) => WithServer(server, (process, meter) => Measure(
        Tiny, process, meter, new StoreLoad { Associations = 4, PixelBytes = 128, TimeLimit = plan.TinyTime, Count = int.MaxValue }));

    private void StoreLarge(string server) => WithServer(server, (process, meter) => Measure(
        Large, process, meter, new StoreLoad { Associations = 8, PixelBytes = plan.LargeBytes, Count = 8 }));

    private void Measure(string scenario, ServerProcess process, ProcessMeter meter, StoreLoad load)
    {
        var cpuBefore = meter.CpuSeconds;
        var result = load.Execute(process.Target, ct);
        Console.Error.WriteLine("  " + result);
        meter.WaitUntilIdle(SettleLimit);
        Results.Add(scenario, process.Name, Quantity.MegabytesPerSecond, result.MegabytesPerSecond);
        Results.Add(scenario, process.Name, Quantity.InstancesPerSecond, result.InstancesPerSecond);
        Results.Add(scenario, process.Name, Quantity.P50Milliseconds, result.Latencies.Percentile(50));
        Results.Add(scenario, process.Name, Quantity.P95Milliseconds, result.Latencies.Percentile(95));
        Results.Add(scenario, process.Name, Quantity.CpuSecondsPerGigabyte, (meter.CpuSeconds - cpuBefore) / (result.LengthBytes / 1e9));
        Results.Add(scenario, process.Name, Quantity.PeakMegabytes, meter.PeakMegabytes);
    }

    private void Retrieve(string server) => WithServer(server, (process, meter) =>
    {
        WarmUp(process, meter, associations: 4);
        new StoreLoad { Associations = 4, Count = plan.RetrieveStudies * 100 }.Execute(process.Target, ct);
        meter.WaitUntilIdle(SettleLimit);
        var load = new RetrieveLoad { Studies = plan.RetrieveStudies };
        foreach (var (scenario, port) in ((string, int?)[])[(Get, null), (Move, _movePort)])
        {
            new RetrieveLoad { Run = WarmUpRun, Studies = plan.WarmUpSlices / load.InstancesPerStudy, MovePort = port }.Execute(process.Target);
            var cpuBefore = meter.CpuSeconds;
            var result = (load with { MovePort = port }).Execute(process.Target);
            Console.Error.WriteLine($"  {scenario}: {result}");
            Results.Add(scenario, server, Quantity.MegabytesPerSecond, result.MegabytesPerSecond);
            Results.Add(scenario, server, Quantity.CpuSecondsPerGigabyte, (meter.CpuSeconds - cpuBefore) / (result.LengthBytes / 1e9));
            Results.Add(scenario, server, Quantity.PeakMegabytes, meter.PeakMegabytes);
        }
    });

    /// <summary>Fills, restarts (start and idle memory with a full catalogue), then asks while slices come in.</summary>
    private void Ask(string server)
    {
        var instances = server == Ours ? plan.PanalFindInstances : plan.PeerFindInstances;
        var name = FormattableString.Invariant($"{server}-{instances}-{plan.FindInstancesPerStudy}");
        using var process = keep is null ? Create(server) : Create(server, Path.Combine(keep, name));
        var fill = new FillLoad { Count = instances, InstancesPerStudy = plan.FindInstancesPerStudy, NotePath = Path.Combine(process.Directory, "filled") };
        try
        {
            if (FillLoad.Done(fill.NotePath) < instances)
            {
                process.StartAndWait(StartLimit);
                using var meter = new ProcessMeter(process.ProcessId);
                Console.Error.WriteLine("  fill: " + fill.Execute(process.Target, ct));
                meter.WaitUntilIdle(SettleLimit);
                process.Stop(plan.FilledStopLimit);
            }

            MeasureStart(Filled, process);
            AskDuringIngest(process, instances / plan.FindInstancesPerStudy);
        }
        finally
        {
            process.Stop(plan.FilledStopLimit);
            if (keep is null)
            {
                PutAway(process.Directory);
            }
        }
    }

    private void AskDuringIngest(ServerProcess process, int studies)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Exception? failure = null;
        var ingest = new Thread(() =>
        {
            try
            {
                // Another one each time: what is kept knows the earlier ones.
                new StoreLoad { Run = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), Count = int.MaxValue }.Execute(process.Target, enough.Token);
            }
            catch (WitnessProtocolException e)
            {
                failure = e;
            }
        });
        ingest.Start();
        var questions = new FindLoad { Studies = studies, Count = plan.Queries };

        // Asked once before, as elsewhere: a server that has just started is measured by its start.
        questions.Execute(process.Target);
        foreach (var (kind, (latencies, matches)) in questions.Execute(process.Target))
        {
            Console.Error.WriteLine(FormattableString.Invariant($"  {kind}: {matches:F1} matches; {latencies}"));
            Results.Add(FindKind(kind), process.Name, Quantity.P50Milliseconds, latencies.Percentile(50));
            Results.Add(FindKind(kind), process.Name, Quantity.P95Milliseconds, latencies.Percentile(95));
        }

        enough.Cancel();
        ingest.Join();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private void StartFresh(string server)
    {
        using var process = Create(server);
        MeasureStart(Fresh, process);
        process.Stop(StopLimit);
        PutAway(process.Directory);
    }

    private void MeasureStart(string scenario, ServerProcess process)
    {
        var start = process.StartAndWait(StartLimit);
        using var meter = new ProcessMeter(process.ProcessId);
        meter.WaitUntilIdle(SettleLimit);
        Console.Error.WriteLine(FormattableString.Invariant($"  {scenario}: first C-ECHO after {start.TotalMilliseconds:F0} ms, idle {meter.ResidentMegabytes:F0} MB"));
        Results.Add(scenario, process.Name, Quantity.StartSeconds, start.TotalSeconds);
        Results.Add(scenario, process.Name, Quantity.IdleMegabytes, meter.ResidentMegabytes);
    }
}
