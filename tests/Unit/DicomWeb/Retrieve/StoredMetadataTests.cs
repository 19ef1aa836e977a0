using System.Net;
using System.Text.Json;
using Panal.Archive.Retrieve.Metadata;
using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Dicom;
using Panal.Unit.Archive;
using Panal.Unit.Archive.Retrieve.Metadata;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.DicomWeb.Retrieve;

/// <summary>Metadata that is answered from the catalogue.</summary>
public sealed class StoredMetadataTests
{
    private static readonly Sample First = new() { SopInstanceUid = "1.2.3.4.1", PixelBytes = 2048 };
    private static readonly Sample Second = First with { SopInstanceUid = "1.2.3.4.2", Pixel = 3 };
    private static readonly Sample Other = First with { SopInstanceUid = "1.2.3.5.1", SeriesInstanceUid = "1.2.3.5", PatientName = "\"BulkDataURI\":\"x" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("studies/1.2.3/metadata", 3)]
    [InlineData("studies/1.2.3/series/1.2.3.4/metadata", 2)]
    [InlineData("studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.2/metadata", 1)]
    public async Task It_is_what_the_files_say_and_the_files_are_not_opened_for_it(string path, int count)
    {
        await using var web = await FilledAsync();
        var before = await TextAsync(web, path);
        using var parsed = JsonDocument.Parse(before);
        Assert.Equal(count, parsed.RootElement.GetArrayLength());
        Assert.All(parsed.RootElement.EnumerateArray(), element =>
        {
            var instance = $"{web.Client.BaseAddress}studies/1.2.3/series/{WebArchive.Value(element, Tags.SeriesInstanceUID)}/instances/{WebArchive.Value(element, Tags.SOPInstanceUID)}";
            Assert.Equal(instance + "/bulkdata/7FE00010", element.GetProperty("7FE00010").GetProperty("BulkDataURI").GetString());
        });
        await StoreMetadataAsync(web);
        await RemoveFilesAsync(web);
        Assert.Equal(before, await TextAsync(web, path));
    }

    [Fact]
    public async Task A_new_instance_is_read_from_its_file_and_the_others_are_not()
    {
        await using var web = await FilledAsync();
        await StoreMetadataAsync(web);
        await RemoveFilesAsync(web);
        await web.StoreAsync(First with { SopInstanceUid = "1.2.3.4.3" });
        Assert.Equal(
            ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"],
            (await web.JsonAsync("studies/1.2.3/series/1.2.3.4/metadata")).Select(static one => WebArchive.Value(one, Tags.SOPInstanceUID)));
    }

    [Fact]
    public async Task A_damaged_chunk_is_passed_over()
    {
        await using var web = await FilledAsync();
        var before = await TextAsync(web, "studies/1.2.3/metadata");
        await StoreMetadataAsync(web);
        var catalogue = web.Archive.Holdings.Catalogue;
        var series = new SeriesName("1.2.3", "1.2.3.4");
        var sound = Assert.Single(catalogue.MetadataOf(series, Ct));
        await catalogue.ReplaceMetadataAsync(series, [sound.Id], [sound with { Chunk = sound.Chunk[..^1] }], [], Ct);
        Assert.Equal(before, await TextAsync(web, "studies/1.2.3/metadata"));
    }

