using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;

namespace Panal.Cluster;

/// <summary>Members that can only dial out speak through a third, as far as its quota goes.</summary>
public sealed class RelayTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_relay_carries_as_many_links_as_its_quota_says_and_who_gets_none_sees_why()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct, settings: """{ "Relay": { "MaximumLinks": 1, "KilobitsPerSecond": 4000 } }""");
        await using var _ = centre;
        await using var one = await ClusterNode.StartAsync("ONE", Ct, canOnlyDial: true);
        await using var two = await ClusterNode.StartAsync("TWO", Ct, canOnlyDial: true);
        await one.JoinAsync(centre, fingerprint, Ct);
        await two.JoinAsync(centre, fingerprint, Ct);
        await one.UntilAsync(["network", "status"], status => Row("TWO", "up through CENTRE").IsMatch(status), Ct);

        await using var three = await ClusterNode.StartAsync("THREE", Ct, canOnlyDial: true);
        await three.JoinAsync(centre, fingerprint, Ct);
        await three.UntilAsync(["network", "status"], status => Row("TWO", @".*the relay CENTRE carries as many links as its quota allows").IsMatch(status), Ct);
        await three.UntilAsync(["network", "status"], status => Row("ONE", @".*the relay CENTRE carries as many links as its quota allows").IsMatch(status), Ct);

        // The link that is carried takes images, slowly, and what is searched meanwhile is found; the relay keeps nothing of it.
        await two.StoreRandomAsync("1.2.60.1", 6, 500_000, seed: 3, Ct);
        await one.UntilCountedAsync("1.2.60.1", 6, Ct);
        await using (var fetch = RunningCommand.Start(["fetch", "1.2.60.1", "--data", one.Data]))
        {
            await two.StoreAsync("1.2.60.2", "SMALL^ONE", Ct);
            await one.UntilFoundAsync("1.2.60.2", Ct);
            Assert.True(await fetch.EndAsync(Ct) == 0, fetch.Output);
        }

        Assert.Contains("ONLINE", await one.FindAsync("1.2.60.1", Ct), StringComparison.Ordinal);
        Assert.Contains("NEARLINE", await centre.FindAsync("1.2.60.1", Ct), StringComparison.Ordinal);

        // When it ends, the next one has its place.
        await one.KillAsync();
        await three.UntilAsync(["network", "status"], status => Row("TWO", "up through CENTRE").IsMatch(status), Ct);
    }

    private static Regex Row(string member, string state) => new($@"(?m)^{member}\s+\w+\s+[\d.]+\s+{state}", RegexOptions.None, TimeSpan.FromSeconds(5));
}
