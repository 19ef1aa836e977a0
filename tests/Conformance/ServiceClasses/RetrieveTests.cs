using System.Text.Json;
using System.Text.Json.Nodes;
using Panal.Conformance.WireClient;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.ServiceClasses;

/// <summary>Studies leave for foreign receivers as they are stored. (dcmtk's clients write bit-preserved files where they run.)</summary>
public sealed class RetrieveTests
{
    private const int Slices = 24;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Getscu_receives_a_study()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        using var directory = new TemporaryDirectory("getscu");
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        (await ForeignProgram.RunAsync(
            "getscu", ["-S", "+B", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        Received.AssertSame(Originals(files), Received.DataSets(Directory.GetFiles(directory.Path)));
    }

    [Fact]
    public async Task Movescu_moves_a_study_and_a_series_and_an_image()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        string[] study = ["-k", $"StudyInstanceUID={files[0].StudyInstanceUid}"];
        string[] series = [.. study, "-k", $"SeriesInstanceUID={files[^1].SeriesInstanceUid}"];
        string[] image = [.. series, "-k", $"SOPInstanceUID={files[^1].SopInstanceUid}"];
        (string Level, string[] Keys, Func<CorpusFile, bool> Wanted)[] moves =
        [
            ("STUDY", study, _ => true),
            ("SERIES", series, file => file.SeriesInstanceUid == files[^1].SeriesInstanceUid),
            ("IMAGE", image, file => file == files[^1]),
        ];
        foreach ((string level, string[] keys, Func<CorpusFile, bool> wanted) in moves)
        {
            await using Storescp receiver = await Storescp.StartAsync(Ct, $"TO_{level}");
            await node.AddApplicationEntityAsync(receiver.AeTitle, receiver.Port, Ct);
            ProgramResult result = await ForeignProgram.RunAsync(
                "movescu", ["-v", "-S", "-aem", receiver.AeTitle, "-k", $"QueryRetrieveLevel={level}", .. keys, .. node.DcmtkAddress("MOVESCU")], Ct);
            result.Succeeded();
            Dictionary<string, byte[]> received = Received.DataSets(receiver.Files);
            Dictionary<string, byte[]> expected = Originals(files.Where(wanted));
            Received.AssertSame(expected, received);
            Assert.Equal(expected.Count, received.Count);
        }
    }

    [Fact]
    public async Task Movescu_receives_by_itself()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        int port = LoopbackPort.Free();
        await node.AddApplicationEntityAsync("MOVESCU", port, Ct);
        using var directory = new TemporaryDirectory("movescu");
        (await ForeignProgram.RunAsync(
            "movescu", ["-S", "+P", port.ToString(), "-aem", "MOVESCU", "+B", "-k", "QueryRetrieveLevel=STUDY",
                "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}", .. node.DcmtkAddress("MOVESCU")], Ct, directory.Path)).Succeeded();
        Received.AssertSame(Originals(files), Received.DataSets(Directory.GetFiles(directory.Path)));
    }

