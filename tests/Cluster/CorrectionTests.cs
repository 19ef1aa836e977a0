using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>A correction at the centre, as people and foreign programs see it.</summary>
public sealed class CorrectionTests
{
    private const string Study = "1.2.60.1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_node_shows_what_the_centre_corrects_and_images_leave_with_it()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.StoreAsync(Study, "WRONG^NAME", Ct);
        await centre.UntilFoundAsync(Study, Ct);
        string[] correct = ["correct", Study, "--patient-name", "RIGHT^NAME", "--accession", "A77"];
        Assert.Contains("bring it here first", (await centre.RunAsync(Ct, correct)).Everything, StringComparison.Ordinal);
        (await centre.RunAsync(Ct, "fetch", Study)).Succeeded();
        Assert.Contains("at the centre", (await clinic.RunAsync(Ct, correct)).Everything, StringComparison.Ordinal);

        Assert.Matches(@"PatientName\s+WRONG\^NAME\s+RIGHT\^NAME", (await centre.RunAsync(Ct, [.. correct, "--dry-run"])).Succeeded().Output);
        Assert.Contains("WRONG^NAME", await centre.FindAsync(Study, Ct), StringComparison.Ordinal);
        Assert.Contains("Corrected in 1 study.", (await centre.RunAsync(Ct, correct)).Succeeded().Output, StringComparison.Ordinal);
        await clinic.UntilAsync(() => clinic.FindAsync(Study, Ct), found => found.Contains("RIGHT^NAME", StringComparison.Ordinal), Ct);

        // What comes later with the old name, here or there, does not undo it.
        await clinic.StoreAsync(Study, "WRONG^NAME", Ct, number: 2);
        await centre.StoreAsync(Study, "WRONG^NAME", Ct, number: 3);
        await clinic.UntilCountedAsync(Study, 3, Ct);
        await centre.UntilCountedAsync(Study, 3, Ct);
        Assert.Contains("RIGHT^NAME", await clinic.FindAsync(Study, Ct), StringComparison.Ordinal);
        Assert.Contains("RIGHT^NAME", await centre.FindAsync(Study, Ct), StringComparison.Ordinal);

        var folder = await clinic.GetAsync(Study, Ct);
        Assert.Equal(3, Directory.GetFiles(folder).Length);
        foreach (var file in Directory.GetFiles(folder))
        {
            var dump = (await ForeignProgram.RunAsync("dcmdump", [file], Ct)).Succeeded().Everything;
            Assert.Matches(@"(?m)^\(0010,0010\) PN \[RIGHT\^NAME\]", dump);
            Assert.Matches(@"(?m)^\(0008,0050\) SH \[A77\s*\]", dump);
            Assert.Matches(@"(?m)^\(0400,0561\) SQ", dump);
            Assert.Matches(@"(?m)^\s+\(0010,0010\) PN \[WRONG\^NAME\]", dump);
        }
    }
}
