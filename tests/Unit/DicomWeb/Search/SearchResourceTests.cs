using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Panal.Dicom;
using Panal.DicomWeb.Access;
using Panal.Security.Access;
using Panal.Security.Audit;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb.Search;

public sealed class SearchResourceTests
{
    private static readonly Sample First = new() { StudyInstanceUid = "1.2.1", SeriesInstanceUid = "1.2.1.1", SopInstanceUid = "1.2.1.1.1" };
    private static readonly Sample Second = First with { SopInstanceUid = "1.2.1.1.2" };
    private static readonly Sample OtherSeries = First with { SeriesInstanceUid = "1.2.1.2", SopInstanceUid = "1.2.1.2.1", Modality = "SR" };
    private static readonly Sample OtherStudy = new()
    {
        StudyInstanceUid = "1.2.2", SeriesInstanceUid = "1.2.2.1", SopInstanceUid = "1.2.2.1.1", PatientId = "P2", PatientName = "Müller^<script>",
    };

    [Fact]
    public async Task Studies_are_found_once_each_with_numbers_as_numbers_and_a_retrieve_URL()
    {
        await using var web = await StoredAsync();
        var studies = await web.JsonAsync("studies");
        Assert.Equal(["1.2.1", "1.2.2"], studies.Select(study => WebArchive.Value(study, Tags.StudyInstanceUID)).Order());
        var first = studies.Single(study => WebArchive.Value(study, Tags.StudyInstanceUID) == "1.2.1");
        var count = first.GetProperty("00201208").GetProperty("Value")[0];
        Assert.Equal((JsonValueKind.Number, 3), (count.ValueKind, count.GetInt32()));
        Assert.Equal(["CT", "SR"], first.GetProperty("00080061").GetProperty("Value").EnumerateArray().Select(modality => modality.GetString()).Order());
        Assert.Equal(new Uri(web.Client.BaseAddress!, "studies/1.2.1").ToString(), WebArchive.Value(first, Tags.RetrieveURL));
        Assert.Equal("García^Ana", first.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString());
        Assert.Equal("ONLINE", WebArchive.Value(first, Tags.InstanceAvailability));
        Assert.False(first.TryGetProperty("00080052", out _), "the level is DIMSE's");
        // Type 2 attributes are there without value; what is unknown otherwise is absent.
        Assert.False(first.GetProperty("00100030").TryGetProperty("Value", out _));
        Assert.False(first.TryGetProperty("00080201", out _));
    }

    [Theory]
    [InlineData("PatientID", "P1 P2")]
    [InlineData("-PatientID", "P2 P1")]
    [InlineData("-PatientName", "P2 P1")]
    [InlineData("NumberOfStudyRelatedInstances", "P2 P1")]
    public async Task Studies_are_sorted_as_asked_for(string order, string patients)
    {
        await using var web = await StoredAsync();
        Assert.Equal(patients, string.Join(' ', (await web.JsonAsync("studies?orderby=" + order)).Select(study => WebArchive.Value(study, Tags.PatientID))));
        Assert.Equal(patients[3..], WebArchive.Value(Assert.Single(await web.JsonAsync("studies?text=p&limit=1&offset=1&orderby=" + order)), Tags.PatientID));
    }

