using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
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

    private static readonly Regex Retrieved = new(@"retrieved\s+(?<count>\d+) images, 0 were", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

    /// <summary>What `panal broker status` says when nothing waits to be forwarded.</summary>
    private static readonly Regex Forwarded = new(@"forwarded\s+4 images, 0 jobs wait", RegexOptions.None, TimeSpan.FromSeconds(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_Orthanc_has_is_found_and_got_at_a_clinic_that_knows_nothing_of_it()
    {
        await using var orthanc = await FilledAsync(await Orthanc.StartAsync(Ct));
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

        // Counted when the archive has ended its answer, after the last image.
        await broker.UntilAsync(["broker", "status", "hospital"], static status => status.Contains("30 images, 0 were offered and not given", StringComparison.Ordinal), Ct);

        // What it deletes is gone everywhere, but for what was fetched of it.
        (await broker.RunAsync(Ct, "broker", "remove", "hospital")).Succeeded();
        Assert.Contains("ONLINE", await clinic.FindAsync(StudyUid, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_brokers_of_one_archive_get_a_share_each_and_when_one_dies_the_others_take_over()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var second = await ClusterNode.StartAsync("SECOND", Ct);
        await using var third = await ClusterNode.StartAsync("THIRD", Ct);
        await using var orthanc = await FilledAsync(await Orthanc.StartWithDicomWebAsync(new Uri(centre.Url), Ct, ("PANAL", third.DicomPort)));
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await using var late = await ClusterNode.StartAsync("LATE", Ct);
        (ClusterNode Node, string[] How)[] brokers =
        [
            (centre, ["--retrieve", "get"]), (second, ["--retrieve", "wado", "--dicomweb", orthanc.DicomWeb.ToString()]), (third, ["--retrieve", "move"]),
        ];
        foreach (var node in (ClusterNode[])[second, third, clinic, late])
        {
            await node.JoinAsync(centre, fingerprint, Ct);
        }

        foreach (var (broker, how) in brokers)
        {
            (await broker.RunAsync(Ct, ["broker", "add", "hospital", "--dicom", Address(orthanc.AeTitle, orthanc.DicomPort), .. how])).Succeeded();
            await broker.UntilAsync(["broker", "status"], static status => status.Contains("1 studies, 30 images; complete", StringComparison.Ordinal), Ct);
        }

        using var page = await PageOfAsync(clinic);
        using var latePage = await PageOfAsync(late);
        foreach (var (node, client) in (IEnumerable<(ClusterNode, HttpClient)>)[(clinic, page), (late, latePage)])
        {
            await node.UntilAsync(
                () => client.GetStringAsync(Study("where"), Ct), static where => JsonDocument.Parse(where).RootElement.GetProperty("archives").GetArrayLength() == 3, Ct);
        }

        using var begun = await page.PostAsync(Study("fetch"), content: null, Ct);
        Assert.True(begun.IsSuccessStatusCode, await begun.Content.ReadAsStringAsync(Ct));
        await clinic.UntilAsync(() => clinic.FindAsync(StudyUid, Ct), static found => found.Contains("ONLINE", StringComparison.Ordinal), Ct);
        var expected = await HashesOfAsync(orthanc);
        Assert.Equal(expected, Hashes(await clinic.GetAsync(StudyUid, Ct)));
        int[] retrieved = [];
        await centre.UntilAsync(
            async () =>
            {
                retrieved = await Task.WhenAll(brokers.Select(static broker => RetrievedAsync(broker.Node)));
                return retrieved.Sum().ToString(CultureInfo.InvariantCulture);
            },
            static sum => sum == "30", Ct);
        Assert.All(retrieved, static share => Assert.InRange(share, 1, Slices - 2));

        // The clinic that has everything goes, and one of the three with its share.
        await clinic.KillAsync();
        await third.KillAsync();
        Assert.Contains("30 images", (await late.RunAsync(Ct, "fetch", StudyUid)).Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal(expected, Hashes(await late.GetAsync(StudyUid, Ct)));
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

    private static Uri Study(string resource) => new($"api/studies/{StudyUid}/{resource}", UriKind.Relative);

    /// <summary>Calls a node as its page does, for somebody who may view.</summary>
    private static async Task<HttpClient> PageOfAsync(ClusterNode node)
    {
        using var directory = new TemporaryDirectory("account");
        var password = directory.Combine("password");
        await File.WriteAllTextAsync(password, "correct horse battery staple", Ct);
        (await node.RunAsync(Ct, "account", "add", "reader", "--role", "radiologist", "--password-file", password)).Succeeded();
        var token = (await node.RunAsync(Ct, "account", "token", "reader")).Succeeded().Output.Trim().Split('\n')[^1].Trim();
        var client = new HttpClient { BaseAddress = new Uri(node.Url) };
        client.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    private static async Task<Orthanc> FilledAsync(Orthanc orthanc)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Corpus.CtStudy, "S2020")).Order(StringComparer.Ordinal).Take(Slices))
        {
            Assert.True(await orthanc.UploadAsync(file, Ct));
        }

        return orthanc;
    }

    private static async Task<int> RetrievedAsync(ClusterNode node) =>
        int.Parse(Retrieved.Match((await node.RunAsync(Ct, "broker", "status")).Succeeded().Output).Groups["count"].ValueSpan, CultureInfo.InvariantCulture);

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
