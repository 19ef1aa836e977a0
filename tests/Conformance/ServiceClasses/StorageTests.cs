using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>Real files of every family through foreign senders: what a receiver gets back has the sender's bytes.</summary>
public sealed class StorageTests(SharedNode shared)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("charset")]
    [InlineData("ct_series")]
    [InlineData("dicomdir")]
    [InlineData("encapsulated")]
    [InlineData("encapsulated_doc")]
    [InlineData("enhanced")]
    [InlineData("mr_series")]
    [InlineData("multiframe")]
    [InlineData("parametric_map")]
    [InlineData("rt")]
    [InlineData("seg")]
    [InlineData("single_frame")]
    [InlineData("sr_ko_pr")]
    [InlineData("transfer_syntax")]
    [InlineData("waveform")]
    [InlineData("wsi")]
    public async Task What_dcmsend_sends_comes_back_byte_for_byte(string family)
    {
        PanalNode node = await shared.NodeAsync(Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync(family, 24, Ct);
        await using Storescp reference = await Storescp.StartAsync(Ct, "REFERENCE");
        string[] paths = [.. files.Select(file => file.Path)];

        // dcmsend encodes anew what it reads, so a file is no measure for what it sends: a bare receiver is.
        await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nh", "-nuc", "-aec", "REFERENCE", "127.0.0.1", reference.Port.ToString(), .. paths], Ct);
        await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nh", "-nuc", .. node.DcmtkAddress("DCMSEND"), .. paths], Ct);
        // Of a file whose identifying elements have no VR it sends the digits of their bytes as UIDs.
        Dictionary<string, byte[]> expected = Received.DataSets(reference.Files)
            .Where(one => files.Any(file => file.SopInstanceUid == one.Key)).ToDictionary(StringComparer.Ordinal);
        Assert.NotEmpty(expected);

        await using Storescp receiver = await Storescp.StartAsync(Ct, Destination(family));
        await node.AddApplicationEntityAsync(receiver.AeTitle, receiver.Port, Ct);
        await MoveAsync(node, receiver.AeTitle, files.Where(file => expected.ContainsKey(file.SopInstanceUid)));
        Received.AssertSame(expected, Received.DataSets(receiver.Files));
    }

    [Theory]
    [InlineData("--propose-uncompr", "1.2.840.10008.1.2.1")]
    [InlineData("--propose-little", "1.2.840.10008.1.2.1")]
    [InlineData("--propose-big", "1.2.840.10008.1.2.2")]
    [InlineData("--propose-implicit", "1.2.840.10008.1.2.1")]
    [InlineData("--propose-lossless", "1.2.840.10008.1.2.4.70")]
    [InlineData("--propose-jpeg8", "1.2.840.10008.1.2.4.50")]
    [InlineData("--propose-jpeg12", "1.2.840.10008.1.2.4.51")]
    [InlineData("--propose-j2k-lossless", "1.2.840.10008.1.2.4.90")]
    [InlineData("--propose-j2k-lossy", "1.2.840.10008.1.2.4.91")]
    [InlineData("--propose-jls-lossless", "1.2.840.10008.1.2.4.80")]
    [InlineData("--propose-jls-lossy", "1.2.840.10008.1.2.4.81")]
    [InlineData("--propose-rle", "1.2.840.10008.1.2.5")]
    [InlineData("--propose-deflated", "1.2.840.10008.1.2.1.99")]
    public async Task Storescu_is_served_with_every_proposal(string proposal, string storedSyntax)
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        CorpusFile? file = (await Corpus.FilesAsync(Ct)).FirstOrDefault(file => file.TransferSyntaxUid == storedSyntax && file.Folder != "malformed");
        Assert.SkipWhen(file is null, $"the corpus has no file in {storedSyntax}");
        (await ForeignProgram.RunAsync("storescu", [proposal, "-R", "+C", .. node.DcmtkAddress("STORESCU"), file!.Path], Ct)).Succeeded();
        ProgramResult found = await ForeignProgram.RunAsync(
            "findscu", ["-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", $"StudyInstanceUID={file.StudyInstanceUid}", "-k", $"SeriesInstanceUID={file.SeriesInstanceUid}",
                "-k", $"SOPInstanceUID={file.SopInstanceUid}", .. node.DcmtkAddress("FINDSCU")], Ct);
        Assert.Contains($"[{file.SopInstanceUid}", found.Succeeded().Everything);
    }

    [Fact]
    public async Task Our_client_sends_the_bytes_of_the_file_in_every_transfer_syntax()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.OneOfEachTransferSyntaxAsync(Ct);
        await using PanalNode fresh = await PanalNode.StartAsync(Ct, "FRESH");
        (await PanalNode.RunCommandAsync(
            ["store", "127.0.0.1", fresh.DicomPort.ToString(), "--called", fresh.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        using var directory = new TemporaryDirectory("get");
        foreach (CorpusFile file in files)
        {
            (await PanalNode.RunCommandAsync(
                ["get", "127.0.0.1", fresh.DicomPort.ToString(), "--called", fresh.AeTitle, "--study", file.StudyInstanceUid, "--output", directory.Path], Ct)).Succeeded();
        }

        Dictionary<string, byte[]> received = Directory.GetFiles(directory.Path, "*.dcm", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), Part10File.DataSet, StringComparer.Ordinal);
        Received.AssertSame(files.ToDictionary(file => file.SopInstanceUid, file => Part10File.DataSet(file.Path), StringComparer.Ordinal), received);
    }

    [Fact]
    public async Task The_same_instance_again_is_answered_with_success_and_adds_nothing()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        CorpusFile file = (await Corpus.FamilyAsync("single_frame", 1, Ct))[0];
        for (int i = 0; i < 3; i++)
        {
            (await ForeignProgram.RunAsync("dcmsend", ["-dn", "-nuc", .. node.DcmtkAddress("DCMSEND"), file.Path], Ct)).Succeeded();
        }

        ProgramResult found = await ForeignProgram.RunAsync(
            "findscu", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k", "NumberOfStudyRelatedInstances", .. node.DcmtkAddress("FINDSCU")], Ct);
        Assert.Matches(@"\(0020,1208\) IS \[1 ?\]", found.Succeeded().Everything);
    }

    [Fact]
    public async Task Gdcmscu_stores()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 143, Ct))[^1];
        await Gdcmscu.RunAsync(node, ["--store", "-i", file.Path], Ct);
        ProgramResult found = await ForeignProgram.RunAsync(
            "findscu", ["-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", $"SOPInstanceUID={file.SopInstanceUid}", .. node.DcmtkAddress("FINDSCU")], Ct);
        Assert.Contains($"[{file.SopInstanceUid}", found.Succeeded().Everything);
    }

    [Fact]
    public async Task Orthanc_sends_a_study()
    {
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        await using Orthanc orthanc = await Orthanc.StartAsync(Ct, known: (node.AeTitle, node.DicomPort));
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("mr_series", 10, Ct);
        foreach (CorpusFile file in files)
        {
            Assert.True(await orthanc.UploadAsync(file.Path, Ct));
        }

        var resources = new System.Text.Json.Nodes.JsonArray([.. (await orthanc.GetAsync("instances", Ct)).EnumerateArray().Select(id => (System.Text.Json.Nodes.JsonNode)id.GetString()!)]);
        await orthanc.PostAsync($"modalities/{node.AeTitle}/store", resources, Ct);
        foreach (IGrouping<string, CorpusFile> study in files.GroupBy(file => file.StudyInstanceUid))
        {
            ProgramResult found = await ForeignProgram.RunAsync(
                "findscu", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={study.Key}", .. node.DcmtkAddress("FINDSCU")], Ct);
            Assert.Contains(study.Key, found.Succeeded().Everything);
        }
    }

    // AE titles have at most 16 characters.
    private static string Destination(string family) => $"TO_{family.ToUpperInvariant()}"[..Math.Min(16, family.Length + 3)];

    private static async Task MoveAsync(PanalNode node, string destination, IEnumerable<CorpusFile> files)
    {
        foreach (string study in files.Select(file => file.StudyInstanceUid).Distinct())
        {
            // Others may have added instances to the study in syntaxes that storescp does not take: then movescu ends with a warning.
            await ForeignProgram.RunAsync(
                "movescu", ["-S", "-aem", destination, "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={study}", .. node.DcmtkAddress("MOVESCU")], Ct);
        }
    }
}