    [Fact]
    public async Task A_correction_is_told_at_once()
    {
        await using var web = await FilledAsync();
        await StoreMetadataAsync(web);
        using var before = await web.GetAsync("studies/1.2.3/metadata");
        await web.Archive.Holdings.Catalogue.CorrectAsync("1.2.3", Samples.DataSet((Tags.PatientName, "Muñoz^Ana")), "TEST", isDryRun: false, Ct);
        using var after = await web.GetAsync("studies/1.2.3/metadata", null, ("If-None-Match", before.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        using var corrected = JsonDocument.Parse(await after.Content.ReadAsStringAsync(Ct));
        Assert.All(corrected.RootElement.EnumerateArray(), one => Assert.Equal("Muñoz^Ana", one.GetProperty("00100010").GetProperty("Value")[0].GetProperty("Alphabetic").GetString()));
    }

    [Fact]
    public async Task What_only_another_node_still_holds_is_told_of_without_waiting_for_it()
    {
        await using var web = await FilledAsync();
        var before = await TextAsync(web, "studies/1.2.3/series/1.2.3.4/metadata");
        await StoreMetadataAsync(web);
        await ReleaseAsync(web, First, Second);
        Assert.All(new[] { First, Second }, sample => Assert.Null(web.Archive.Holdings.Catalogue.FindInstance(sample.SopInstanceUid)!.Copy));
        using var answer = await web.GetAsync("studies/1.2.3/series/1.2.3.4/metadata", "application/json");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(before, await answer.Content.ReadAsStringAsync(Ct));
        using var known = await web.GetAsync("studies/1.2.3/series/1.2.3.4/metadata", "application/json", ("If-None-Match", answer.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);

        // Of one of the study nothing is stored, and it does not come.
        var chunk = Assert.Single(web.Archive.Holdings.Catalogue.MetadataOf(new SeriesName("1.2.3", "1.2.3.4"), Ct));
        await web.Archive.Holdings.Catalogue.ReplaceMetadataAsync(new SeriesName("1.2.3", "1.2.3.4"), [chunk.Id], [], [], Ct);
        using var missing = await web.GetAsync("studies/1.2.3/series/1.2.3.4/metadata", "application/json");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, missing.StatusCode);
    }

    private static async Task<WebArchive> FilledAsync()
    {
        var web = await WebArchive.OpenAsync();
        await web.StoreAsync(First, Second, Other);
        return web;
    }

    private static async Task StoreMetadataAsync(WebArchive web)
    {
        Assert.Equal(2, await SeriesPackerTests.PackAsync(web.Archive, new SeriesName("1.2.3", "1.2.3.4")));
        Assert.Equal(1, await SeriesPackerTests.PackAsync(web.Archive, new SeriesName("1.2.3", "1.2.3.5")));
    }

    private static async Task RemoveFilesAsync(WebArchive web)
    {
        foreach (var path in (await web.Archive.FilesAsync()).Keys)
        {
            File.Delete(Path.Combine(web.Archive.VolumeRoot, path));
        }
    }

    /// <summary>Another node says that it holds the same, and this one lets go of it.</summary>
    private static async Task ReleaseAsync(WebArchive web, params Sample[] samples)
    {
        var (node, catalogue) = (Guid.NewGuid(), web.Archive.Holdings.Catalogue);
        var copies = samples.Select(sample => (sample.SopInstanceUid, Copy: catalogue.FindInstance(sample.SopInstanceUid)!.Copy!)).ToArray();
        var encoded = Samples.DataSet((Tags.PatientID, First.PatientId), (Tags.PatientName, First.PatientName), (Tags.StudyDate, "20260102"), (Tags.Modality, "CT"), (Tags.SOPInstanceUID, "1"));
        var attributes = Samples.Of(encoded).Encoded;
        var state = new CatalogueState(
            [
                new StudyState("1.2.3", false, attributes[QueryLevel.Patient], attributes[QueryLevel.Study],
                [
                    new SeriesState("1.2.3.4", attributes[QueryLevel.Series],
                        [.. copies.Select(one => new InstanceState(one.SopInstanceUid, Uids.CTImageStorage, Uids.ExplicitVRLittleEndian, one.Copy.LengthBytes, one.Copy.Hash.ToArray(), attributes[QueryLevel.Image]))]),
                ]),
            ],
            [],
            []);
        await catalogue.SubscribeAsync(node, 0, Ct);
        await catalogue.ApplyAsync(node, new FeedStep(state, new FeedCursor(node, 1, 1, 1, 0, null), new FeedHead(1, DateTimeOffset.UnixEpoch), false), Ct);
        var (_, released) = await catalogue.ReleaseAsync([.. copies.Select(one => new HeldContent(one.SopInstanceUid, one.Copy.Hash, one.Copy.LengthBytes))], "test", Ct);
        Assert.Equal(samples.Length, released.Count);
    }

    private static async Task<string> TextAsync(WebArchive web, string path)
    {
        using var answer = await web.GetAsync(path, "application/json");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Ct);
    }
}