    [Theory]
    [InlineData("studies?orderby=Modality")]
    [InlineData("studies?orderby=ProcedureCodeSequence")]
    [InlineData("studies?orderby=PixelData")]
    [InlineData("studies?orderby=-")]
    [InlineData("studies?orderby=nonsense")]
    [InlineData("studies?orderby=StudyID,StudyID,StudyID,StudyID,StudyID,StudyID,StudyID,StudyID,StudyID")]
    [InlineData("series?text=a")]
    public async Task What_cannot_be_sorted_or_searched_by_text_is_refused(string path)
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync(path);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("studies?PatientID=P2", 1)]
    [InlineData("studies?00100020=P2", 1)]
    [InlineData("studies?PatientName=garc*", 1)]
    [InlineData("studies?ModalitiesInStudy=SR", 1)]
    [InlineData("studies?StudyInstanceUID=1.2.1,1.2.2", 2)]
    [InlineData("studies?StudyInstanceUID=1.2.1%5C1.2.2", 2)]
    [InlineData("studies?StudyDate=20260101-20260131", 2)]
    [InlineData("studies?StudyDate=20270101-", 0)]
    [InlineData("studies?text=garc", 1)]
    [InlineData("studies?text=p", 2)]
    [InlineData("studies?text=mull%20scr", 1)]
    [InlineData("studies?text=arc", 0)]
    [InlineData("studies?text=%22*%20AND%20NOT%5E", 0)]
    [InlineData("studies?text=%22*%5E", 2)]
    [InlineData("studies?orderby=-StudyDate,00100010", 2)]
    [InlineData("series?orderby=SeriesNumber", 3)]
    [InlineData("studies?limit=1", 1)]
    [InlineData("studies?limit=0", 0)]
    [InlineData("studies?offset=1", 1)]
    [InlineData("studies?limit=99999999999999999999", 2)]
    [InlineData("studies?RequestAttributesSequence.ScheduledProcedureStepID=X", 0)]
    [InlineData("studies?_=123&foo=bar", 2)]
    [InlineData("series", 3)]
    [InlineData("series?Modality=CT", 2)]
    [InlineData("studies/1.2.1/series", 2)]
    [InlineData("studies/1.2.1/series?StudyInstanceUID=1.2.2", 2)]
    [InlineData("studies/1.2.1/instances", 3)]
    [InlineData("studies/1.2.1/series/1.2.1.1/instances", 2)]
    [InlineData("studies/1.2.9/series", 0)]
    [InlineData("instances", 4)]
    [InlineData("instances?SOPInstanceUID=1.2.1.1.2", 1)]
    [InlineData("studies?PatientName=%27%25_%5C%22", 0)]
    [InlineData("studies?PatientName=*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*%3F*z", 0)]
    public async Task Keys_limits_and_paths_choose_what_is_found(string path, int matches)
    {
        await using var web = await StoredAsync();
        Assert.Equal(matches, (await web.JsonAsync(path)).Length);
    }

    [Fact]
    public async Task Series_of_a_study_carry_its_UID_and_relational_ones_the_whole_study()
    {
        await using var web = await StoredAsync();
        var series = (await web.JsonAsync("studies/1.2.2/series"))[0];
        Assert.Equal(("1.2.2", "1.2.2.1", null), (WebArchive.Value(series, Tags.StudyInstanceUID), WebArchive.Value(series, Tags.SeriesInstanceUID), WebArchive.Value(series, Tags.PatientID)));
        var relational = (await web.JsonAsync("series?SeriesInstanceUID=1.2.2.1"))[0];
        Assert.Equal("P2", WebArchive.Value(relational, Tags.PatientID));
        var included = (await web.JsonAsync("studies/1.2.2/series?includefield=PatientID,00100010"))[0];
        Assert.Equal("P2", WebArchive.Value(included, Tags.PatientID));
        var all = (await web.JsonAsync("studies/1.2.2/instances?includefield=all"))[0];
        Assert.Equal(("P2", "CT", "1.2.840.10008.1.2.1"), (WebArchive.Value(all, Tags.PatientID), WebArchive.Value(all, Tags.Modality), WebArchive.Value(all, Tags.AvailableTransferSyntaxUID)));
    }

    [Fact]
    public async Task Nothing_found_is_204_for_DICOM_JSON_and_an_empty_array_for_plain_JSON()
    {
        await using var web = await StoredAsync();
        using var dicom = await web.GetAsync("studies?PatientID=nobody", "application/dicom+json");
        Assert.Equal(HttpStatusCode.NoContent, dicom.StatusCode);
        using var plain = await web.GetAsync("studies?PatientID=nobody", "application/json");
        Assert.Equal((HttpStatusCode.OK, "[]"), (plain.StatusCode, await plain.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        using var xml = await web.GetAsync("studies?PatientID=nobody", "multipart/related; type=\"application/dicom+xml\"");
        Assert.Equal(HttpStatusCode.NoContent, xml.StatusCode);
    }

    [Fact]
    public async Task XML_comes_in_parts_one_document_a_match()
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync("studies", "multipart/related; type=\"application/dicom+xml\"");
        Assert.Equal("multipart/related", answer.Content.Headers.ContentType!.MediaType);
        var boundary = answer.Content.Headers.ContentType.Parameters.Single(p => p.Name == "boundary").Value!;
        var parts = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("--" + boundary);
        Assert.Equal(("", "--\r\n", 4), (parts[0], parts[3], parts.Length));
        var names = parts[1..3].Select(part => XDocument.Parse(part[part.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Trim()))
            .Select(document => document.Descendants().First(e => (string?)e.Attribute("keyword") == "PatientName").Value);
        Assert.Equal(["GarcíaAna", "Müller<script>"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Answers_are_compressed_where_the_client_takes_that()
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync("studies", "application/dicom+json", ("Accept-Encoding", "gzip"));
        Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
        await using var body = new System.IO.Compression.GZipStream(
            await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), System.IO.Compression.CompressionMode.Decompress);
        using var json = await JsonDocument.ParseAsync(body, default, TestContext.Current.CancellationToken);
        Assert.Equal(2, json.RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData("studies?limit=-1", 400)]
    [InlineData("studies?limit=x", 400)]
    [InlineData("studies?offset=1.5", 400)]
    [InlineData("studies?includefield=NoSuchThing", 400)]
    [InlineData("studies?StudyDate=notadate", 400)]
    [InlineData("studies?PatientID.PatientName=x", 400)]
    [InlineData("studies?RequestAttributesSequence=x", 400)]
    [InlineData("studies/1..2/series", 400)]
    [InlineData("studies/%2e%2e%2fetc/series", 400)]
    [InlineData("studies/1.2'--/series", 400)]
    [InlineData("studies/1.2.1/nothing", 404)]
    [InlineData("nothing", 404)]
    public async Task What_cannot_be_answered_is_a_problem(string path, int status)
    {
        await using var web = await StoredAsync();
        using var answer = await web.GetAsync(path);
        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task An_unacceptable_Accept_is_406_and_fuzzy_matching_and_unknown_keys_are_warned_of()
    {
        await using var web = await StoredAsync();
        using var image = await web.GetAsync("studies", "image/png");
        Assert.Equal(HttpStatusCode.NotAcceptable, image.StatusCode);
        using var fuzzy = await web.GetAsync("studies?fuzzymatching=true&PatientID=P1&KVP=120", "application/json");
        var warnings = fuzzy.Headers.GetValues("Warning").ToArray();
        Assert.Contains(warnings, warning => warning.StartsWith("299 PANAL ", StringComparison.Ordinal) && warning.Contains("fuzzymatching", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("(0018,0060)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_search_is_in_the_audit_trail_with_its_keys()
    {
        await using var web = await StoredAsync();
        await web.JsonAsync("studies?PatientID=P2");
        var trail = await web.AuditAsync();
        Assert.Contains("110112", trail, StringComparison.Ordinal);
        Assert.Contains(Uids.StudyRootQueryRetrieveInformationModelFind, trail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_finds_only_the_studies_that_its_filter_shows_with_limits_counted_among_these()
    {
        await using var web = await StoredAsync(new OnlyStudy("1.2.2"));
        Assert.Equal("1.2.2", WebArchive.Value(Assert.Single(await web.JsonAsync("studies?limit=1")), Tags.StudyInstanceUID));
        Assert.Empty(await web.JsonAsync("studies?offset=1"));
        Assert.Empty(await web.JsonAsync("studies/1.2.1/series"));
        Assert.Single(await web.JsonAsync("instances"));
    }

    [Fact]
    public async Task Pages_of_allowed_origins_may_read_and_others_may_not()
    {
        await using var web = await StoredAsync(change: options => options with { AllowedOrigins = ["https://viewer.example"] });
        using var allowed = await web.GetAsync("studies", "application/json", ("Origin", "https://viewer.example"));
        Assert.Equal("https://viewer.example", Assert.Single(allowed.Headers.GetValues("Access-Control-Allow-Origin")));
        using var foreign = await web.GetAsync("studies", "application/json", ("Origin", "https://evil.example"));
        Assert.False(foreign.Headers.Contains("Access-Control-Allow-Origin"));
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "studies");
        preflight.Headers.Add("Origin", "https://viewer.example");
        using var answer = await web.Client.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.NoContent, "GET, HEAD, POST"), (answer.StatusCode, Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Methods"))));
    }

    private static async Task<WebArchive> StoredAsync(
        IWebAccess? access = null, Func<Panal.DicomWeb.DicomWebOptions, Panal.DicomWeb.DicomWebOptions>? change = null)
    {
        var web = await WebArchive.OpenAsync(change, access);
        await web.StoreAsync(First, Second, OtherSeries, OtherStudy);
        return web;
    }

    private sealed class OnlyStudy(string uid) : IWebAccess, IStudyFilter
    {
        public ValueTask<WebDecision> DecideAsync(HttpContext context, Rights wanted, CancellationToken ct) =>
            ValueTask.FromResult(new WebDecision(200, new AuditParty("", null), this));

        public ValueTask<bool> ShowsAsync(string studyInstanceUid, CancellationToken ct) => ValueTask.FromResult(studyInstanceUid == uid);
    }
}
