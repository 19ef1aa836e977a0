using System.Buffers;
using System.IO.Pipelines;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Codecs.Rle;
using Panal.Dicom;

namespace Panal.Unit.Archive.Retrieve;

public sealed class RetrieverTests
{
    private static readonly Sample First = new() { PixelBytes = 300_000, Pixel = 3 };

    [Fact]
    public async Task An_instance_comes_back_with_the_bytes_that_were_received()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        foreach (var isSettled in (bool[])[false, true])
        {
            if (isSettled)
            {
                await archive.FilesAsync();
            }

            await using var instance = Open(archive, Uids.ExplicitVRLittleEndian);
            Assert.Equal(First.Encode(TransferSyntax.ExplicitVrLittleEndian), await ReadAsync(instance!.DataSet));
            Assert.Equal(instance.LengthBytes, First.Encode(TransferSyntax.ExplicitVrLittleEndian).Length);
        }
    }

    [Fact]
    public async Task An_instance_is_converted_when_the_receiver_takes_only_another_uncompressed_syntax()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        await using var instance = Open(archive, Uids.ImplicitVRLittleEndian);

        Assert.Equal(TransferSyntax.ImplicitVrLittleEndian, instance!.TransferSyntax);
        var expected = DataSetEncoding.Decode(new(First.Encode(TransferSyntax.ExplicitVrLittleEndian)), TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default);
        var actual = DataSetEncoding.Decode(new(await ReadAsync(instance.DataSet)), TransferSyntax.ImplicitVrLittleEndian, DecodeLimits.Default);
        Assert.True(actual.ContentEquals(expected));
    }

    [Fact]
    public async Task A_conversion_that_is_abandoned_ends()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        var instance = Open(archive, Uids.ImplicitVRLittleEndian);
        await instance!.DataSet.ReadExactlyAsync(new byte[10], TestContext.Current.CancellationToken);

        await instance.DisposeAsync();
    }

    [Fact]
    public async Task A_compressed_image_is_given_as_stored_then_lossless_then_uncompressed()
    {
        var images = new Imaging.Images { Layout = new(64, 48, 1, 16, 12), Frames = 2 };
        var stored = images.Encapsulated(Uids.RLELossless, RleEncoder.Instance);
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.Ingester.StoreAsync(
            PipeReader.Create(new ReadOnlySequence<byte>(stored)),
            new IngestRequest(Uids.CTImageStorage, "1.2.3.4.5", TransferSyntax.ForUid(Uids.RLELossless), "MODALITY"),
            TestContext.Current.CancellationToken);
        string[] uids = [Uids.RLELossless, Uids.JPEGLSLossless, Uids.ExplicitVRLittleEndian];
        for (var left = uids.Length; left > 0; left--)
        {
            var reference = Locate(archive, "IMAGE", (Tags.SOPInstanceUID, ["1.2.3.4.5"])).Single();
            await using var instance = Retriever(archive).Open(reference, uids[^left..]).Instance;
            Assert.Equal(uids[^left], instance!.TransferSyntax.Uid);
            var sent = await ReadAsync(instance.DataSet);
            if (left == 1)
            {
                var decoded = DataSetEncoding.Decode(sent, TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default);
                Assert.True(decoded.TryGet(Tags.PixelData, out var pixels));
                Assert.Equal(images.Samples.SelectMany(frame => frame), pixels.Value.ToArray());
            }
        }
    }

    [Fact]
    public async Task Compressed_bytes_that_no_codec_understands_are_sent_as_stored_or_not_at_all()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First, TransferSyntax.ForUid(Uids.JPEGBaseline8Bit));

        Assert.Null(Open(archive, Uids.ImplicitVRLittleEndian));
        await using var instance = Open(archive, Uids.JPEGBaseline8Bit);
        Assert.NotNull(instance);
    }

    [Fact]
    public async Task An_instance_that_only_other_nodes_hold_is_located_and_its_holders_are_told()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var node = Guid.NewGuid();
        var catalogue = archive.Holdings.Catalogue;
        await catalogue.SubscribeAsync(node, 0, TestContext.Current.CancellationToken);
        var state = Catalogue.Replication.StateCodecTests.State("1.2.3", "Doe^Jane", First.SopInstanceUid);
        await catalogue.ApplyAsync(
            node, new FeedStep(state, new FeedCursor(node, 1, 1, 1, 0, null), new FeedHead(1, DateTimeOffset.UnixEpoch), false), TestContext.Current.CancellationToken);

        var reference = Locate(archive, "STUDY", (Tags.StudyInstanceUID, ["1.2.3"])).Single();
        var outcome = Retriever(archive).Open(reference, [Uids.ExplicitVRLittleEndian]);
        Assert.Equal((OpenResult.HeldElsewhere, null), (outcome.Result, outcome.Instance));
        Assert.Equal((node, 1000L), (Assert.Single(outcome.Holders).Node, outcome.Holders[0].LengthBytes));

        // Sending it here makes it ours, as if nobody had told of it.
        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First)).Result);
        Assert.NotNull(Open(archive, Uids.ExplicitVRLittleEndian));

        await catalogue.DeleteAsync([First.SopInstanceUid], TestContext.Current.CancellationToken);
        await catalogue.UnsubscribeAsync(node, TestContext.Current.CancellationToken);
        Assert.Equal(OpenResult.NotFound, Retriever(archive).Open(reference, [Uids.ExplicitVRLittleEndian]).Result);
    }

    [Fact]
    public async Task Instances_are_found_by_lists_of_UIDs()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);
        await archive.StoreAsync(First with { SopInstanceUid = "1.2.3.4.6" });
        await archive.StoreAsync(First with { SopInstanceUid = "1.5.3.4.7", StudyInstanceUid = "1.5", SeriesInstanceUid = "1.5.1" });

        Assert.Equal(3, Locate(archive, "STUDY", (Tags.StudyInstanceUID, ["1.2.3", "1.5"])).Count);
        Assert.Equal(2, Locate(archive, "STUDY", (Tags.StudyInstanceUID, ["1.2.3"])).Count);
        Assert.Single(Locate(archive, "IMAGE", (Tags.SOPInstanceUID, ["1.2.3.4.6"])));
        Assert.Empty(Locate(archive, "STUDY", (Tags.StudyInstanceUID, ["1.9"])));
    }

    [Fact]
    public async Task A_retrieval_without_the_unique_key_of_its_level_is_refused_and_never_means_everything()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        Assert.Throws<SearchRefusedException>(() => Locate(archive, "STUDY", (Tags.StudyInstanceUID, [""])));
        Assert.Throws<SearchRefusedException>(() => Locate(archive, "SERIES", (Tags.StudyInstanceUID, ["1.2.3"])));
    }

    private static List<InstanceReference> Locate(TemporaryArchive archive, string level, params (Tag Tag, string[] Values)[] keys)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, level);
        foreach (var (tag, values) in keys)
        {
            identifier.Set(tag, values);
        }

        var request = new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: false);
        return [.. Retriever(archive).Locate(request, TestContext.Current.CancellationToken)];
    }

    private static OutgoingInstance? Open(TemporaryArchive archive, string accepted) =>
        Retriever(archive).Open(Locate(archive, "IMAGE", (Tags.SOPInstanceUID, [First.SopInstanceUid])).Single(), [accepted]).Instance;

    private static Retriever Retriever(TemporaryArchive archive) => new(archive.Holdings.Catalogue, archive.Holdings.Volumes);

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var target = new MemoryStream();
        await stream.CopyToAsync(target, TestContext.Current.CancellationToken);
        return target.ToArray();
    }
}
