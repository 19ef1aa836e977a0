using System.Text.RegularExpressions;
using Panal.Conformance.WireClient;

namespace Panal.Conformance.Crash;

/// <summary>
/// A killed process loses nothing that reached the page cache, a machine without power does: so the kernel is asked whether
/// each answer 0000 left after a sync that ended since the answer before it.
/// </summary>
[Collection(nameof(Crashes))]
public sealed partial class DurableAnswerTests : IDisposable
{
    private const int Instances = 30;
    private readonly string _directory = Directory.CreateTempSubdirectory("panal-sync-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Every_answer_leaves_after_a_sync_of_its_own()
    {
        var panal = ServerProcess.FindPanal();
        Assert.SkipWhen(panal is null, "artifacts/panal is made by ./run --build-only.");
        Assert.All(SyncsBeforeAnswers(ServerProcess.Panal(panal, _directory)), syncs => Assert.True(syncs > 0));
    }

    [Fact]
    public void The_witness_notices_a_server_that_never_syncs()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/storescp"), "storescp is not installed (apt-get install dcmtk).");
        Assert.All(SyncsBeforeAnswers(ServerProcess.Storescp(_directory)), syncs => Assert.Equal(0, syncs));
    }

    [Fact]
    public void The_witness_sees_the_syncs_of_an_archive_that_does()
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/Orthanc"), "Orthanc is not installed (apt-get install orthanc).");
        Assert.All(SyncsBeforeAnswers(ServerProcess.Orthanc(_directory)), syncs => Assert.True(syncs > 0));
    }

    /// <summary>How many syncs ended between one C-STORE response and the next, from the order in which the kernel saw them.</summary>
    private List<int> SyncsBeforeAnswers(ServerProcess created)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed (apt-get install strace).");
        using var server = created;
        var trace = Path.Combine(_directory, "trace.txt");
        server.CommandPrefix = ["/usr/bin/strace", "-f", "--seccomp-bpf", "-qq", "-s", "4", "-e", "signal=none", "-e", "trace=fsync,fdatasync,syncfs,sendto,sendmsg,write,writev", "-o", trace];
        server.StartAndWait(TimeSpan.FromSeconds(60));
        using (var association = CrashLoad.Connect(server.Target))
        {
            for (var number = 1; number <= Instances; number++)
            {
                var instance = new SentInstance(new SyntheticIdentity(1, 1, number), new SyntheticInstance(20_000), 2 * number);
                Assert.Equal(0, CrashLoad.Send(association, instance));
            }

            association.Release();
        }

        server.Kill();
        var syncs = 0;
        var before = new List<int>();
        foreach (var line in File.ReadLines(trace))
        {
            syncs += SyncEnded().IsMatch(line) ? 1 : 0;
            if (DataSent().IsMatch(line))
            {
                before.Add(syncs);
                syncs = 0;
            }
        }

        // The first P-DATA-TF of the server answers the C-ECHO that waited for its start; the last ones answer our C-STOREs.
        Assert.True(before.Count > Instances, $"Only {before.Count} answers were seen.");
        return before[^Instances..];
    }

    [GeneratedRegex(@"\b(fsync|fdatasync|syncfs)\b.*= 0$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex SyncEnded();

    [GeneratedRegex(@"\b(sendto|sendmsg|write|writev)\(.*""\\4\\0\\0\\0", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex DataSent();
}
