using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Compaction;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Unit.Imaging;
using Panal.Volumes;

namespace Panal.Unit.Federation.Fetching;

/// <summary>The study 1.2.3 of made images, on nodes.</summary>
internal static class CompactStudies
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task StoreAsync(FetchingNode node, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            var images = new Images { Layout = new(128, 96 + i, 1, 16, 12) };
            var dataSet = images.Attributes();
            dataSet.Set(Tags.Modality, "CT");
            dataSet.Set(Tags.SOPInstanceUID, $"1.2.3.4.{i}");
            dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
            var bytes = new ArrayBufferWriter<byte>();
            DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, bytes);
            var outcome = await node.Archive.Ingester.StoreAsync(
                PipeReader.Create(new ReadOnlySequence<byte>(bytes.WrittenMemory)),
                new IngestRequest(Uids.CTImageStorage, $"1.2.3.4.{i}", TransferSyntax.ExplicitVrLittleEndian, "MODALITY"),
                Token);
            Assert.Equal(IngestResult.Stored, outcome.Result);
        }
    }

    public static async Task CompactAsync(FetchingNode node)
    {
        using var compactor = new Compactor(
            node.Archive.Holdings.Catalogue, node.Archive.Holdings.Volumes, node.Archive.Ingester, new CompactionOptions(), new IngestMeter(), new CompactionMeter(),
            TimeProvider.System, NullLogger<Compactor>.Instance);
        var run = await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, Token);
        Assert.Equal(0, run.LeftAlone + run.Waiting);
    }

    /// <summary>The first files, by instance.</summary>
    public static async Task<SortedDictionary<string, byte[]>> ReceivedAsync(FetchingNode node)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var row in node.Archive.Holdings.Catalogue.Locate(new Panal.Catalogue.RetrieveKeys { StudyInstanceUids = ["1.2.3"] }, Token))
        {
            await using var stream = node.Archive.Holdings.Volumes.OpenReceived(row.Copy!);
            var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Token);
            files[row.SopInstanceUid] = bytes.ToArray();
            Assert.Equal(ContentHash.Of(bytes.ToArray()), new ContentHash(row.Copy!.Hash.Span));
        }

        return files;
    }
}