    [Fact]
    public async Task An_unknown_destination_is_refused_with_A801()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 1, Ct))[0];
        ProgramResult result = await ForeignProgram.RunAsync(
            "movescu", ["-v", "-S", "-aem", "NOBODY", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={file.StudyInstanceUid}", .. node.DcmtkAddress("MOVESCU")], Ct);
        Assert.Contains("MoveDestinationUnknown", result.Everything.Replace(" ", ""), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_destination_that_does_not_listen_is_told_with_A702()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 1, Ct))[0];
        await node.AddApplicationEntityAsync("ABSENT", LoopbackPort.Free(), Ct);
        ProgramResult result = await ForeignProgram.RunAsync(
            "movescu", ["-d", "-S", "-aem", "ABSENT", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={file.StudyInstanceUid}", .. node.DcmtkAddress("MOVESCU")], Ct);
        Assert.Contains("0xa702", result.Everything, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_cancelled_move_ends_between_two_instances_and_the_node_serves_on()
    {
        await using PanalNode node = await NodeWithStudyAsync();

        // A receiver that takes its time, so that the cancel request comes before the end.
        await using Storescp receiver = await Storescp.StartAsync(Ct, "SLOW", "--sleep-after", "1");
        await node.AddApplicationEntityAsync(receiver.AeTitle, receiver.Port, Ct);
        CorpusFile file = (await Corpus.FamilyAsync("ct_series", 1, Ct))[0];
        ProgramResult result = await ForeignProgram.RunAsync(
            "movescu", ["-v", "-S", "--cancel", "1", "-aem", receiver.AeTitle, "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={file.StudyInstanceUid}",
                .. node.DcmtkAddress("MOVESCU")], Ct);
        Assert.Contains("Cancel", result.Everything);
        Assert.InRange(receiver.Files.Length, 0, 5);
        (await ForeignProgram.RunAsync("echoscu", node.DcmtkAddress("ECHOSCU"), Ct)).Succeeded();
    }

    [Fact]
    public async Task What_matches_nothing_is_a_success_without_sub_operations()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        using var directory = new TemporaryDirectory("getscu");
        (await ForeignProgram.RunAsync(
            "getscu", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.4.5", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        Assert.Empty(Directory.GetFiles(directory.Path));
    }

    [Fact]
    public async Task Orthanc_is_a_move_target_and_its_copies_have_the_same_pixels()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        await using Orthanc orthanc = await Orthanc.StartAsync(Ct, known: (node.AeTitle, node.DicomPort));
        await node.AddApplicationEntityAsync(orthanc.AeTitle, orthanc.DicomPort, Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        var query = new JsonObject { ["Level"] = "Study", ["Query"] = new JsonObject { ["StudyInstanceUID"] = files[0].StudyInstanceUid } };
        JsonElement answer = await orthanc.PostAsync($"modalities/{node.AeTitle}/query", query, Ct);
        await orthanc.PostAsync(
            $"queries/{answer.GetProperty("ID").GetString()}/retrieve", new JsonObject { ["TargetAet"] = orthanc.AeTitle, ["Synchronous"] = true }, Ct);
        Dictionary<string, byte[]> received = new(StringComparer.Ordinal);
        foreach (JsonElement id in (await orthanc.GetAsync("instances", Ct)).EnumerateArray())
        {
            byte[] file = await orthanc.GetBytesAsync($"instances/{id.GetString()}/file", Ct);
            string uid = (await orthanc.GetAsync($"instances/{id.GetString()}/simplified-tags", Ct)).GetProperty("SOPInstanceUID").GetString()!;
            received[uid] = file[Part10File.DataSetOffset(file)..];
        }

        Assert.Equal(files.Select(file => file.SopInstanceUid).Order(), received.Keys.Order());
        foreach (CorpusFile file in files)
        {
            // Orthanc writes sequences its own way; pixel data ends the data set and must be the same.
            byte[] original = Part10File.DataSet(file.Path);
            Assert.Equal(original[^(256 * 1024)..], received[file.SopInstanceUid][^(256 * 1024)..]);
        }
    }

    [Fact]
    public async Task Dcmqrscp_is_a_move_target_and_a_source()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        await using PanalNode second = await PanalNode.StartAsync(Ct, "SECOND");
        await using Dcmqrscp peer = await Dcmqrscp.StartAsync(Ct, known: [("SECOND", second.DicomPort), ("PANAL", node.DicomPort)]);
        await node.AddApplicationEntityAsync(peer.AeTitle, peer.Port, Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        string[] study = ["-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}"];
        (await ForeignProgram.RunAsync("movescu", ["-S", "-aem", peer.AeTitle, .. study, .. node.DcmtkAddress("MOVESCU")], Ct)).Succeeded();
        (await ForeignProgram.RunAsync(
            "movescu", ["-S", "-aem", "SECOND", .. study, "-aet", "SECOND", "-aec", peer.AeTitle, "127.0.0.1", peer.Port.ToString()], Ct)).Succeeded();
        ProgramResult found = await ForeignProgram.RunAsync(
            "findscu", ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k", "NumberOfStudyRelatedInstances", .. second.DcmtkAddress("FINDSCU")], Ct);
        Assert.Matches($@"\(0020,1208\) IS \[{Slices} ?\]", found.Succeeded().Everything);
    }

    [Fact]
    public async Task Our_clients_find_move_and_get_from_dcmqrscp()
    {
        await using PanalNode node = await NodeWithStudyAsync();
        await using Storescp receiver = await Storescp.StartAsync(Ct, "RECEIVER");
        await using Dcmqrscp peer = await Dcmqrscp.StartAsync(Ct, known: [("RECEIVER", receiver.Port)]);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 5, Ct);
        string[] address = ["127.0.0.1", peer.Port.ToString(), "--called", peer.AeTitle];
        (await PanalNode.RunCommandAsync(["store", .. address, .. files.Select(file => file.Path)], Ct)).Succeeded();
        ProgramResult found = await PanalNode.RunCommandAsync(["find", .. address, "--level", "study", "--key", "StudyInstanceUID="], Ct);
        Assert.Contains(files[0].StudyInstanceUid, found.Succeeded().Output);
        (await PanalNode.RunCommandAsync(["move", .. address, "--to", receiver.AeTitle, "--calling", receiver.AeTitle, "--study", files[0].StudyInstanceUid], Ct)).Succeeded();
        Assert.Equal(files.Count, receiver.Files.Length);
        using var directory = new TemporaryDirectory("get");
        (await PanalNode.RunCommandAsync(["get", .. address, "--study", files[0].StudyInstanceUid, "--output", directory.Path], Ct)).Succeeded();
        Assert.Equal(files.Count, Directory.GetFiles(directory.Path, "*.dcm", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task Our_client_fetches_from_Orthanc()
    {
        await using Orthanc orthanc = await Orthanc.StartAsync(Ct);
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 5, Ct);
        string[] address = ["127.0.0.1", orthanc.DicomPort.ToString(), "--called", orthanc.AeTitle];
        (await PanalNode.RunCommandAsync(["store", .. address, .. files.Select(file => file.Path)], Ct)).Succeeded();
        using var directory = new TemporaryDirectory("get");
        (await PanalNode.RunCommandAsync(["get", .. address, "--study", files[0].StudyInstanceUid, "--output", directory.Path], Ct)).Succeeded();
        Assert.Equal(
            files.Select(file => file.SopInstanceUid).Order(),
            Directory.GetFiles(directory.Path).Select(path => Path.GetFileNameWithoutExtension(path)).Order());
    }

    [Fact]
    public async Task What_comes_out_is_as_valid_as_what_went_in()
    {
        ForeignProgram.Require("dciodvfy");
        await using PanalNode node = await NodeWithStudyAsync();
        using var directory = new TemporaryDirectory("dciodvfy");
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        (await ForeignProgram.RunAsync(
            "getscu", ["-S", "+B", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        foreach (string received in Directory.GetFiles(directory.Path).Take(6))
        {
            CorpusFile original = files.First(file => received.EndsWith(file.SopInstanceUid, StringComparison.Ordinal));
            Assert.Equal(await VerdictAsync(original.Path), await VerdictAsync(received));
            (await ForeignProgram.RunAsync("gdcminfo", [received], Ct)).Succeeded();
        }
    }

    private static async Task<PanalNode> NodeWithStudyAsync()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        PanalNode node = await PanalNode.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(
            ["store", "127.0.0.1", node.DicomPort.ToString(), "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        return node;
    }

    private static Dictionary<string, byte[]> Originals(IEnumerable<CorpusFile> files) =>
        files.ToDictionary(file => file.SopInstanceUid, file => Part10File.DataSet(file.Path), StringComparer.Ordinal);

    private static async Task<string[]> VerdictAsync(string path)
    {
        ProgramResult result = await ForeignProgram.RunAsync("dciodvfy", [path], Ct);
        return [.. result.Everything.Split('\n').Where(line => line.StartsWith("Error", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }
}
