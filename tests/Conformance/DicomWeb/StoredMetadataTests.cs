using System.Text.Json;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.DicomWeb;

/// <summary>Metadata from the catalogue, by the real executable, against what another reader finds in the files that were sent.</summary>
public sealed class StoredMetadataTests
{
    /// <summary>Of a series that was quiet, or, where the node had not begun to listen when it came, of what was here before.</summary>
    private const string StoredOne = "Stored the metadata of 1 instances";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metadata_is_stored_by_itself_and_by_command_and_is_what_pydicom_read_in_files_that_are_gone()
    {
        await using PanalNode node = await PanalNode.StartConfiguredAsync("""{ "Metadata": { "QuietSeconds": 1 } }""", [StoredOne], Ct);
        CorpusFile[] files = [.. (await Corpus.FilesAsync(Ct)).Where(file => file.Folder is "ct_series" or "sr_ko_pr" && !file.HasCodeExtensions).GroupBy(file => file.Folder).SelectMany(folder => folder.Take(8))];
        await StoreAsync(node, files[..1]);
        await node.Program.WaitForLineAsync(StoredOne, Limit, Ct);
        await StoreAsync(node, files);
        ProgramResult run = (await PanalNode.RunCommandAsync(["metadata", "run", "--data", node.DataDirectory], Ct)).Succeeded();
        Assert.Contains("Stored the metadata of", run.Output, StringComparison.Ordinal);
        ProgramResult status = (await PanalNode.RunCommandAsync(["metadata", "status", "--data", node.DataDirectory], Ct)).Succeeded();
        Assert.Contains($"Stored: the metadata of {files.Length} images", status.Output, StringComparison.Ordinal);
        Assert.Contains("Missing: some of 0 series", status.Output, StringComparison.Ordinal);

        Assert.Equal(0, await node.Program.StopAsync(Ct));
        Directory.Delete(Path.Combine(node.DataDirectory, "online"), recursive: true);
        await node.StartAgainAsync(Ct);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{node.HttpPort}/dicom-web/"), Timeout = Limit };
        using var directory = new TemporaryDirectory("stored-metadata");
        int compared = 0;
        foreach (IGrouping<string, CorpusFile> study in files.GroupBy(file => file.StudyInstanceUid))
        {
            string json = directory.Combine("metadata.json");
            await File.WriteAllBytesAsync(json, await client.GetByteArrayAsync(new Uri($"studies/{study.Key}/metadata", UriKind.Relative), Ct), Ct);
            JsonElement result = await Pydicom.RunAsync("metadata", [json, .. study.Select(file => file.Path)], Ct);
            Assert.Empty(result.GetProperty("different").EnumerateArray().Select(one => one.GetString()));
            compared += result.GetProperty("compared").GetInt32();
        }

        Assert.True(compared > 500, $"only {compared} elements were compared");
        using HttpResponseMessage bytes = await client.GetAsync(new Uri($"studies/{files[0].StudyInstanceUid}", UriKind.Relative), Ct);
        Assert.False(bytes.IsSuccessStatusCode);
    }

    private static async Task StoreAsync(PanalNode node, CorpusFile[] files) =>
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", node.DicomPort.ToString(), "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
}
