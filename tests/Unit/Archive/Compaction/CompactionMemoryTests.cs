using System.Buffers;
using Panal.Archive.Compaction;
using Panal.Dicom;
using Panal.Unit.Imaging;

namespace Panal.Unit.Archive.Compaction;

[Collection(MeasuredAlone.Name)]
public sealed class CompactionMemoryTests
{
    /// <param name="syntaxUid">Of the compact form.</param>
    /// <param name="frames">So many frames' bytes may be allocated; JPEG 2000 takes one for each frame that it encodes or decodes, and gives it back.</param>
    [Theory]
    [InlineData(Uids.JPEGLSLossless, 16)]
    [InlineData(Uids.JPEG2000Lossless, 60)]
    public async Task Long_objects_of_many_frames_take_the_memory_of_one_frame(string syntaxUid, int frames)
    {
        // 30 frames of 0.5 MB in a file of its own, far beyond what the test may allocate.
        await using var archive = await TemporaryArchive.OpenAsync();
        var images = new Images { Layout = new(512, 512, 1, 16, 12), Frames = 30 };
        var dataSet = images.Attributes();
        dataSet.Set(Tags.Modality, "CT");
        dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples.SelectMany(frame => frame).ToArray());
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, bytes);
        await CompactorTests.StoreAsync(archive, bytes.WrittenSpan.ToArray());
        using var compactor = CompactorTests.Compactor(archive, new CompactionOptions { Syntax = TransferSyntax.ForUid(syntaxUid) });
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var run = await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, TestContext.Current.CancellationToken);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.Equal(1, run.Compacted);
        Assert.InRange(allocated, 0, images.Layout.LengthBytes * frames);
    }
}
