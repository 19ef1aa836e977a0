using System.Globalization;
using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>The promise "what was acknowledged is durable", kept by the real process when it is killed.</summary>
[Collection(nameof(Crashes))]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("panal-crash-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Nothing_answered_with_success_is_lost_when_the_process_is_killed()
    {
        var panal = ServerProcess.FindPanal();
        Assert.SkipWhen(panal is null, "artifacts/panal is made by ./run --build-only.");
        var seed = Number("PANAL_SEED") ?? Random.Shared.Next(1_000_000);
        var rounds = Number("PANAL_ROUNDS") ?? (LongRun.IsAsked ? 50 : 3);
        Log(string.Create(CultureInfo.InvariantCulture, $"seed {seed} (PANAL_SEED repeats it), {rounds} rounds"));
        var crashes = new CrashRounds(seed, _directory, folder => ServerProcess.Panal(panal, folder), Log);
        crashes.Execute(rounds);
        Log(string.Create(CultureInfo.InvariantCulture, $"longest restart {crashes.LongestRestart.TotalMilliseconds:F0} ms"));
    }

    /// <summary>Shows the harness at work on an archive that is not ours; its outcome says nothing of Panal, so only by request.</summary>
    [Fact]
    public void Orthanc_can_be_put_through_the_same_rounds()
    {
        Assert.SkipUnless(Number("PANAL_CRASH_ORTHANC") is not null, "PANAL_CRASH_ORTHANC=1 asks for it, to try the harness.");
        new CrashRounds(Number("PANAL_SEED") ?? 1, _directory, folder => ServerProcess.Orthanc(folder), Log).Execute(Number("PANAL_CRASH_ORTHANC")!.Value);
    }

    [Fact]
    public void The_check_finds_no_fault_in_an_archive_that_was_not_killed()
    {
        using var orthanc = StartOrthanc();
        var ledger = Fill(orthanc);
        Assert.Empty(LedgerCheck.Run(ledger, orthanc.Target, ledger.Studies));
    }

    [Fact]
    public void The_check_notices_what_is_lost_changed_or_never_sent()
    {
        using var orthanc = StartOrthanc();
        var ledger = Fill(orthanc);
        var sent = ledger.Studies.SelectMany(study => ledger.Study(study).Values).ToList();
        var lost = new SentInstance(sent[0].Identity with { Number = 99_999 }, sent[0].Shape, 0) { Answer = Answer.Success };
        ledger.Add(lost);
        sent[1].Hash = "changed";
        sent[2].Answer = Answer.Refused;
        var faults = LedgerCheck.Run(ledger, orthanc.Target, ledger.Studies);
        Assert.Contains($"{lost.Identity.SopInstanceUid} was answered with success and is not found", faults);
        Assert.Contains(faults, fault => fault.StartsWith(sent[1].Identity.SopInstanceUid, StringComparison.Ordinal) && fault.EndsWith("came back with other bytes", StringComparison.Ordinal));
        Assert.Contains($"{sent[2].Identity.SopInstanceUid} was refused and is found", faults);
        Assert.Equal(3, faults.Count);

        var forgetful = new Ledger();
        sent.Skip(1).Take(1).ToList().ForEach(forgetful.Add);
        Assert.Contains(LedgerCheck.Run(forgetful, orthanc.Target, forgetful.Studies), fault => fault.EndsWith("was never sent", StringComparison.Ordinal));
        Assert.Contains(LedgerCheck.Run(forgetful, orthanc.Target, forgetful.Studies), fault => fault.EndsWith("was never sent and is found", StringComparison.Ordinal));
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private void Log(string line)
    {
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage(line);
    }

    private ServerProcess StartOrthanc()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/Orthanc"), "Orthanc is not installed (apt-get install orthanc).");
        var orthanc = ServerProcess.Orthanc(Path.Combine(_directory, "orthanc"));
        orthanc.StartAndWait(TimeSpan.FromSeconds(30));
        return orthanc;
    }

    /// <summary>A few small instances in two studies.</summary>
    private static Ledger Fill(ServerProcess server)
    {
        var ledger = new Ledger();
        using var association = CrashLoad.Connect(server.Target);
        for (var number = 0; number < 12; number++)
        {
            var shape = new SyntheticInstance(1_000 + 1_000 * number * number, isExplicitVr: number % 3 > 0);
            var instance = new SentInstance(new SyntheticIdentity(1, number / 6, number + 1), shape, 2 * number);
            ledger.Add(instance);
            Assert.Equal(0, CrashLoad.Send(association, instance));
        }

        association.Release();
        return ledger;
    }
}

/// <summary>Runs alone: a restart has a time limit, and the machine's disk is what is tested.</summary>
[CollectionDefinition(nameof(Crashes), DisableParallelization = true)]
public static class Crashes;
