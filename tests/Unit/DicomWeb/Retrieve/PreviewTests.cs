using System.Buffers;
using System.Net;
using System.Net.Http;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Imaging;
using Panal.Imaging.Compact.Stages;
using Panal.Unit.Imaging.Compact;

namespace Panal.Unit.DicomWeb.Retrieve;

/// <summary>Images of which only the first stages are here, asked for by clients that would rather not wait.</summary>
public sealed class PreviewTests
{
    private const string Uid = "1.2.3.1.1";
    private const string Raw = "multipart/related; type=application/octet-stream";

    private static readonly (string, string) NoWait = ("Prefer", "respond-async, wait=0");
    private static readonly SampleLayout Layout = new(64, 48, 1, 16, 12);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "1/6")]
    [InlineData(2, "3/6")]
    public async Task Frames_are_given_as_far_as_they_have_come_and_the_answer_says_so(int stages, string layers)
    {
        var (web, remote) = await OpenAsync(stages);
        await using var _ = web;
        using var answer = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}/frames/1", Raw, NoWait);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((layers, "wait=0"), (Header(answer, "Panal-Layers"), Header(answer, "Preference-Applied")));
        var body = await answer.Content.ReadAsByteArrayAsync(Ct);
        using var preview = StagedFile.Read(remote.Stages).Preview(ImageLimits.Default).Open();
        var expected = new byte[Layout.LengthBytes];
        preview.Position = preview.Length - expected.Length;
        preview.ReadExactly(expected);
        Assert.Equal(expected, body);
    }

    [Fact]
    public async Task Attributes_and_pictures_of_a_preview_are_marked()
    {
        var (web, _) = await OpenAsync(1);
        await using var __ = web;
        using (var answer = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}/metadata", "application/dicom+json", NoWait))
        {
            Assert.Equal("1/6", Header(answer, "Panal-Layers"));
            var dataSet = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct)).RootElement[0];
            Assert.Equal("01", WebArchive.Value(dataSet, Tags.LossyImageCompression));
            Assert.Equal("ISO_15444_1", WebArchive.Value(dataSet, Tags.LossyImageCompressionMethod));
        }

        using var picture = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}/rendered", "image/png", NoWait);
        Assert.Equal(("1/6", "image/png"), (Header(picture, "Panal-Layers"), picture.Content.Headers.ContentType!.MediaType));

        // A border of eight white points, then eight black ones.
        using var bitmap = SkiaSharp.SKBitmap.Decode(await picture.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal((64, 48), (bitmap.Width, bitmap.Height));
        Assert.Equal([255, 255, 0, 0, 255], new[] { 0, 7, 8, 15, 16 }.Select(column => (int)bitmap.GetPixel(column, 0).Red));
    }

    [Fact]
    public async Task Nobody_gets_a_preview_who_did_not_ask_for_it_and_nobody_as_the_instance()
    {
        var (web, remote) = await OpenAsync(1);
        await using var _ = web;
        foreach (var path in new[] { "frames/1", "rendered", "metadata", "" })
        {
            using var answer = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}/{path}".TrimEnd('/'));
            Assert.Equal((path, HttpStatusCode.ServiceUnavailable), (path, answer.StatusCode));
        }

        Assert.Equal(0, remote.Previews);
        using var instance = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}", "multipart/related; type=\"application/dicom\"", NoWait);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, instance.StatusCode);
        Assert.Equal(0, remote.Previews);
        Assert.Null(web.Archive.Holdings.Catalogue.FindInstance(Uid)!.Copy);
        Assert.Empty(await web.Archive.FilesAsync());
    }

    [Theory]
    [InlineData("studies/1.2.3/rendered")]
    [InlineData("studies/1.2.3/series/1.2.3.1/rendered")]
    [InlineData("studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/rendered")]
    [InlineData("studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/frames/1/rendered")]
    [InlineData("studies/1.2.3/metadata")]
    [InlineData("studies/1.2.3/series/1.2.3.1/metadata")]
    public async Task Whatever_shows_a_preview_says_of_how_many_layers_it_is(string path)
    {
        var (web, remote) = await OpenAsync(2);
        await using var _ = web;
        using var answer = await web.GetAsync(path, null, NoWait);
        Assert.Equal((HttpStatusCode.OK, "3/6"), (answer.StatusCode, Header(answer, "Panal-Layers")));
        Assert.Equal(1, remote.Previews);
    }

    [Theory]
    [InlineData("studies/1.2.3", "multipart/related; type=\"application/dicom\"")]
    [InlineData("studies/1.2.3/series/1.2.3.1", "multipart/related; type=\"application/dicom\"")]
    [InlineData("studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1", "multipart/related; type=\"application/dicom\"; transfer-syntax=*")]
    [InlineData("studies/1.2.3/thumbnail", "image/jpeg")]
    [InlineData("studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/thumbnail", "image/jpeg")]
    public async Task What_is_kept_by_others_is_never_a_preview_even_for_those_who_would_rather_not_wait(string path, string accept)
    {
        var (web, remote) = await OpenAsync(2);
        await using var _ = web;
        using var answer = await web.GetAsync(path, accept, NoWait);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 0), (answer.StatusCode, remote.Previews));
    }

    [Fact]
    public async Task A_preview_in_hand_is_neither_sent_nor_exported_nor_kept()
    {
        var (web, remote) = await OpenAsync(2);
        await using var _ = web;
        var holdings = web.Archive.Holdings;
        var retriever = new Retriever(holdings.Catalogue, holdings.Volumes, remote);
        var wanted = new DataSet();
        wanted.Set(Tags.QueryRetrieveLevel, "STUDY");
        wanted.Set(Tags.StudyInstanceUID, "1.2.3");
        var request = new RetrieveRequest(InformationModel.StudyRoot, wanted, Relational: false);
        var preview = await retriever.PreviewAsync(Assert.Single(retriever.Locate(request, Ct)), Ct);
        Assert.Equal(3, preview!.Preview!.Layers);

        // What C-MOVE, C-GET and forwarding send comes through here.
        Assert.Equal(
            OpenResult.HeldElsewhere,
            retriever.Open(preview, [Panal.Dicom.Uids.ExplicitVRLittleEndian, Panal.Dicom.Uids.ImplicitVRLittleEndian, Panal.Dicom.Uids.JPEG2000Lossless]).Result);
        var folder = Path.Combine(web.Archive.Directory, "export");
        var exported = await new ReceivedExport(retriever).ExportAsync(request, folder, static _ => { }, Ct);
        Assert.Equal((0, 1), (exported.Written, exported.Failed));
        Assert.Empty(Directory.GetFiles(folder));
        Assert.Null(holdings.Catalogue.FindInstance(Uid)!.Copy);
        Assert.Empty(await web.Archive.FilesAsync());
    }

    [Fact]
    public async Task What_does_not_come_in_stages_is_waited_for()
    {
        var (web, _) = await OpenAsync(0);
        await using var __ = web;
        using var answer = await web.GetAsync($"studies/1.2.3/series/1.2.3.1/instances/{Uid}/frames/1", Raw, NoWait);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Null(Header(answer, "Panal-Layers"));
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private static async Task<(WebArchive Web, StagedCopies Remote)> OpenAsync(int stages)
    {
        var images = new Unit.Imaging.Images { Layout = Layout };
        var compact = await CompactFiles.MakeAsync(
            CompactFiles.File(images.Native(TransferSyntax.ExplicitVrLittleEndian), TransferSyntax.ExplicitVrLittleEndian), Panal.Dicom.Uids.JPEG2000Lossless);
        var cuts = StageCuts.Find(new MemoryStream(compact), ImageLimits.Default)!;
        var remote = new StagedCopies([.. Enumerable.Range(0, stages).Select(number =>
        {
            var bytes = new ArrayBufferWriter<byte>();
            cuts.Write(number, piece => bytes.Write(piece));
            return bytes.WrittenMemory;
        })]);
        var web = await WebArchive.OpenAsync(remote: remote);
        var node = Guid.NewGuid();
        await web.Archive.Holdings.Catalogue.SubscribeAsync(node, 0, Ct);
        var state = Catalogue.Replication.StateCodecTests.State("1.2.3", "Doe^Jane", [Uid]);
        await web.Archive.Holdings.Catalogue.ApplyAsync(
            node, new FeedStep(state, new FeedCursor(node, 1, 1, 1, 0, null), new FeedHead(1, DateTimeOffset.UnixEpoch), false), Ct);
        return (web, remote);
    }

    /// <summary>Has the first stages, and never more.</summary>
    private sealed class StagedCopies(IReadOnlyList<ReadOnlyMemory<byte>> stages) : IRemoteCopies
    {
        public IReadOnlyList<ReadOnlyMemory<byte>> Stages => stages;

        public int Previews { get; private set; }

        public ValueTask<bool> BringAsync(InstanceReference wanted, CancellationToken ct) => ValueTask.FromResult(false);

        public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> BringStagesAsync(InstanceReference wanted, CancellationToken ct)
        {
            Previews++;
            return ValueTask.FromResult(stages);
        }
    }
}
