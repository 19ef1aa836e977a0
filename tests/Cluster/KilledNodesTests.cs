using Panal.Cluster.Nodes;

namespace Panal.Cluster;

/// <summary>Nodes that end without a word while a study is on its way, at any moment.</summary>
public sealed class KilledNodesTests(ITestOutputHelper output)
{
    private const int Instances = 4;
    private const int InstanceBytes = 2 << 20;

    // A record for each block of 64 KiB, with the five hashes that prove one of 32: docs/formats/partial-transfer.md.
    private const int ProofBytesOfStudy = Instances * (InstanceBytes >> 16) * (38 + 5 * 32);

    /// <summary>Slow enough for a kill to come in between: two seconds for a study.</summary>
    private const string SlowLine = """{"Transfers":{"UplinkLimit":"24000","LimitsNear":true}}""";

    private static readonly int Rounds = LongRun.IsAsked ? 50 : 1;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_study_arrives_whole_whoever_is_killed_while_it_comes()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct, settings: SlowLine);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        for (var round = 0; round < Rounds; round++)
        {
            var study = $"1.2.3.77.{round}";
            var sent = await centre.StoreRandomAsync(study, Instances, InstanceBytes, seed + round, Ct);
            await clinic.UntilCountedAsync(study, Instances, Ct);
            await using (var fetch = RunningCommand.Start("fetch", study, "--data", clinic.Data))
            {
                var moment = random.Next(ProofBytesOfStudy);
                await clinic.UntilAsync(() => Task.FromResult($"{moment} of {ProofBytesOfStudy}"), _ => fetch.HasEnded || ProofBytes(clinic) >= moment, Ct);

                // The receiver, the source, or both, at any moment.
                ClusterNode[] killed = random.Next(3) switch { 0 => [clinic], 1 => [centre], _ => [centre, clinic] };
                foreach (var node in killed)
                {
                    await node.KillAsync();
                }

                foreach (var node in killed)
                {
                    await node.StartAgainAsync(Ct);
                }
            }

            // What was begun goes on by itself, and whoever asks for the study waits for the rest.
            await clinic.UntilStateAsync("CENTRE", "up", Ct);
            Assert.Equal(FetchingTests.Hashes(sent), FetchingTests.Hashes(await clinic.GetAsync(study, Ct)));
        }

        // Nothing is left of what was on its way.
        var transfers = Path.Combine(clinic.Data, "transfers");
        await clinic.UntilAsync(() => Task.FromResult($"{Directory.GetFiles(transfers).Length} files"), static left => left == "0 files", Ct);
    }

    /// <summary>Bytes of proofs of what is verified and on its way.</summary>
    private static long ProofBytes(ClusterNode node)
    {
        var folder = new DirectoryInfo(Path.Combine(node.Data, "transfers"));
        return folder.Exists ? folder.EnumerateFiles("*.proofs").Sum(static file => file.Exists ? file.Length : 0) : 0;
    }
}
