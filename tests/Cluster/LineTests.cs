using System.Text;
using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>What happens on the lines between real nodes.</summary>
public sealed class LineTests
{
    private const string CtUid = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";
    private const string Planted = "ZYXWPLANTED^PATIENT";

    private static readonly Regex HoldsFour = new(@"^FAR\b.*\b4\b", RegexOptions.Multiline, TimeSpan.FromSeconds(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_line_that_is_cut_heals_and_nothing_that_ever_passed_over_it_shows_a_patient()
    {
        LongRun.Only();

        // Virtual addresses of IPv6, as all other tests have those of IPv4.
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct, isProxied: true, range: "ipv6");
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct, isProxied: true);
        await using var web = new LinkProxy(centre.HttpPort);
        await centre.StoreAsync("1.2.30.1", Planted, Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct, url: $"http://127.0.0.1:{web.Port}");
        Assert.Contains(Planted, await clinic.UntilFoundAsync("1.2.30.1", Ct), StringComparison.Ordinal);
        (await clinic.RunAsync(Ct, "fetch", "1.2.30.1")).Succeeded();
        Assert.Matches(@"\bfd[0-9a-f]{2}:[0-9a-f:]+", (await clinic.RunAsync(Ct, "network", "status")).Succeeded().Output);

        LinkProxy[] lines = [centre.Line!, clinic.Line!];
        Array.ForEach(lines, line => line.Cut());
        await clinic.UntilAsync(["network", "status"], status => !status.Contains(" up ", StringComparison.Ordinal), Ct);
        await centre.StoreAsync("1.2.30.2", Planted, Ct);
        await clinic.StoreAsync("1.2.30.3", Planted, Ct);
        Assert.DoesNotContain("Pending", await clinic.FindAsync("1.2.30.2", Ct), StringComparison.Ordinal);
        Array.ForEach(lines, line => line.Heal());
        await clinic.UntilFoundAsync("1.2.30.2", Ct);
        await centre.UntilFoundAsync("1.2.30.3", Ct);

        byte[] all = [.. lines.SelectMany(line => line.Passed), .. web.Passed];
        // TLS handshakes of version 1.2 on the wire, as RFC 8446 §5.1 has it, and the names of the members, so that something is looked at.
        Assert.True(all.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x16, 0x03, 0x01]) >= 0);
        Assert.True(all.AsSpan().IndexOf("join/1/hello"u8) >= 0);
        foreach (var encoding in (Encoding[])[Encoding.ASCII, Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            Assert.Equal(-1, all.AsSpan().IndexOf(encoding.GetBytes("ZYXWPLANTED")));
            Assert.Equal(-1, all.AsSpan().IndexOf(encoding.GetBytes("P1.2.30.")));
        }
    }

    [Fact]
    public async Task What_one_holds_on_the_own_network_and_another_behind_a_line_does_not_come_over_the_line()
    {
        LongRun.Only();
        const string study = "1.2.30.7";
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var far = await ClusterNode.StartAsync("FAR", Ct, isProxied: true);
        far.Line!.Latency = TimeSpan.FromMilliseconds(30);
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct, canOnlyDial: true);
        await far.JoinAsync(centre, fingerprint, Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilStateAsync("FAR", "up", Ct);
        await centre.StoreRandomAsync(study, 4, 2 << 20, 7, Ct);
        await far.UntilCountedAsync(study, 4, Ct);
        (await far.RunAsync(Ct, "fetch", study)).Succeeded();
        await clinic.UntilAsync(["network", "status"], static status => HoldsFour.IsMatch(status), Ct);

        var before = await centre.ServedBytesAsync(Ct);
        (await clinic.RunAsync(Ct, "fetch", study)).Succeeded();
        var (near, overLine) = (await centre.ServedBytesAsync(Ct) - before, await far.ServedBytesAsync(Ct));
        Assert.True(near >= 7 << 20 && overLine <= 1 << 20, $"{near} and {overLine} bytes");
    }

    [Fact]
    public async Task The_limit_of_a_line_is_kept_and_used()
    {
        LongRun.Only();
        const string study = "1.2.30.8";
        const double Limit = 4_000_000.0 / 8;
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct, settings: """{"Transfers":{"LineLimits":"127.0.0.1/32 4000"}}""");
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreRandomAsync(study, 4, 2 << 20, 8, Ct);
        await clinic.UntilCountedAsync(study, 4, Ct);
        await using var fetch = RunningCommand.Start("fetch", study, "--data", clinic.Data);
        var (from, start) = await AfterAsync(1 << 20);
        var (to, end) = await AfterAsync(7 << 20);
        Assert.InRange((to - from) / TimeProvider.System.GetElapsedTime(start, end).TotalSeconds, 0.9 * Limit, 1.1 * Limit);
        Assert.True(await fetch.EndAsync(Ct) == 0, fetch.Output);

        async Task<(double Bytes, long At)> AfterAsync(long bytes)
        {
            var (served, at) = (0.0, 0L);
            await centre.UntilAsync(
                async () =>
                {
                    (served, at) = (await centre.ServedBytesAsync(Ct), TimeProvider.System.GetTimestamp());
                    return $"{served} bytes";
                },
                _ => served >= bytes, Ct);
            return (served, at);
        }
    }

    [Fact]
    public async Task A_member_that_is_revoked_while_it_fetches_is_cut_and_gets_no_byte_more()
    {
        LongRun.Only();
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct, isProxied: true);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("LOST", Ct, isProxied: true);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreFolderAsync(Path.Combine(Corpus.CtStudy, "S2020"), Ct);
        await clinic.UntilCountedAsync(CtUid, 140, Ct);
        LinkProxy[] lines = [centre.Line!, clinic.Line!];
        // 70 MB would take minutes.
        Array.ForEach(lines, line => line.BytesPerSecond = 500_000);
        var some = Task.WhenAny(lines.Select(line => line.UntilPassedAsync(1_000_000)));
        await using var fetch = RunningCommand.Start(["fetch", CtUid, "--data", clinic.Data]);
        await await some.WaitAsync(TimeSpan.FromMinutes(1), Ct);

        (await centre.RunAsync(Ct, "network", "revoke", "LOST", "--reason", "stolen")).Succeeded();
        await centre.UntilStateAsync("LOST", "revoked", Ct);
        await clinic.UntilAsync(["network", "status"], status => !status.Contains(" up ", StringComparison.Ordinal), Ct);
        // Handshakes that are refused may pass, pieces do not: the study would go on at half a megabyte a second.
        var before = lines.Sum(line => (long)line.Passed.Length);
        await centre.StoreAsync("1.2.31.1", "AFTER^REVOCATION", Ct);
        await centre.FindAsync("1.2.31.1", Ct);
        Assert.InRange(lines.Sum(line => (long)line.Passed.Length) - before, 0, 200_000);
        Assert.DoesNotContain("Pending", await clinic.FindAsync("1.2.31.1", Ct), StringComparison.Ordinal);
        Assert.Contains("NEARLINE", await clinic.FindAsync(CtUid, Ct), StringComparison.Ordinal);

        await centre.UntilAuditedAsync("revoke LOST: stolen", Ct);
    }
}
