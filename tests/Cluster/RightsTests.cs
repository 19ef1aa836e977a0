using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>What members may see and fetch, decided by the node that serves.</summary>
public sealed class RightsTests
{
    /// <summary>Nothing of the centre's feed is unknown, which was heard a moment ago, and it holds one instance.</summary>
    private static readonly Regex KnownOne = new(@"^CENTRE\b.*\s0\s+\d+ s ago\s+1\b", RegexOptions.Multiline, TimeSpan.FromSeconds(5));

    private static readonly Regex Numbered = new(@"(?<number>\d+)\s+OtherContent", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_member_may_not_see_or_fetch_is_answered_as_what_does_not_exist()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct, institution: "Norte");
        await centre.StoreAsync("1.2.40.1", "OF^NORTE", Ct, institution: "Norte");
        await centre.StoreAsync("1.2.40.2", "OF^SUR", Ct, institution: "Sur");
        await centre.StoreAsync("1.2.40.4", "ALSO^SUR", Ct, institution: "Sur");
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilFoundAsync("1.2.40.2", Ct);

        // It sees all and may fetch its own only.
        Assert.Matches(@"readers\s+query:all, fetch:own", (await centre.RunAsync(Ct, "network", "groups", "set", "readers", "query:all", "fetch:own")).Succeeded().Output);
        (await centre.RunAsync(Ct, "network", "groups", "assign", "CLINIC-7", "readers")).Succeeded();
        await using (RunningCommand.Start(["fetch", "1.2.40.2", "--data", clinic.Data]))
        {
            // Nobody gives it, and it waits as for a holder that is away; what is asked for later and allowed comes meanwhile.
            (await clinic.RunAsync(Ct, "fetch", "1.2.40.1")).Succeeded();
            Assert.Contains("NEARLINE", await clinic.FindAsync("1.2.40.2", Ct), StringComparison.Ordinal);
        }

        // It sees its own only, and what it was told of the other is forgotten.
        (await centre.RunAsync(Ct, "network", "groups", "set", "readers", "query:own", "fetch:own")).Succeeded();
        await clinic.UntilAsync(() => clinic.FindAsync("1.2.40.2", Ct), found => !found.Contains("Pending", StringComparison.Ordinal), Ct);
        Assert.Contains("OF^NORTE", await clinic.FindAsync("1.2.40.1", Ct), StringComparison.Ordinal);
        var unknown = (await clinic.RunAsync(Ct, "fetch", "1.2.40.9")).Everything;
        Assert.Equal(unknown, (await clinic.RunAsync(Ct, "fetch", "1.2.40.4")).Everything);

        // In no group it may do nothing; what it holds itself stays.
        (await centre.RunAsync(Ct, "network", "groups", "assign", "CLINIC-7")).Succeeded();
        await centre.StoreAsync("1.2.40.3", "LATER^NORTE", Ct, institution: "Norte");
        await clinic.UntilAsync(["network", "status"], status => status.Split('\n').Any(line => line.StartsWith("CENTRE", StringComparison.Ordinal) && line.TrimEnd().EndsWith(" 0", StringComparison.Ordinal)), Ct);
        Assert.DoesNotContain("Pending", await clinic.FindAsync("1.2.40.3", Ct), StringComparison.Ordinal);
        Assert.Contains("ONLINE", await clinic.FindAsync("1.2.40.1", Ct), StringComparison.Ordinal);

