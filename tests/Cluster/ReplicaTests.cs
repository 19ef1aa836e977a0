using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>Replicas drop what others keep, and copies are where they shall be.</summary>
public sealed class ReplicaTests
{
    private const int Images = 24;

    /// <summary>One percent of a MiB is less than the study has; nothing rests.</summary>
    private const string Small = """
        { "Recycling": { "CapacityMebibytes": 1, "HighMarkPercent": 1, "LowMarkPercent": 0, "RestMinutes": 0, "IntervalSeconds": 86400 } }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_drops_what_the_centre_keeps_knows_it_still_and_brings_it_again_also_after_kill()
    {
        const string Study = "1.2.3.20";
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var replica = await ClusterNode.StartAsync("REPLICA", Ct, settings: Small);
        await replica.JoinAsync(centre, fingerprint, Ct, role: "replica");
        await centre.StoreManyAsync(Study, Images, Ct);
        await replica.UntilCountedAsync(Study, Images, Ct);
        var first = Hashes(await replica.GetAsync(Study, Ct));
        Assert.Equal(Images, first.Count);
        Assert.Contains("ONLINE", await replica.FindAsync(Study, Ct), StringComparison.Ordinal);

        // The centre hears that the replica holds it too, and keeps everything itself.
        Assert.Contains("This node keeps everything", (await centre.RunAsync(Ct, "recycle")).Succeeded().Output, StringComparison.Ordinal);
        (await replica.RunAsync(Ct, "pin", Study)).Succeeded();
        Assert.Contains("0 studies dropped", (await replica.RunAsync(Ct, "recycle")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Matches($@"{Regex.Escape(Study)}\s+\S+ \S+\s+local", (await replica.RunAsync(Ct, "pin")).Succeeded().Output);
        (await replica.RunAsync(Ct, "unpin", Study)).Succeeded();
        await replica.UntilAsync(["recycle", "--dry-run"], output => Regex.IsMatch(output, $@"{Regex.Escape(Study)}\s+{Images}\s.*WouldDrop\s+CENTRE", RegexOptions.None, TimeSpan.FromSeconds(5)), Ct);
        Assert.Contains("ONLINE", await replica.FindAsync(Study, Ct), StringComparison.Ordinal);

        Assert.Contains("1 studies dropped", (await replica.RunAsync(Ct, "recycle")).Succeeded().Output, StringComparison.Ordinal);
        await replica.KillAsync();
        await replica.StartAgainAsync(Ct);
        Assert.Contains("NEARLINE", await replica.FindAsync(Study, Ct), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(replica.Data, "online"), "*.dcm", SearchOption.AllDirectories));
        Assert.Matches($@"{Regex.Escape(Study)}\s+{Images}\s+\S+\s+Capacity\s+CENTRE", (await replica.RunAsync(Ct, "recycle", "--history")).Succeeded().Output);
        await replica.UntilStateAsync("CENTRE", "up", Ct);
        Assert.Equal(first, Hashes(await replica.GetAsync(Study, Ct)));

        // Without the centre nothing is safe elsewhere.
        await centre.KillAsync();
        Assert.Contains("NotConfirmed", (await replica.RunAsync(Ct, "recycle")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("ONLINE", await replica.FindAsync(Study, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_study_is_placed_at_a_node_counted_and_a_new_node_is_filled_from_those_who_hold_it()
    {
        LongRun.Only();
        const string Study = "1.2.3.30";
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreManyAsync(Study, 5, Ct);
        await clinic.UntilCountedAsync(Study, 5, Ct);
        Assert.Matches(@"CLINIC\s+is fetching it", (await centre.RunAsync(Ct, "place", Study, "CLINIC")).Succeeded().Output);
        await centre.UntilAsync(["network", "coverage"], output => output.Contains("2 holders: 1 study", StringComparison.Ordinal), Ct);
        Assert.Matches($@"{Regex.Escape(Study)}\s+5\s+5\s+2\s+CLINIC\s+CENTRE, CLINIC", (await centre.RunAsync(Ct, "network", "coverage", "--study", Study)).Succeeded().Output);
        Assert.Matches($@"{Regex.Escape(Study)}\s+\S+ \S+\s+CENTRE", (await clinic.RunAsync(Ct, "pin")).Succeeded().Output);
        Assert.Contains("no other member", (await centre.RunAsync(Ct, "place", Study, "NOBODY")).Everything, StringComparison.Ordinal);

        await using var anew = await ClusterNode.StartAsync("ANEW", Ct);
        await anew.JoinAsync(centre, fingerprint, Ct, role: "centre");
        await anew.UntilStateAsync("CLINIC", "up", Ct);
        await anew.UntilCountedAsync(Study, 5, Ct);
        await anew.UntilAsync(["network", "coverage"], output => output.Contains("CENTRE, CLINIC", StringComparison.Ordinal) || output.Contains("CLINIC, CENTRE", StringComparison.Ordinal), Ct);
        await centre.KillAsync();
        Assert.Contains("1 of 1 studies, 5 of 5 images are here", (await anew.RunAsync(Ct, "rebuild")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("ONLINE", await anew.FindAsync(Study, Ct), StringComparison.Ordinal);
        Assert.Equal(5, Hashes(await anew.GetAsync(Study, Ct)).Count);
    }

    [Fact]
    public async Task Replicas_that_ask_for_the_same_at_once_make_no_byte_cross_twice_for_one_of_them()
    {
        LongRun.Only();
        const string Study = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";
        var folder = Path.Combine(Corpus.CtStudy, "S2020");
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var one = await ClusterNode.StartAsync("ONE", Ct);
        await using var two = await ClusterNode.StartAsync("TWO", Ct);
        await one.JoinAsync(centre, fingerprint, Ct, role: "replica");
        await two.JoinAsync(centre, fingerprint, Ct, role: "replica");
        await one.UntilStateAsync("TWO", "up", Ct);
        await centre.StoreFolderAsync(folder, Ct);
        var images = Directory.GetFiles(folder).Length;
        await one.UntilCountedAsync(Study, images, Ct);
        await two.UntilCountedAsync(Study, images, Ct);
        var fetched = await Task.WhenAll(one.RunAsync(Ct, "fetch", Study), two.RunAsync(Ct, "fetch", Study));
        Assert.All(fetched, static result => result.Succeeded());
        var bytes = Directory.EnumerateFiles(Path.Combine(centre.Data, "online"), "*.dcm", SearchOption.AllDirectories).Sum(static file => new FileInfo(file).Length);
        var served = await Task.WhenAll(centre.ServedBytesAsync(Ct), one.ServedBytesAsync(Ct), two.ServedBytesAsync(Ct));
        Assert.InRange(served.Sum(), 2 * bytes, 2 * bytes * 1.05);
    }

    [Fact]
    public async Task New_studies_of_a_chosen_kind_come_unasked_and_earlier_ones_of_a_patient_when_one_is_opened()
    {
        LongRun.Only();
        const string Earlier = "1.2.3.41";
        const string Later = "1.2.3.42";
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var replica = await ClusterNode.StartAsync("REPLICA", Ct, settings: """{ "Placement": { "WarmModalities": "CT,OT", "WarmIntervalSeconds": 1 } }""");
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct, settings: """{ "Placement": { "WarmModalities": "CT", "WarmIntervalSeconds": 1, "Priors": 2 } }""");
        await replica.JoinAsync(centre, fingerprint, Ct, role: "replica");
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreAsync(Earlier, "ONE^PATIENT", Ct, patientId: "P4");
        await replica.UntilAsync(() => replica.FindAsync(Earlier, Ct), static found => found.Contains("ONLINE", StringComparison.Ordinal), Ct);
        await centre.StoreAsync(Later, "ONE^PATIENT", Ct, patientId: "P4");
        await clinic.UntilFoundAsync(Later, Ct);
        Assert.Contains("NEARLINE", await clinic.FindAsync(Earlier, Ct), StringComparison.Ordinal);

        Assert.Single(Hashes(await clinic.GetAsync(Later, Ct)));
        await clinic.UntilAsync(() => clinic.FindAsync(Earlier, Ct), static found => found.Contains("ONLINE", StringComparison.Ordinal), Ct);
    }

    /// <summary>SHA-256 of every data set below a folder, in order, as hexadecimal digits.</summary>
    private static List<string> Hashes(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Convert.ToHexString(SHA256.HashData(Part10File.DataSet(file)))).Order(StringComparer.Ordinal)];
}
