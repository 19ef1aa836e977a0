using System.Globalization;
using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>
/// Load, SIGKILL at a random moment, restart (now and then killed again on the way up), check; several rounds on one data
/// directory, then a new one. All chance comes from one seed, although the machine adds its own.
/// </summary>
internal sealed class CrashRounds(int seed, string directory, Func<string, ServerProcess> create, Action<string> log)
{
    // What a start may take that finds the remains of a crash: some thousands of records of the staging log.
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(15);
    private const int RoundsOfEachDirectory = 8;
    private const int LongestLifeMilliseconds = 1_200;
    private const int LongestStartMilliseconds = 500;
    private const int EarlierStudiesChecked = 4;

    private readonly Random _random = new(seed);

    public TimeSpan LongestRestart { get; private set; }

    /// <exception cref="CrashTestException">Something was lost, changed, half visible or too slow; the text has the seed.</exception>
    public void Execute(int rounds)
    {
        for (var first = 1; first <= rounds; first += RoundsOfEachDirectory)
        {
            var fresh = Path.Combine(directory, first.ToString(CultureInfo.InvariantCulture));
            using (var server = create(fresh))
            {
                ExecuteOnOneDirectory(server, first, Math.Min(RoundsOfEachDirectory, rounds - first + 1));
            }

            Directory.Delete(fresh, recursive: true);
        }
    }

    private void ExecuteOnOneDirectory(ServerProcess server, int first, int count)
    {
        var ledger = new Ledger();
        server.StartAndWait(RestartLimit);
        for (var round = first; round < first + count; round++)
        {
            var before = ledger.Studies;
            LoadAndKill(server, ledger, round);
            KillOnTheWayUp(server, round);
            var restart = Restart(server, round);
            var recent = ledger.Studies.Except(before, StringComparer.Ordinal);
            var earlier = before.OrderBy(_ => _random.Next()).Take(EarlierStudiesChecked);
            Expect(LedgerCheck.Run(ledger, server.Target, [.. recent, .. earlier]), round, "after the restart", server);
            log(string.Create(CultureInfo.InvariantCulture, $"round {round}: {ledger.Count(Answer.Success)} answered, {ledger.Count(Answer.None)} open; restart {restart.TotalMilliseconds:F0} ms"));
            Expect(SendOpenOnesAgain(server, ledger), round, "sending again what had no answer", server);
        }

        Expect(LedgerCheck.Run(ledger, server.Target, ledger.Studies), first + count - 1, "at the end", server);
        if (!server.Stop(RestartLimit))
        {
            throw new CrashTestException($"Seed {seed}: the server did not stop on SIGTERM.");
        }

        server.StartAndWait(RestartLimit);
        Expect(LedgerCheck.Run(ledger, server.Target, ledger.Studies), first + count - 1, "after an orderly stop", server);
    }

    private void LoadAndKill(ServerProcess server, Ledger ledger, int round)
    {
        var life = TimeSpan.FromMilliseconds(_random.Next(LongestLifeMilliseconds));
        var load = new CrashLoad(ledger, server.Target, round, seed + round);
        using var hasStarted = new ManualResetEventSlim();
        using var never = new ManualResetEventSlim();
        IReadOnlyList<string> faults = [];
        var sender = new Thread(() => faults = load.Execute(hasStarted));
        sender.Start();
        hasStarted.Wait();
        never.Wait(life);
        server.Kill();
        sender.Join();
        Expect(faults, round, "while sending", server);
    }

    /// <summary>Every third time or so: the repair itself is interrupted.</summary>
    private void KillOnTheWayUp(ServerProcess server, int round)
    {
        if (_random.Next(3) != 0)
        {
            return;
        }

        var life = TimeSpan.FromMilliseconds(_random.Next(LongestStartMilliseconds));
        using var never = new ManualResetEventSlim();
        server.Start();
        never.Wait(life);
        server.Kill();
        log(string.Create(CultureInfo.InvariantCulture, $"round {round}: killed again {life.TotalMilliseconds:F0} ms after the start"));
    }

    private TimeSpan Restart(ServerProcess server, int round)
    {
        try
        {
            var restart = server.StartAndWait(RestartLimit);
            LongestRestart = restart > LongestRestart ? restart : LongestRestart;
            return restart;
        }
        catch (TimeoutException e)
        {
            throw new CrashTestException($"Seed {seed}, round {round}: no restart within {RestartLimit.TotalSeconds} s. {e.Message}");
        }
    }

    private static List<string> SendOpenOnesAgain(ServerProcess server, Ledger ledger)
    {
        var faults = new List<string>();
        using var association = CrashLoad.Connect(server.Target);
        foreach (var instance in ledger.Studies.SelectMany(study => ledger.Study(study).Values).Where(instance => instance.Answer == Answer.None))
        {
            var status = CrashLoad.Send(association, instance);
            if (status != 0)
            {
                faults.Add($"{instance.Identity.SopInstanceUid} was answered with {status:X4}");
            }
        }

        association.Release();
        return faults;
    }

    private void Expect(IReadOnlyList<string> faults, int round, string when, ServerProcess server)
    {
        if (faults.Count > 0)
        {
            throw new CrashTestException($"Seed {seed}, round {round}, {when}:\n{string.Join('\n', faults)}\n{server.LogTail()}");
        }
    }
}

/// <summary>An archive did not keep its word.</summary>
internal sealed class CrashTestException(string message) : Exception(message);
