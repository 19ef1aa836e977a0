using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.Unit.Archive;

namespace Panal.Unit.DicomWeb.Store;

public sealed class StoreResourceTests
{
    private static readonly Sample First = new() { SopInstanceUid = "1.2.3.4.1", PixelBytes = 300_000, Pixel = 0x0D };
    private static readonly Sample Second = First with { SopInstanceUid = "1.2.3.4.2" };
    private static readonly Sample OtherStudy = First with { StudyInstanceUid = "1.2.9", SeriesInstanceUid = "1.2.9.1", SopInstanceUid = "1.2.9.1.1" };

    [Fact]
    public async Task Instances_are_stored_and_told_of_with_where_to_retrieve_them()
    {
        await using var web = await WebArchive.OpenAsync();
        var (status, answer) = await StoreAsync(web, "studies", File(First), File(Second));
        Assert.Equal(200, status);
        Assert.EndsWith("/studies/1.2.3", WebArchive.Value(answer, Tags.RetrieveURL), StringComparison.Ordinal);
        var stored = answer.GetProperty("00081199").GetProperty("Value").EnumerateArray().ToArray();
        Assert.Equal(["1.2.3.4.1", "1.2.3.4.2"], stored.Select(item => WebArchive.Value(item, Tags.ReferencedSOPInstanceUID)));
        Assert.Equal(new Uri(web.Client.BaseAddress!, "studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.1").ToString(), WebArchive.Value(stored[0], Tags.RetrieveURL));
        Assert.False(answer.TryGetProperty("00081198", out _));
        Assert.Equal(2, (await web.JsonAsync("studies/1.2.3/instances")).Length);
        var files = await web.Archive.FilesAsync();
        Assert.All(files.Values, file => Assert.Equal(First.Encode(TransferSyntax.ExplicitVrLittleEndian).Length, file.Length - FileMetaLength(file)));
        var trail = await web.AuditAsync();
        Assert.Contains("110104", trail, StringComparison.Ordinal);
        Assert.Contains("1.2.3", trail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_of_another_study_than_the_path_names_fails_and_the_others_do_not()
    {
        await using var web = await WebArchive.OpenAsync();
        var (status, answer) = await StoreAsync(web, "studies/1.2.3", File(First), File(OtherStudy));
        Assert.Equal(202, status);
        var failed = answer.GetProperty("00081198").GetProperty("Value").EnumerateArray().Single();
        Assert.Equal(("1.2.9.1.1", 0xA900), (WebArchive.Value(failed, Tags.ReferencedSOPInstanceUID), failed.GetProperty("00081197").GetProperty("Value")[0].GetInt32()));
        Assert.Single(answer.GetProperty("00081199").GetProperty("Value").EnumerateArray());
        (status, _) = await StoreAsync(web, "studies/1.2.3", File(OtherStudy));
        Assert.Equal(409, status);
        Assert.Equal("1.2.3", WebArchive.Value(Assert.Single(await web.JsonAsync("studies")), Tags.StudyInstanceUID));
    }

    [Fact]
    public async Task What_is_no_instance_fails_with_a_reason_and_is_not_kept()
    {
        await using var web = await WebArchive.OpenAsync();
        var cut = File(First)[..^1000];
        var (status, answer) = await StoreAsync(web, "studies", "this is no file"u8.ToArray(), cut, [], File(Second with { SopInstanceUid = "../../x" }), File(Second with { StudyInstanceUid = null }));
        Assert.Equal(409, status);
        var failed = answer.GetProperty("00081198").GetProperty("Value").EnumerateArray().Select(item => item.GetProperty("00081197").GetProperty("Value")[0].GetInt32());
        Assert.Equal([0xC000, 0x0117, 0xC000], failed);
        Assert.Equal(2, answer.GetProperty("0008119A").GetProperty("Value").GetArrayLength());
        Assert.DoesNotContain("..", answer.ToString(), StringComparison.Ordinal);
        Assert.Empty(await web.JsonAsync("studies"));
        Assert.Empty(await web.Archive.FilesAsync());
    }

    [Fact]
    public async Task A_fault_in_the_middle_of_one_instance_does_not_touch_the_next()
    {
        await using var web = await WebArchive.OpenAsync();
        byte[] broken = [.. File(Second with { PixelBytes = 2 }), .. Enumerable.Repeat((byte)0xFF, 100_000)];
        byte[] brokenHead = [.. File(Second)[..140], .. Enumerable.Repeat((byte)0xFF, 100_000)];
        var (status, answer) = await StoreAsync(web, "studies", broken, brokenHead, File(First));
        Assert.Equal(202, status);
        Assert.Equal("1.2.3.4.1", WebArchive.Value(answer.GetProperty("00081199").GetProperty("Value")[0], Tags.ReferencedSOPInstanceUID));
        Assert.Equal("1.2.3.4.1", WebArchive.Value(Assert.Single(await web.JsonAsync("instances")), Tags.SOPInstanceUID));
    }

    [Fact]
    public async Task Other_content_under_a_known_UID_is_refused_where_the_policy_says_so()
    {
        await using var web = await WebArchive.OpenAsync(ingest: new IngestOptions { Duplicates = DuplicatePolicy.Refuse });
        await StoreAsync(web, "studies", File(First));
        var (status, answer) = await StoreAsync(web, "studies", File(First with { Pixel = 1 }));
        Assert.Equal((409, 0x0111), (status, answer.GetProperty("00081198").GetProperty("Value")[0].GetProperty("00081197").GetProperty("Value")[0].GetInt32()));
        (status, _) = await StoreAsync(web, "studies", File(First));
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task A_single_file_is_taken_without_parts_and_the_answer_comes_in_XML_on_demand()
    {
        await using var web = await WebArchive.OpenAsync();
        using var content = new ByteArrayContent(File(First));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/dicom");
        using var request = new HttpRequestMessage(HttpMethod.Post, "studies") { Content = content };
        request.Headers.Add("Accept", "application/dicom+xml");
        using var answer = await web.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var xml = XDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((HttpStatusCode.OK, "application/dicom+xml"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Contains(xml.Descendants(), element => element.Value == "1.2.3.4.1");
    }

    [Theory]
    [InlineData("text/plain", "", 415)]
    [InlineData("multipart/related; type=\"application/dicom\"", "", 415)]
    [InlineData("multipart/related; boundary=TOOLONG", "", 415)]
    [InlineData("multipart/related; boundary=b", "--b--", 400)]
    [InlineData("multipart/related; boundary=b", "nothing", 400)]
    [InlineData("multipart/related; boundary=b", "--b\r\nContent-Type: application/dicom+json\r\n\r\n{}\r\n--b--", 400)]
    [InlineData("multipart/related; boundary=b", "--b\r\nContent-Type: application/dicom+json\r\n\r\n[[[\r\n--b--", 400)]
    [InlineData("multipart/related; boundary=b", "--b\r\nContent-Type: application/dicom+json\r\n\r\n[]\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--", 400)]
    public async Task Bodies_that_cannot_be_read_are_problems(string type, string body, int status)
    {
        await using var web = await WebArchive.OpenAsync();
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type.Replace("TOOLONG", new string('x', 201), StringComparison.Ordinal));
        using var answer = await web.Client.PostAsync(new Uri("studies", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_and_a_compressed_one_are_refused()
    {
        await using var web = await WebArchive.OpenAsync(options => options with { MaximumStoreLengthBytes = 1000 });
        using var content = Multipart([File(First)]);
        using var answer = await web.Client.PostAsync(new Uri("studies", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        using var compressed = Multipart([[1]]);
        compressed.Headers.ContentEncoding.Add("gzip");
        using var second = await web.Client.PostAsync(new Uri("studies", UriKind.Relative), compressed, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, second.StatusCode);
    }

    [Fact]
    public async Task Metadata_with_bulk_data_becomes_an_instance_and_references_to_elsewhere_are_never_followed()
    {
        await using var web = await WebArchive.OpenAsync();
        const string Metadata = """
            [{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},"00080018":{"vr":"UI","Value":["1.2.3.4.8"]},
              "00020010":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Müller^Eva"}]},"00100020":{"vr":"LO","Value":["P8"]},
              "0020000D":{"vr":"UI","Value":["1.2.3"]},"0020000E":{"vr":"UI","Value":["1.2.3.4"]},"7FE00010":{"vr":"OW","BulkDataURI":"pixels/1"}},
             {"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},"00080018":{"vr":"UI","Value":["1.2.3.4.9"]},"0020000D":{"vr":"UI","Value":["1.2.3"]},
              "0020000E":{"vr":"UI","Value":["1.2.3.4"]},"7FE00010":{"vr":"OW","BulkDataURI":"http://127.0.0.1:1/secret"}}]
            """;
        using var content = new MultipartContent("related", "boundary42");
        using var json = new StringContent(Metadata, Encoding.UTF8, "application/dicom+json");
        using var pixels = new ByteArrayContent([1, 2, 3, 4, 5, 6]);
        pixels.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        pixels.Headers.ContentLocation = new Uri("pixels/1", UriKind.Relative);
        content.Add(json);
        content.Add(pixels);
        using var answer = await web.Client.PostAsync(new Uri("studies", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var stored = Assert.Single(await web.JsonAsync("studies/1.2.3/instances?includefield=PatientName"));
        Assert.Equal("1.2.3.4.8", WebArchive.Value(stored, Tags.SOPInstanceUID));
        Assert.Equal("Müller^Eva", stored.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString());
        Assert.Equal(
            [1, 2, 3, 4, 5, 6],
            await web.Client.GetByteArrayAsync(new Uri("studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.8/bulkdata/7FE00010", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Metadata_may_come_in_XML_one_data_set_a_part_and_what_is_none_is_told_of()
    {
        await using var web = await WebArchive.OpenAsync();
        const string Metadata = """
            <?xml version="1.0" encoding="UTF-8"?>
            <NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
              <DicomAttribute tag="00020010" vr="UI"><Value number="1">1.2.840.10008.1.2.1</Value></DicomAttribute>
              <DicomAttribute tag="00080016" vr="UI"><Value number="1">1.2.840.10008.5.1.4.1.1.7</Value></DicomAttribute>
              <DicomAttribute tag="00080018" vr="UI"><Value number="1">1.2.3.4.8</Value></DicomAttribute>
              <DicomAttribute tag="00100010" vr="PN"><PersonName number="1"><Alphabetic><FamilyName>Müller</FamilyName><GivenName>Eva</GivenName></Alphabetic></PersonName></DicomAttribute>
              <DicomAttribute tag="00100020" vr="LO"><Value number="1">P8</Value></DicomAttribute>
              <DicomAttribute tag="0020000D" vr="UI"><Value number="1">1.2.3</Value></DicomAttribute>
              <DicomAttribute tag="0020000E" vr="UI"><Value number="1">1.2.3.4</Value></DicomAttribute>
              <DicomAttribute tag="7FE00010" vr="OW"><BulkData uri="pixels/1"/></DicomAttribute>
            </NativeDicomModel>
            """;
        using var content = new MultipartContent("related", "boundary42");
        using var xml = new StringContent(Metadata, Encoding.UTF8, "application/dicom+xml");
        using var damaged = new StringContent("<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>", Encoding.UTF8, "application/dicom+xml");
        using var pixels = new ByteArrayContent([1, 2, 3, 4, 5, 6]);
        pixels.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        pixels.Headers.ContentLocation = new Uri("pixels/1", UriKind.Relative);
        content.Add(xml);
        content.Add(damaged);
        content.Add(pixels);
        using var answer = await web.Client.PostAsync(new Uri("studies", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var stored = Assert.Single(await web.JsonAsync("studies/1.2.3/instances?includefield=PatientName"));
        Assert.Equal("Müller^Eva", stored.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString());
        Assert.Equal(
            [1, 2, 3, 4, 5, 6],
            await web.Client.GetByteArrayAsync(new Uri("studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.8/bulkdata/7FE00010", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    internal static byte[] File(Sample sample) => File(sample, TransferSyntax.ExplicitVrLittleEndian);

    internal static byte[] File(Sample sample, TransferSyntax syntax)
    {
        var target = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(sample.SopClassUid, sample.SopInstanceUid, syntax, target);
        target.Write(sample.Encode(syntax));
        return target.WrittenSpan.ToArray();
    }

    private static int FileMetaLength(byte[] file)
    {
        Assert.True(FileMeta.TryReadHeader(new ReadOnlySequence<byte>(file), true, out var meta, out _));
        return (int)meta!.DataSetOffsetBytes;
    }

    private static MultipartContent Multipart(byte[][] files)
    {
        var content = new MultipartContent("related", "boundary42");
        foreach (var file in files)
        {
            var part = new ByteArrayContent(file);
            part.Headers.ContentType = new MediaTypeHeaderValue("application/dicom");
            content.Add(part);
        }

        return content;
    }

    private static async Task<(int Status, JsonElement Answer)> StoreAsync(WebArchive web, string path, params byte[][] files)
    {
        using var content = Multipart(files);
        using var answer = await web.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return ((int)answer.StatusCode, json.RootElement.Clone());
    }
}
