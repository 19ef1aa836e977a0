using Panal.Conformance.Witnesses;

namespace Panal.Conformance.Compaction;

/// <summary>A compacted archive, seen from outside: nobody notices but the disk.</summary>
public sealed class CompactedArchiveTests
{
    private const int Slices = 12;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Workstations_get_the_received_bytes_and_foreign_programs_read_the_compact_files()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", $"{node.DicomPort}", "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        Assert.Contains($"{files.Count} images would be compact", (await RunAsync(node, "run", "--now", "--dry-run")).Succeeded().Output);
        Assert.Contains($"{files.Count} images compacted", (await RunAsync(node, "run", "--now")).Succeeded().Output);
        Assert.Contains($"Compact: {files.Count} images", (await RunAsync(node, "status")).Succeeded().Output);

        // The node starts again: what the compact forms stand for goes.
        await node.Program.StopAsync(Ct);
        await node.StartAgainAsync(Ct);
        using (var directory = new TemporaryDirectory("getscu"))
        {
            (await ForeignProgram.RunAsync(
                "getscu", ["-S", "+B", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
            Received.AssertSame(
                files.Where(file => file.StudyInstanceUid == files[0].StudyInstanceUid).ToDictionary(file => file.SopInstanceUid, file => Part10File.DataSet(file.Path)),
                Received.DataSets(Directory.GetFiles(directory.Path)));
        }

        Assert.Contains($"{files.Count} of {files.Count} files intact", (await PanalNode.RunCommandAsync(["verify", "--data", node.DataDirectory], Ct)).Succeeded().Output);
        Assert.StartsWith("0 images compacted", (await RunAsync(node, "run", "--now")).Succeeded().Output);
        string[] compact = Directory.GetFiles(Path.Combine(node.DataDirectory, "online"), "*.compact.dcm", SearchOption.AllDirectories);
        Assert.Equal(files.Count, compact.Length);
        Assert.InRange(Bytes(node), 1, files.Sum(file => new FileInfo(file.Path).Length) * 2 / 3);

        // GDCM decodes what stands on the disk to the samples that were sent.
        using var decoded = new TemporaryDirectory("gdcmconv");
        string plain = decoded.Combine("plain.dcm");
        (await ForeignProgram.RunAsync("gdcmconv", ["--raw", compact[0], plain], Ct)).Succeeded();
        CorpusFile sent = files.Single(file => Path.GetFileName(compact[0]).StartsWith(file.SopInstanceUid + ".", StringComparison.Ordinal));
        Assert.Equal((await PixelFile.ReadAsync(sent.Path, Ct)).Frames, (await PixelFile.ReadAsync(plain, Ct)).Frames);
    }

    [Fact]
    public async Task Who_asks_for_JPEG_2000_gets_the_compact_frames_which_the_codec_of_OHIF_and_GDCM_decode_to_what_was_sent()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", 2, Ct);
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", $"{node.DicomPort}", "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        Assert.Contains($"{files.Count} images compacted", (await RunAsync(node, "run", "--now")).Succeeded().Output);
        CorpusFile sent = files[0];
        PixelFile native = await PixelFile.ReadAsync(sent.Path, Ct);
        using var directory = new TemporaryDirectory("getscu");
        (await ForeignProgram.RunAsync(
            "getscu",
            ["-S", "+B", "+xv", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={sent.StudyInstanceUid}", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        string got = Directory.GetFiles(directory.Path).Single(path => path.EndsWith(sent.SopInstanceUid, StringComparison.Ordinal));
        PixelFile compact = await PixelFile.ReadAsync(got, Ct);
        Assert.Equal("1.2.840.10008.1.2.4.90", compact.TransferSyntaxUid);

        // COD: six layers, and lower bit-planes that bypass the arithmetic coder (T.800 Tables A.14, A.19), so that it is the compact form and nothing plainer.
        byte[] frame = Assert.Single(compact.Frames);
        int style = frame.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0x52]);
        Assert.Equal((6, 1), (frame[style + 7], frame[style + 12] & 1));
        await AssertDecodedByViewersAsync(frame, native);
        Assert.Equal(native.Frames, (await compact.DecodedByAsync("gdcmconv", ["--raw"], directory, Ct))!.Frames);

        // The same frame as viewers in the browser ask for it.
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"http://127.0.0.1:{node.HttpPort}/dicom-web/studies/{sent.StudyInstanceUid}/series/{sent.SeriesInstanceUid}/instances/{sent.SopInstanceUid}/frames/1");
        Assert.True(request.Headers.TryAddWithoutValidation("Accept", "multipart/related; type=\"image/jp2\"; transfer-syntax=1.2.840.10008.1.2.4.90"));
        using HttpResponseMessage answer = await client.SendAsync(request, Ct);
        byte[] body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(Ct);
        int begin = body.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        await AssertDecodedByViewersAsync(body[begin..body.AsSpan().LastIndexOf("\r\n--"u8)], native);
    }

    private static async Task AssertDecodedByViewersAsync(byte[] frame, PixelFile native)
    {
        (byte[] samples, System.Text.Json.JsonElement about) = await CornerstoneCodec.DecodeAsync(frame, Ct);
        Assert.Equal((native.Layout.Width, native.Layout.Height), (about.GetProperty("width").GetInt32(), about.GetProperty("height").GetInt32()));
        Codecs.ForeignFrames.AssertNear("Cornerstone", native.Layout, Assert.Single(native.Frames), samples, 0);
    }

    [Fact]
    public async Task The_exact_received_files_come_back_from_a_node_that_runs_and_from_one_that_does_not()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", $"{node.DicomPort}", "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        Assert.Contains($"{files.Count} of {files.Count} files intact", (await PanalNode.RunCommandAsync(["verify", "--data", node.DataDirectory], Ct)).Succeeded().Output);

        // What a backup of the volume would have kept before anything was compacted; a node that stops leaves nothing staged.
        await node.Program.StopAsync(Ct);
        Dictionary<string, byte[]> before = Directory.GetFiles(Path.Combine(node.DataDirectory, "online"), "*.dcm", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        Assert.Equal(files.Count, before.Count);
        await node.StartAgainAsync(Ct);
        Assert.Contains($"{files.Count} images compacted", (await RunAsync(node, "run", "--now")).Succeeded().Output);
        string study = files[0].StudyInstanceUid;
        int ofStudy = files.Count(file => file.StudyInstanceUid == study);
        foreach (bool runs in (bool[])[true, false])
        {
            using var directory = new TemporaryDirectory("received");
            ProgramResult done = await PanalNode.RunCommandAsync(["get", "--as-received", "--study", study, "--output", directory.Path, "--data", node.DataDirectory], Ct);
            Assert.Contains($"{ofStudy} of {ofStudy} files as they were received", done.Succeeded().Output);
            string[] written = Directory.GetFiles(directory.Path);
            Assert.Equal(ofStudy, written.Length);
            Assert.All(written, path => Assert.Equal(before[Path.GetFileName(path)], File.ReadAllBytes(path)));
            if (runs)
            {
                await node.Program.StopAsync(Ct);
            }
        }

        Assert.NotEqual(0, (await PanalNode.RunCommandAsync(["get", "--as-received", "--data", node.DataDirectory], Ct)).ExitCode);
    }

    [Fact]
    public async Task A_node_that_is_killed_while_it_compacts_loses_nothing()
    {
        IReadOnlyList<CorpusFile> files = await Corpus.FamilyAsync("ct_series", Slices, Ct);
        await using PanalNode node = await PanalNode.StartAsync(Ct);
        (await PanalNode.RunCommandAsync(["store", "127.0.0.1", $"{node.DicomPort}", "--called", node.AeTitle, .. files.Select(file => file.Path)], Ct)).Succeeded();
        Task<ProgramResult> work = RunAsync(node, "run", "--now");
        await node.Program.KillAsync();
        await work;
        await node.StartAgainAsync(Ct);
        Assert.Contains($"{files.Count} of {files.Count} files intact", (await PanalNode.RunCommandAsync(["verify", "--data", node.DataDirectory], Ct)).Succeeded().Output);
        (await RunAsync(node, "run", "--now")).Succeeded();
        using var directory = new TemporaryDirectory("getscu");
        (await ForeignProgram.RunAsync(
            "getscu", ["-S", "+B", "-k", "QueryRetrieveLevel=STUDY", "-k", $"StudyInstanceUID={files[0].StudyInstanceUid}", .. node.DcmtkAddress("GETSCU")], Ct, directory.Path)).Succeeded();
        Received.AssertSame(
            files.Where(file => file.StudyInstanceUid == files[0].StudyInstanceUid).ToDictionary(file => file.SopInstanceUid, file => Part10File.DataSet(file.Path)),
            Received.DataSets(Directory.GetFiles(directory.Path)));
    }

    private static Task<ProgramResult> RunAsync(PanalNode node, params string[] arguments) =>
        PanalNode.RunCommandAsync(["compact", .. arguments, "--data", node.DataDirectory], Ct);

    private static long Bytes(PanalNode node) =>
        new DirectoryInfo(Path.Combine(node.DataDirectory, "online")).EnumerateFiles("*.dcm", SearchOption.AllDirectories).Sum(file => file.Length);
}
