using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Panal.Cluster.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Cluster;

/// <summary>Studies come from whoever holds them to where a workstation asks.</summary>
public sealed class FetchingTests
{
    private const string StudyUid = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014";

    /// <summary>The line of the first clinic once its holdings are known.</summary>
    private static readonly Regex HoldsAll = new(@"^FIRST\b.*\b140\b", RegexOptions.Multiline, TimeSpan.FromSeconds(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_study_is_fetched_when_a_workstation_asks_and_served_onwards_without_the_centre()
    {
        var study = Path.Combine(Corpus.CtStudy, "S2020");
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var first = await ClusterNode.StartAsync("FIRST", Ct);
        await using var second = await ClusterNode.StartAsync("SECOND", Ct);
        await first.JoinAsync(centre, fingerprint, Ct);
        await second.JoinAsync(centre, fingerprint, Ct);
        await first.UntilStateAsync("SECOND", "up", Ct);
        await centre.StoreFolderAsync(study, Ct);
        var expected = Hashes(study);
        Assert.Equal(140, expected.Count);

        await first.UntilCountedAsync(StudyUid, expected.Count, Ct);
        Assert.Equal(expected, Hashes(await first.GetAsync(StudyUid, Ct)));
        Assert.Contains("ONLINE", await first.FindAsync(StudyUid, Ct), StringComparison.Ordinal);

        await second.UntilCountedAsync(StudyUid, expected.Count, Ct);
        await second.UntilAsync(["network", "status"], HoldsAll.IsMatch, Ct);
        await centre.KillAsync();
        Assert.Equal(expected, Hashes(await second.GetAsync(StudyUid, Ct)));
    }

    [Fact]
    public async Task Fetch_brings_a_study_and_says_so_and_has_nothing_to_do_afterwards()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreManyAsync("1.2.3.9", 20, Ct);
        await clinic.UntilCountedAsync("1.2.3.9", 20, Ct);
        Assert.Contains("NEARLINE", await clinic.FindAsync("1.2.3.9", Ct), StringComparison.Ordinal);

        (await clinic.RunAsync(Ct, "fetch", "1.2.3.9")).Succeeded();
        Assert.Contains("ONLINE", await clinic.FindAsync("1.2.3.9", Ct), StringComparison.Ordinal);
        Assert.Contains("Nothing to fetch", (await clinic.RunAsync(Ct, "fetch", "1.2.3.9")).Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DICOMweb_at_a_clinic_answers_with_what_the_centre_holds()
    {
        var (centre, fingerprint) = await ClusterNode.StartCentreAsync(Ct);
        await using var _ = centre;
        await using var clinic = await ClusterNode.StartAsync("CLINIC", Ct);
        await clinic.JoinAsync(centre, fingerprint, Ct);
        await centre.StoreManyAsync("1.2.3.8", 3, Ct);
        await clinic.UntilCountedAsync("1.2.3.8", 3, Ct);

        using var http = new HttpClient { BaseAddress = new Uri(clinic.Url) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dicom-web/studies/1.2.3.8");
        request.Headers.TryAddWithoutValidation("Accept", "multipart/related; type=\"application/dicom\"");
        using var answer = await http.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal(3, body.Split("DICM").Length - 1);
        Assert.All([1, 2, 3], number => Assert.Contains($"1.2.3.8.1.{number}", body, StringComparison.Ordinal));
    }

    /// <summary>SHA-256 of every data set below a folder, in order, as hexadecimal digits.</summary>
    internal static List<string> Hashes(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Convert.ToHexString(SHA256.HashData(Part10File.DataSet(file)))).Order(StringComparer.Ordinal)];
}
