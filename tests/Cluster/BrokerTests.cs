using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>The archives of others, untouched, in front of which a node stands.</summary>
public sealed class BrokerTests
{
    private const string StudyUid = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";
    private const int Slices = 30;

    /// <summary>What `panal broker status` says when nothing waits to be forwarded.</summary>
    private static readonly Regex Forwarded = new(@"forwarded\s+4 images, 0 jobs wait", RegexOptions.None, TimeSpan.FromSeconds(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_Orthanc_has_is_found_and_got_at_a_clinic_that_knows_nothing_of_it()
    {
        await using var orthanc = await Orthanc.StartAsync(Ct);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Corpus.CtStudy, "S2020")).Order(StringComparer.Ordinal).Take(Slices))
        {
            Assert.True(await orthanc.UploadAsync(file, Ct));
        }

        var (broker, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = broker;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(broker, fingerprint, Ct);
        (await broker.RunAsync(Ct, "broker", "add", "hospital", "--dicom", Address(orthanc.AeTitle, orthanc.DicomPort))).Succeeded();
        Assert.Contains("complete", (await broker.RunAsync(Ct, "broker", "sweep", "hospital", "--all")).Succeeded().Output, StringComparison.Ordinal);

        await clinic.UntilCountedAsync(StudyUid, Slices, Ct);
        Assert.Contains("NEARLINE", await clinic.FindAsync(StudyUid, Ct), StringComparison.Ordinal);
        var got = Hashes(await clinic.GetAsync(StudyUid, Ct));

        // Byte for byte what Orthanc itself gives to whoever asks it.
        Assert.Equal(Slices, got.Count);
        Assert.Equal(await HashesOfAsync(orthanc), got);
        Assert.Contains("ONLINE", await clinic.FindAsync(StudyUid, Ct), StringComparison.Ordinal);
        Assert.Contains("30 images, 0 were offered and not given", (await broker.RunAsync(Ct, "broker", "status", "hospital")).Succeeded().Output, StringComparison.Ordinal);

        // What it deletes is gone everywhere, but for what was fetched of it.
        (await broker.RunAsync(Ct, "broker", "remove", "hospital")).Succeeded();
        Assert.Contains("ONLINE", await clinic.FindAsync(StudyUid, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sweep_goes_on_after_the_node_was_killed_and_what_is_stored_is_forwarded_to_dcmqrscp()
    {
        await using var node = await ClusterNode.StartAsync("BROKER", Ct);
        await using var archive = await Dcmqrscp.StartAsync(Ct, "DCMQRSCP", ("PANAL", node.DicomPort));
        await using var modality = await ClusterNode.StartAsync("MODALITY", Ct);
        (await modality.RunAsync(Ct, "broker", "add", "simple", "--dicom", Address(archive.AeTitle, archive.Port))).Succeeded();
        for (var study = 1; study <= 3; study++)
        {
            await modality.StoreManyAsync($"1.2.3.{study}", 2, Ct);
            (await modality.RunAsync(Ct, "broker", "forward", "simple", $"1.2.3.{study}")).Succeeded();
        }

        await modality.UntilAsync(["broker", "status"], static status => status.Contains("6 images, 0 jobs wait", StringComparison.Ordinal), Ct);

        // Slowly, so that it is killed in the middle.
        string[] add = ["broker", "add", "simple", "--dicom", Address(archive.AeTitle, archive.Port), "--retrieve", "move", "--forward", "--requests"];
        (await node.RunAsync(Ct, [.. add, "0.5"])).Succeeded();
        await node.UntilAsync(["broker", "status"], static status => !status.Contains(" 0 questions", StringComparison.Ordinal), Ct);
        await node.KillAsync();
        await node.StartAgainAsync(Ct);
        (await node.RunAsync(Ct, [.. add, "100"])).Succeeded();
        Assert.Contains("3 studies, 6 images; complete", (await node.RunAsync(Ct, "broker", "sweep", "simple", "--all")).Succeeded().Output, StringComparison.Ordinal);

        // C-MOVE to the node itself; dcmqrscp tells neither SOP classes nor counts.
        Assert.Equal(2, Hashes(await node.GetAsync("1.2.3.2", Ct)).Count);
        Assert.Contains("ONLINE", await node.FindAsync("1.2.3.2", Ct), StringComparison.Ordinal);

        await node.StoreManyAsync("1.2.3.9", 4, Ct);
        await node.UntilAsync(["broker", "status", "simple"], Forwarded.IsMatch, Ct);
        Assert.Contains("4 studies, 10 images", (await node.RunAsync(Ct, "broker", "sweep", "simple", "--all")).Succeeded().Output, StringComparison.Ordinal);
    }

    private static string Address(string aeTitle, int port) => string.Create(CultureInfo.InvariantCulture, $"{aeTitle}@127.0.0.1:{port}");

    private static async Task<List<string>> HashesOfAsync(Orthanc orthanc)
    {
        using var directory = new TemporaryDirectory("getscu");
        (await ForeignProgram.RunAsync(
            "getscu",
            [
                "-S", "+B", "-aec", orthanc.AeTitle, "127.0.0.1", orthanc.DicomPort.ToString(CultureInfo.InvariantCulture), "-od", directory.Path,
                "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={StudyUid}",
            ],
            Ct)).Succeeded();
        return Hashes(directory.Path);
    }

    /// <summary>SHA-256 of every data set in a folder, in order, as hexadecimal digits.</summary>
    private static List<string> Hashes(string folder) =>
        [.. Directory.EnumerateFiles(folder).Select(static file => Convert.ToHexString(SHA256.HashData(Part10File.DataSet(file)))).Order(StringComparer.Ordinal)];
}