        (await centre.RunAsync(Ct, "network", "groups", "assign", "CLINIC-7", "clinic")).Succeeded();
        await clinic.UntilFoundAsync("1.2.40.3", Ct);
        await clinic.UntilFoundAsync("1.2.40.2", Ct);
        await centre.UntilAuditedAsync("give the group readers the rights query:own, fetch:own", Ct);
    }

    [Fact]
    public async Task A_member_is_told_of_the_studies_of_its_selection_without_what_is_left_out_and_of_no_others()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct, institution: "Norte");
        await centre.StoreAsync("1.2.50.1", "OF^NORTE", Ct, institution: "Norte");
        await centre.StoreAsync("1.2.50.2", "OF^SUR", Ct, institution: "Sur");
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilFoundAsync("1.2.50.2", Ct);

        (await centre.RunAsync(Ct, "network", "groups", "assign", "CLINIC-7", "clinic")).Succeeded();
        Assert.Contains("query:all,institution=Norte,without=PatientName", (await centre.RunAsync(Ct, "network", "groups", "set", "clinic", "query:all,institution=Norte,without=PatientName", "fetch:all")).Succeeded().Output, StringComparison.Ordinal);
        await clinic.UntilAsync(() => clinic.FindAsync("1.2.50.2", Ct), IsUnknown, Ct);
        var told = await clinic.UntilAsync(() => clinic.FindAsync("1.2.50.1", Ct), found => found.Contains("Pending", StringComparison.Ordinal), Ct);
        Assert.DoesNotContain("NORTE", told, StringComparison.Ordinal);

        // By the age of studies: a correction brings one into the selection, and takes it out again.
        (await centre.RunAsync(Ct, "network", "groups", "set", "clinic", "query:all,days=36")).Succeeded();
        await clinic.UntilAsync(() => clinic.FindAsync("1.2.50.1", Ct), IsUnknown, Ct);
        var today = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        (await centre.RunAsync(Ct, "correct", "1.2.50.2", "--study-date", today)).Succeeded();
        Assert.Contains("OF^SUR", await clinic.UntilFoundAsync("1.2.50.2", Ct), StringComparison.Ordinal);
        (await centre.RunAsync(Ct, "correct", "1.2.50.2", "--study-date", "20200101")).Succeeded();
        await clinic.UntilAsync(() => clinic.FindAsync("1.2.50.2", Ct), IsUnknown, Ct);
    }

    [Fact]
    public async Task To_keep_copies_of_others_and_to_have_others_keep_some_needs_a_right_and_leaves_a_trail()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct, institution: "Norte");
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilStateAsync("CENTRE", "up", Ct);
        await centre.StoreAsync("1.2.51.1", "OF^SUR", Ct, institution: "Sur");
        await clinic.StoreAsync("1.2.51.2", "OF^CLINIC", Ct, institution: "Sur");
        await clinic.UntilFoundAsync("1.2.51.1", Ct);
        await centre.UntilFoundAsync("1.2.51.2", Ct);

        // A clinic may search and fetch everything, keep nothing of it by itself, and place what is of its own institution.
        Assert.Contains("does not take it from this node", Denied(await clinic.RunAsync(Ct, "place", "1.2.51.2", "CENTRE")), StringComparison.OrdinalIgnoreCase);
        await centre.UntilAuditedAsync("CLINIC-7: have this node keep study 1.2.51.2: It may not store that here.", Ct);
        await using (RunningCommand.Start(["rebuild", "--data", clinic.Data]))
        {
            await clinic.UntilAsync(["rebuild", "--status"], output => output.Contains("of 1 studies no holder lets this node keep copies", StringComparison.Ordinal), Ct);
        }

        await centre.UntilAuditedAsync("CLINIC-7: have copies of study 1.2.51.1, to keep them: It may not replicate that.", Ct);
        (await centre.RunAsync(Ct, "network", "groups", "set", "clinic", "query:all", "fetch:all", "store:all", "replicate:all")).Succeeded();
        await clinic.UntilAsync(() => clinic.FindAsync("1.2.51.1", Ct), found => found.Contains("ONLINE", StringComparison.Ordinal), Ct);
        (await clinic.RunAsync(Ct, "place", "1.2.51.2", "CENTRE")).Succeeded();
        await centre.UntilAsync(() => centre.FindAsync("1.2.51.2", Ct), found => found.Contains("ONLINE", StringComparison.Ordinal), Ct);
    }

    private static bool IsUnknown(string found) => !found.Contains("Pending", StringComparison.Ordinal);

    private static string Denied(ProgramResult result)
    {
        Assert.NotEqual(0, result.ExitCode);
        return result.Everything;
    }

    [Fact]
    public async Task The_network_is_administered_from_any_member_that_may_and_from_no_other()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilStateAsync("CENTRE", "up", Ct);
        string[] set = ["network", "groups", "set", "visitors", "query:own"];
        var refused = await clinic.RunAsync(Ct, set);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("It may not administer.", refused.Everything, StringComparison.Ordinal);
        await centre.UntilAuditedAsync("CLINIC-7: give the group visitors the rights query:own: It may not administer.", Ct);

        (await centre.RunAsync(Ct, "network", "groups", "assign", "CLINIC-7", "clinic", "centre")).Succeeded();
        await clinic.UntilAsync(set, output => output.Contains("GROUP", StringComparison.OrdinalIgnoreCase) && !output.Contains("may not", StringComparison.Ordinal), Ct);
        Assert.Matches(@"visitors\s+query:own", (await centre.RunAsync(Ct, "network", "groups")).Succeeded().Output);

        // And lets the next one in.
        await using var late = await ClusterNode.StartAsync("LATE", Ct);
        await using var join = late.Join(centre, "--authority", fingerprint);
        var shown = await join.AfterAsync("Authentication string: ", Ct);
        Assert.Matches($@"{shown}\s+LATE\b", (await clinic.RunAsync(Ct, "network", "requests")).Succeeded().Output);
        (await clinic.RunAsync(Ct, "network", "approve", shown)).Succeeded();
        Assert.True(await join.EndAsync(Ct) == 0, join.Output);
    }

    [Fact]
    public async Task Other_content_under_one_UID_is_a_conflict_that_both_show_and_is_brought_by_whoever_chooses_it()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        // The same instance with other content at each.
        await clinic.StoreAsync("1.2.41.2", "SAME^PATIENT", Ct, comment: "here");
        await centre.UntilFoundAsync("1.2.41.2", Ct);
        await centre.StoreAsync("1.2.41.2", "SAME^PATIENT", Ct, comment: "there");
        string[] conflicts = ["network", "conflicts"];
        Assert.Matches(@"OtherContent\s+1\.2\.41\.2\.1\.1\s+CLINIC-7\b", await centre.UntilAsync(conflicts, output => output.Contains("1.2.41.2.1.1", StringComparison.Ordinal), Ct));
        Assert.Matches(@"OtherContent\s+1\.2\.41\.2\.1\.1\s+CENTRE\b", await clinic.UntilAsync(conflicts, output => output.Contains("1.2.41.2.1.1", StringComparison.Ordinal), Ct));
        Assert.Equal(1, await clinic.CountAsync("1.2.41.2", Ct));

        // Only the centre holds what is chosen at the clinic: it comes, and is what the clinic gives out from then on.
        var number = Numbered.Match((await clinic.RunAsync(Ct, conflicts)).Succeeded().Output).Groups["number"].Value;
        var theirs = await GivenAsync(centre);
        Assert.NotEqual(theirs, await GivenAsync(clinic));
        var kept = (await clinic.RunAsync(Ct, "network", "conflicts", "keep", number, "other", "--reason", "the scanner was set right")).Succeeded().Output;
        Assert.Contains("The other content is answered with from now on", kept, StringComparison.Ordinal);
        Assert.Equal(theirs, await GivenAsync(clinic));
        await clinic.UntilAuditedAsync("the scanner was set right", Ct);

        // How old what is known of the other is stands beside it.
        await clinic.UntilAsync(["network", "status"], KnownOne.IsMatch, Ct);
    }

    /// <summary>What a node gives out of the study, which is one file.</summary>
    private static async Task<string> GivenAsync(ClusterNode node)
    {
        var file = Assert.Single(Directory.GetFiles(await node.GetAsync("1.2.41.2", Ct)));
        var content = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file, Ct)));
        File.Delete(file);
        return content;
    }
}
