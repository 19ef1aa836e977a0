using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.DicomWeb;

/// <summary>Programs of other authors as clients of DICOMweb.</summary>
public sealed class DicomWebTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dicomweb_client_stores_finds_and_retrieves_what_it_stored()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        string[] files = [.. Slices(4)];
        JsonElement result = await DicomWebClient.RunAsync(Root(node), files, Ct);
        Assert.Equal(0, result.GetProperty("none").GetInt32());
        JsonElement[] studies = [.. result.GetProperty("studies").EnumerateArray()];
        Assert.Equal(files.Length, studies.Sum(study => study.GetProperty("instances").GetInt32()));
        foreach (JsonElement study in studies)
        {
            Assert.Equal(study.GetProperty("instances").GetInt32(), study.GetProperty("metadata").GetInt32());
            string[] retrieved = [.. study.GetProperty("retrieved").EnumerateArray().Select(digest => digest.GetString()!)];
            Assert.Equal(study.GetProperty("instances").GetInt32(), retrieved.Length);
            Assert.Contains(study.GetProperty("instance").GetString(), retrieved);
            Assert.True(Assert.Single(study.GetProperty("frames").EnumerateArray()).GetInt32() >= 256 * 256);
        }
    }

    [Fact]
    public async Task Orthanc_finds_retrieves_and_stores_every_transfer_syntax_by_its_plugin()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.OneOfEachTransferSyntaxAsync(Ct);
        CorpusFile[] compressed = [.. files.Where(file => file.TransferSyntaxUid.StartsWith("1.2.840.10008.1.2.4.", StringComparison.Ordinal) || file.TransferSyntaxUid.EndsWith(".1.2.1", StringComparison.Ordinal))];
        await using Orthanc orthanc = await Orthanc.StartWithDicomWebAsync(Root(node), Ct);
        int taken = 0;
        foreach (CorpusFile file in compressed)
        {
            taken += await orthanc.UploadAsync(file.Path, Ct) ? 1 : 0;
        }

        JsonElement instances = await orthanc.GetAsync("instances", Ct);
        Assert.True(taken > 0 && instances.GetArrayLength() > 0, "Orthanc took none of the files");
        foreach (JsonElement instance in instances.EnumerateArray())
        {
            await orthanc.PostAsync("dicom-web/servers/panal/stow", new JsonObject { ["Resources"] = new JsonArray(instance.GetString()) }, Ct);
        }

        JsonElement found = await orthanc.PostAsync("dicom-web/servers/panal/qido", new JsonObject { ["Uri"] = "/instances" }, Ct);
        Assert.Equal(instances.GetArrayLength(), found.GetArrayLength());
        JsonElement studies = await orthanc.PostAsync("dicom-web/servers/panal/qido", new JsonObject { ["Uri"] = "/studies" }, Ct);
        foreach (JsonElement instance in instances.EnumerateArray())
        {
            byte[] sent = await orthanc.GetBytesAsync($"instances/{instance.GetString()}/file", Ct);
            JsonElement tags = await orthanc.GetAsync($"instances/{instance.GetString()}/simplified-tags", Ct);
            string path = $"studies/{tags.GetProperty("StudyInstanceUID")}/series/{tags.GetProperty("SeriesInstanceUID")}/instances/{tags.GetProperty("SOPInstanceUID")}";
            byte[] back = await CurlAsync(node, path, "-H", "Accept: application/dicom; transfer-syntax=*");
            Assert.Equal(Digest(sent.AsMemory(Part10File.DataSetOffset(sent))), Digest(back.AsMemory(Part10File.DataSetOffset(back))));
        }

        await using Orthanc empty = await Orthanc.StartWithDicomWebAsync(Root(node), Ct);
        foreach (JsonElement study in studies.EnumerateArray())
        {
            string uid = study.EnumerateObject().Single(one => one.Name.Equals("0020000D", StringComparison.OrdinalIgnoreCase)).Value.GetProperty("Value").GetString()!;
            await empty.PostAsync("dicom-web/servers/panal/retrieve", new JsonObject { ["Resources"] = new JsonArray(new JsonObject { ["Study"] = uid }) }, Ct);
        }

        Assert.Equal(instances.GetArrayLength(), (await empty.GetAsync("instances", Ct)).GetArrayLength());
    }

    [Fact]
    public async Task Metadata_of_the_corpus_is_what_pydicom_reads_in_the_files()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        CorpusFile[] files = [.. (await Corpus.FilesAsync(Ct)).Where(file => file.Folder is "ct_series" or "mr_series" or "multiframe" or "rt" or "sr_ko_pr" or "charset" && !file.HasCodeExtensions)
            .GroupBy(file => file.Folder).SelectMany(folder => folder.Take(12))];
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", node.DicomPort.ToString(), "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        using var directory = new TemporaryDirectory("metadata");
        int compared = 0;
        foreach (IGrouping<string, CorpusFile> study in files.GroupBy(file => file.StudyInstanceUid))
        {
            string json = directory.Combine("metadata.json");
            await File.WriteAllBytesAsync(json, await CurlAsync(node, $"studies/{study.Key}/metadata", "--compressed"), Ct);
            JsonElement result = await Pydicom.RunAsync("metadata", [json, .. study.Select(file => file.Path)], Ct);
            Assert.Empty(result.GetProperty("different").EnumerateArray().Select(one => one.GetString()));
            compared += result.GetProperty("compared").GetInt32();
        }

        Assert.True(compared > 1000, $"only {compared} elements were compared");
    }

    private static Uri Root(PanalNode node) => new($"http://127.0.0.1:{node.HttpPort}/dicom-web/");

    private static IEnumerable<string> Slices(int count) =>
        Directory.EnumerateFiles(Corpus.CtStudy, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(count);

    private static string Digest(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes.Span));

    private static async Task<byte[]> CurlAsync(PanalNode node, string path, params string[] options)
    {
        using var directory = new TemporaryDirectory("curl");
        string file = directory.Combine("answer");
        (await ForeignProgram.RunAsync("curl", ["-sS", "--fail", "-o", file, .. options, new Uri(Root(node), path).ToString()], Ct)).Succeeded();
        return await File.ReadAllBytesAsync(file, Ct);
    }
}
