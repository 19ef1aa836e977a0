using System.Net;
using System.Text;
using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>Real processes become one network.</summary>
public sealed class JoiningTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_is_approved_finds_what_others_hold_also_while_the_centre_is_down()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await centre.StoreAsync("1.2.3.1", "BEFORE^JOINING", Ct);
        Assert.DoesNotContain("Pending", await clinic.FindAsync("1.2.3.1", Ct), StringComparison.Ordinal);

        await using (var join = clinic.Join(centre, "--authority", fingerprint))
        {
            var shown = await join.AfterAsync("Authentication string: ", Ct);
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", shown);
            var requests = (await centre.RunAsync(Ct, "network", "requests")).Succeeded().Output;
            Assert.Matches($@"{shown}\s+CLINIC-7\s+clinic\s+127\.0\.0\.1\s+20.*Z\s+pending", requests);
            (await centre.RunAsync(Ct, "network", "approve", shown)).Succeeded();
            Assert.Equal(0, await join.EndAsync(Ct));
            Assert.Contains("The running node is in the network now.", join.Output, StringComparison.Ordinal);
        }

        Assert.Equal("10.77.0.2", await centre.UntilStateAsync("CLINIC-7", "up", Ct));
        Assert.Equal("10.77.0.1", await clinic.UntilStateAsync("CENTRE", "up", Ct));
        var found = await clinic.UntilFoundAsync("1.2.3.1", Ct);
        Assert.Contains("BEFORE^JOINING", found, StringComparison.Ordinal);
        Assert.Contains("NEARLINE", found, StringComparison.Ordinal);
        await clinic.StoreAsync("1.2.3.2", "AT^CLINIC", Ct);
        Assert.Contains("NEARLINE", await centre.UntilFoundAsync("1.2.3.2", Ct), StringComparison.Ordinal);
        Assert.Contains("ONLINE", await clinic.FindAsync("1.2.3.2", Ct), StringComparison.Ordinal);

        await centre.KillAsync();
        await clinic.UntilAsync(["network", "status"], status => !status.Contains(" up ", StringComparison.Ordinal), Ct);
        Assert.Contains("BEFORE^JOINING", await clinic.FindAsync("1.2.3.1", Ct), StringComparison.Ordinal);
        await clinic.StoreAsync("1.2.3.3", "WHILE^DOWN", Ct);

        await centre.StartAgainAsync(Ct);
        Assert.Contains("WHILE^DOWN", await centre.UntilFoundAsync("1.2.3.3", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_to_join_outlives_a_restart_of_the_centre_and_is_approved_then()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await using var join = clinic.Join(centre, "--authority", fingerprint);
        var shown = await join.AfterAsync("Authentication string: ", Ct);
        await centre.KillAsync();
        await centre.StartAgainAsync(Ct);
        Assert.Matches($@"{shown}\s+CLINIC-7\b.*\bpending\b", (await centre.RunAsync(Ct, "network", "requests")).Succeeded().Output);
        (await centre.RunAsync(Ct, "network", "approve", shown)).Succeeded();
        Assert.True(await join.EndAsync(Ct) == 0, join.Output);
        await centre.UntilStateAsync("CLINIC-7", "up", Ct);
    }

    [Fact]
    public async Task A_node_whose_clock_is_another_than_the_centres_is_told_both_times_and_stays_outside()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var web = await WrongClock.StartAsync(centre.Url, TimeSpan.FromMinutes(-3), Ct);
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await using var join = clinic.JoinAt(web.Url, "--authority", fingerprint);
        Assert.Equal(1, await join.EndAsync(Ct));
        Assert.Matches(@"The clocks differ too much: ours says 20\S+ \S+Z, the centre's 20\S+ \S+Z\. Set them by NTP", join.Output);
        Assert.DoesNotContain("CLINIC-7", (await centre.RunAsync(Ct, "network", "requests")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_denied_is_told_why_and_stays_outside()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var stranger = await ClusterNode.StartAsync("STRANGER", Ct);
        await using var join = stranger.Join(centre, "--authority", fingerprint);
        var shown = await join.AfterAsync("Authentication string: ", Ct);
        (await centre.RunAsync(Ct, "network", "deny", shown, "--reason", "Nobody knows you")).Succeeded();
        Assert.Equal(1, await join.EndAsync(Ct));
        Assert.Contains("Nobody knows you", join.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, (await stranger.RunAsync(Ct, "network", "status")).ExitCode);
        Assert.DoesNotContain("STRANGER", (await centre.RunAsync(Ct, "network", "status")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_revoked_is_cut_does_not_come_back_and_its_address_is_not_given_again()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var lost = await ClusterNode.StartAsync("LOST", Ct);
        await using var other = await ClusterNode.StartAsync("OTHER", Ct);
        await lost.JoinAsync(centre, fingerprint, Ct);
        await other.JoinAsync(centre, fingerprint, Ct);
        await other.UntilStateAsync("LOST", "up", Ct);
        await lost.StoreAsync("1.2.4.1", "OF^LOST", Ct);
        await other.UntilFoundAsync("1.2.4.1", Ct);

        (await centre.RunAsync(Ct, "network", "revoke", "LOST", "--reason", "stolen")).Succeeded();
        await centre.UntilStateAsync("LOST", "revoked", Ct);
        await other.UntilStateAsync("LOST", "revoked", Ct);
        await lost.UntilAsync(["network", "status"], status => !status.Contains(" up ", StringComparison.Ordinal), Ct);
        await centre.StoreAsync("1.2.4.2", "AFTER^REVOCATION", Ct);
        await other.UntilFoundAsync("1.2.4.2", Ct);
        await lost.KillAsync();
        await lost.StartAgainAsync(Ct);
        Assert.DoesNotContain("Pending", await lost.FindAsync("1.2.4.2", Ct), StringComparison.Ordinal);

        await using var late = await ClusterNode.StartAsync("LATE", Ct);
        await late.JoinAsync(centre, fingerprint, Ct);
        Assert.Equal("10.77.0.4", await centre.UntilStateAsync("LATE", "up", Ct));
    }

    [Fact]
    public async Task A_node_that_can_only_dial_out_is_a_full_member_and_reaches_others_of_its_kind_through_the_centre()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var one = await ClusterNode.StartAsync("ONE", Ct, canOnlyDial: true);
        await using var two = await ClusterNode.StartAsync("TWO", Ct, canOnlyDial: true);
        await one.JoinAsync(centre, fingerprint, Ct);
        await two.JoinAsync(centre, fingerprint, Ct);
        await one.StoreAsync("1.2.5.1", "OF^ONE", Ct);
        await centre.UntilFoundAsync("1.2.5.1", Ct);
        await two.UntilStateAsync("ONE", "up through CENTRE", Ct);
        await two.UntilFoundAsync("1.2.5.1", Ct);
    }

    [Fact]
    public async Task The_authority_changes_while_the_network_runs_and_members_renew_by_themselves()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await clinic.UntilStateAsync("CENTRE", "up", Ct);
        string[] renew = ["network", "authority", "renew"];
        Assert.Contains(fingerprint, (await centre.RunAsync(Ct, renew)).Succeeded().Output, StringComparison.Ordinal);
        var switched = await centre.UntilAsync(renew, output => output.Contains("The new authority signs", StringComparison.Ordinal), Ct);
        Assert.DoesNotContain(fingerprint, switched, StringComparison.Ordinal);
        await centre.UntilAsync(renew, output => output.Contains("trusted no more", StringComparison.Ordinal), Ct);

        // Links that are made anew need certificates of the new authority on both sides.
        await clinic.KillAsync();
        await clinic.StartAgainAsync(Ct);
        await clinic.UntilStateAsync("CENTRE", "up", Ct);
        await centre.KillAsync();
        await centre.StartAgainAsync(Ct);
        await centre.UntilStateAsync("CLINIC-7", "up", Ct);
        await clinic.StoreAsync("1.2.6.1", "AFTER^CHANGE", Ct);
        Assert.Contains("AFTER^CHANGE", await centre.UntilFoundAsync("1.2.6.1", Ct), StringComparison.Ordinal);

        await using var late = await ClusterNode.StartAsync("LATE", Ct);
        await using var old = late.Join(centre, "--authority", fingerprint);
        Assert.Equal(1, await old.EndAsync(Ct));
        await late.JoinAsync(centre, switched.Trim().Split(' ')[^1], Ct);
    }

    [Fact]
    public async Task A_node_that_is_killed_again_and_again_while_it_takes_over_the_catalogue_has_all_of_it_in_the_end()
    {
        const int Instances = 120;
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await centre.StoreManyAsync("1.2.7", Instances, Ct);
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        for (var round = 0; round < 3; round++)
        {
            await clinic.KillAsync();
            await clinic.StartAgainAsync(Ct);
            // The study is there whole or not at all.
            Assert.Contains(await clinic.CountAsync("1.2.7", Ct), new[] { 0, Instances });
        }

        await clinic.UntilFoundAsync("1.2.7", Ct);
        Assert.Equal(Instances, await clinic.CountAsync("1.2.7", Ct));
        var row = (await clinic.RunAsync(Ct, "network", "status")).Succeeded().Output.Split('\n').Single(l => l.StartsWith("CENTRE", StringComparison.Ordinal));
        Assert.Contains($" {Instances}", row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_listens_hears_of_requests_and_members_at_once()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        using var http = new HttpClient { BaseAddress = new Uri(centre.Url) };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await using var events = await http.GetStreamAsync(new Uri("/api/network/events", UriKind.Relative), limit.Token);
        using var reader = new StreamReader(events);
        await UntilLineAsync(reader, "\"name\":\"Red Andina\"", limit.Token);
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await UntilLineAsync(reader, "\"state\":\"Pending\"", limit.Token);
        await UntilLineAsync(reader, "\"address\":\"10.77.0.2\"", limit.Token);
        await UntilLineAsync(reader, "\"state\":\"up\"", limit.Token);
        Assert.Contains("panal_link_up{member=\"CLINIC-7\"} 1", await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.Contains("/api/network/requests", await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_fingerprint_the_string_is_typed_and_another_string_ends_the_attempt()
    {
        var (centre, _) = await ClusterNode.StartCentreAsync(Ct);
        await using var centreEnds = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC-7", Ct);
        await using (var wrong = clinic.Join(centre))
        {
            await wrong.AfterAsync("Authentication string: ", Ct);
            wrong.Type("0000-0000");
            Assert.Equal(1, await wrong.EndAsync(Ct));
            Assert.Contains("The strings differ", wrong.Output, StringComparison.Ordinal);
        }

        await using var right = clinic.Join(centre);
        var shown = await right.AfterAsync("Authentication string: ", Ct);
        right.Type(shown);
        (await centre.RunAsync(Ct, "network", "approve", shown)).Succeeded();
        Assert.True(await right.EndAsync(Ct) == 0, right.Output);
    }

    [Fact]
    public async Task An_invitation_lets_one_node_in_and_no_second()
    {
        var (centre, _) = await ClusterNode.StartCentreAsync(Ct);
        await using var centreEnds = centre;
        var invitation = (await centre.RunAsync(Ct, "network", "invite", "--role", "replica")).Succeeded().Output.Trim();
        await using var first = await ClusterNode.StartAsync("FIRST", Ct);
        await using (var join = first.Join(centre, "--invitation", invitation))
        {
            Assert.True(await join.EndAsync(Ct) == 0, join.Output);
        }

        await centre.UntilStateAsync("FIRST", "up", Ct);
        await using var second = await ClusterNode.StartAsync("SECOND", Ct);
        await using var late = second.Join(centre, "--invitation", invitation);
        Assert.Equal(1, await late.EndAsync(Ct));
        Assert.Contains("not valid", late.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_administration_over_HTTP_is_for_this_machine_and_not_for_pages_in_its_browser()
    {
        var (centre, _) = await ClusterNode.StartCentreAsync(Ct);
        await using var centreEnds = centre;
        using var http = new HttpClient { BaseAddress = new Uri(centre.Url) };
        Assert.Contains("\"CENTRE\"", await http.GetStringAsync(new Uri("/api/network", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "application/x-www-form-urlencoded", null));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "application/json", ("Host", "evil.example")));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(http, "application/json", ("X-Forwarded-For", "192.0.2.1")));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(http, "application/json", null));
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")]
    [InlineData("-tls1_3")]
    public async Task OpenSSL_gets_no_link_without_a_certificate_of_the_network(params string[] options)
    {
        var (centre, _) = await ClusterNode.StartCentreAsync(Ct);
        await using var centreEnds = centre;
        var result = await ForeignProgram.RunAsync("openssl", ["s_client", "-connect", $"127.0.0.1:{centre.LinkPort}", "-ign_eof", .. options], Ct);
        Assert.Matches("alert|unexpected eof|Connection reset|errno", result.Everything);
    }

    private static async Task UntilLineAsync(StreamReader reader, string part, CancellationToken ct)
    {
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The events ended without {part}");
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient http, string type, (string Name, string Value)? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/network/invitations") { Content = new StringContent("{}", Encoding.UTF8, type) };
        if (header is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await http.SendAsync(request, Ct);
        return answer.StatusCode;
    }
}
