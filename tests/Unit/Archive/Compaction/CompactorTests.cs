using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Compaction;
using Panal.Archive.Fixity;
using Panal.Archive.Ingest;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Imaging;
using Panal.Volumes;

namespace Panal.Unit.Archive.Compaction;

public sealed class CompactorTests
{
    private const string Uid = "1.2.3.4.5";

    private static CancellationToken None => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_compact_form_stands_for_what_was_received_and_gives_it_back_bit_for_bit()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, Attributes("CT"));
        var received = Assert.Single(await archive.FilesAsync()).Value;
        var before = archive.Holdings.Catalogue.FindInstance(Uid)!;
        using var compactor = Compactor(archive);

        var result = await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
        Assert.Equal((1, 1, 0, true), (result.Looked, result.Compacted, result.LeftAlone, result.IsComplete));
        var after = archive.Holdings.Catalogue.FindInstance(Uid)!.Copy!;
        Assert.Equal((before.Copy!.LengthBytes, Uids.JPEG2000Lossless), (after.LengthBytes, after.Compact!.TransferSyntaxUid));
        Assert.Equal(before.Copy.Hash.ToArray(), after.Hash.ToArray());

        // The received file goes after the grace, which a restart does not wait for.
        Assert.Equal(2, (await archive.FilesAsync()).Count);
        using (var next = Compactor(archive))
        {
            await next.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
        }

        var file = Assert.Single(await archive.FilesAsync());
        Assert.EndsWith(".compact.dcm", file.Key, StringComparison.Ordinal);
        Assert.InRange(file.Value.Length, 1, received.Length * 9 / 10);
        Assert.Empty(archive.Holdings.Catalogue.Jobs(SupersededFiles.Kind, DateTimeOffset.MaxValue, JobState.Waiting, 10));

        // Whoever located the instance before still opens it.
        var retriever = new Retriever(archive.Holdings.Catalogue, archive.Holdings.Volumes);
        var stale = new InstanceReference(before.SopClassUid, Uid, before.TransferSyntaxUid, "1.2.3", "P1", before.Copy);
        using (var stored = retriever.OpenFile(stale)!)
        {
            Assert.Equal(received, Read(stored.Bytes));
        }

        await using var plain = retriever.Open(stale, [Uids.ExplicitVRLittleEndian]).Instance!;
        Assert.Equal(received.AsMemory((int)after.DataSetOffsetBytes).ToArray(), Read(plain.DataSet));
        await using var compressed = retriever.Open(stale, [Uids.JPEG2000Lossless]).Instance!;
        Assert.Equal(file.Value.AsMemory((int)after.Compact.DataSetOffsetBytes).ToArray(), Read(compressed.DataSet));
        await using var other = retriever.Open(stale, [Uids.RLELossless]).Instance!;
        Assert.Equal(Uids.RLELossless, other.TransferSyntax.Uid);
    }

    [Fact]
    public async Task What_is_sent_again_is_known_by_what_was_received_and_fixity_by_what_is_kept()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, Attributes("CT"));
        using var compactor = Compactor(archive);
        await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
        Assert.Equal(IngestResult.AlreadyThere, (await StoreAsync(archive, Attributes("CT"))).Result);

        var verifier = new Verifier(archive.Holdings.Catalogue, archive.Holdings.Volumes, TimeProvider.System, NullLogger<Verifier>.Instance);
        Assert.Equal(1, (await verifier.VerifyAllAsync(_ => { }, None)).Intact);
        var path = Path.Combine(archive.VolumeRoot, (await archive.FilesAsync()).Keys.Single(key => key.EndsWith(".compact.dcm", StringComparison.Ordinal)));
        var bytes = await File.ReadAllBytesAsync(path, None);
        bytes[^20] ^= 4;
        await File.WriteAllBytesAsync(path, bytes, None);
        Assert.Equal(0, (await verifier.VerifyAllAsync(_ => { }, None)).Intact);
    }

    [Fact]
    public async Task A_catalogue_made_anew_of_the_volumes_knows_what_was_received()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, Attributes("CT"));
        using var compactor = Compactor(archive);
        await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
        var before = archive.Holdings.Catalogue.FindInstance(Uid)!.Copy!;
        var file = (await archive.FilesAsync()).Single(one => one.Key.EndsWith(".compact.dcm", StringComparison.Ordinal)).Value;

        await using var other = await TemporaryArchive.OpenAsync();
        var outcome = await other.Ingester.StoreCopyAsync(new MemoryStream(file), None);
        Assert.Equal(IngestResult.Stored, outcome.Result);
        var after = other.Holdings.Catalogue.FindInstance(Uid)!;
        Assert.Equal(Uids.ExplicitVRLittleEndian, after.TransferSyntaxUid);
        Assert.Equal(before.Hash.ToArray(), after.Copy!.Hash.ToArray());
        Assert.Equal(before.Compact, after.Copy.Compact);
        Assert.Equal(file, Assert.Single(await other.FilesAsync()).Value);
    }

    [Fact]
    public async Task A_stop_at_any_step_leaves_a_whole_file_and_the_next_start_sweeps_the_other()
    {
        var directory = Directory.CreateTempSubdirectory("panal-unit-").FullName;
        try
        {
            byte[] received;
            await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), directory))
            {
                await StoreAsync(archive, Attributes("CT"));
                received = Assert.Single(await archive.FilesAsync()).Value;

                // As after a kill between the compact file and its transaction: the job is written, the file is durable, no row points to it.
                var maker = new CompactMaker(archive.Holdings.Volumes, NullLogger.Instance);
                var superseded = Superseded(archive);
                var candidate = Assert.Single(archive.Holdings.Catalogue.CompactionCandidates(0, 10, None));
                await superseded.AnnounceAsync([candidate], None);
                Assert.NotNull(await maker.MakeAsync(candidate, TransferSyntax.ForUid(Uids.JPEGLSLossless), None));
                Assert.Equal(2, (await archive.FilesAsync()).Count);
            }

            await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), directory))
            {
                await Superseded(archive).CleanAsync(isStart: true, None);
                Assert.Equal(received, Assert.Single(await archive.FilesAsync()).Value);

                // As after a kill between the transaction and the deletion.
                using var compactor = Compactor(archive);
                await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
            }

            await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), directory))
            {
                await Superseded(archive).CleanAsync(isStart: true, None);
                Assert.Single(await archive.FilesAsync());
                using var stream = archive.Holdings.Volumes.OpenReceived(archive.Holdings.Catalogue.FindInstance(Uid)!.Copy!);
                Assert.Equal(received, Read(stream));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_sweep_of_a_start_takes_no_batch_in_hand_for_what_an_earlier_process_left_behind()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, Attributes("CT"));
        var received = Assert.Single(await archive.FilesAsync()).Value;
        using var compactor = Compactor(archive, new CompactionOptions { IsOn = false });
        var background = Task.CompletedTask;
        var result = await compactor.RunOnceAsync(
            isTrial: false, ignoresAge: true, report => background = report is { Compacted: 1, IsComplete: false } ? compactor.RunAsync(None) : background, None);
        await background;

        Assert.Equal(1, result.Compacted);
        var copy = archive.Holdings.Catalogue.FindInstance(Uid)!.Copy!;
        Assert.NotNull(copy.Compact);
        using var stream = archive.Holdings.Volumes.OpenReceived(copy);
        Assert.Equal(received, Read(stream));
    }

    [Fact]
    public async Task Trials_and_what_is_young_unwanted_compressed_or_fragile_change_nothing_on_disk()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await StoreAsync(archive, Attributes("CT"));
        using var compactor = Compactor(archive);
        var trial = await compactor.RunOnceAsync(isTrial: true, ignoresAge: true, _ => { }, None);
        Assert.Equal(1, trial.Compacted);
        Assert.InRange(trial.CompactBytes, 1, trial.ReceivedBytes * 9 / 10);
        var young = await compactor.RunOnceAsync(isTrial: false, ignoresAge: false, _ => { }, None);
        Assert.Equal((1, 0, 1), (young.Looked, young.Compacted, young.Waiting));

        var unwanted = Attributes("OT");
        unwanted.Set(Tags.SOPInstanceUID, "1.2.3.4.6");
        await StoreAsync(archive, unwanted, seriesUid: "1.2.3.6");
        var signed = Attributes("CT");
        signed.Set(Tags.SOPInstanceUID, "1.2.3.4.7");
        signed.SetSequence(Tags.DigitalSignaturesSequence, [new DataSet()]);
        await StoreAsync(archive, signed);
        var files = await archive.FilesAsync();
        var run = await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None);
        Assert.Equal((3, 1, 1, 1), (run.Looked, run.Compacted, run.LeftAlone, run.Waiting));
        var after = await archive.FilesAsync();
        Assert.Equal(files.Count + 1, after.Count);
        Assert.Null(archive.Holdings.Catalogue.FindInstance("1.2.3.4.7")!.Copy!.Compact);

        // Decided once for all; only what the policy does not want is looked at again.
        Assert.Equal(1, (await compactor.RunOnceAsync(isTrial: false, ignoresAge: true, _ => { }, None)).Looked);
        var status = compactor.Status(None);
        Assert.Equal((1, 1, 1), (status.Undecided, status.Compact, status.LeftAlone));
        Assert.InRange(status.CompactBytes, 1, status.ReceivedBytes);
    }

    internal static DataSet Attributes(string modality)
    {
        // Large enough for the headers of a codestream not to matter.
        var images = new Images { Layout = new(128, 96, 1, 16, 12) };
        var dataSet = images.Attributes();
        dataSet.Set(Tags.Modality, modality);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, images.Samples[0]);
        return dataSet;
    }

    internal static Compactor Compactor(TemporaryArchive archive, CompactionOptions? options = null) => new(
        archive.Holdings.Catalogue, archive.Holdings.Volumes, archive.Ingester, options ?? new CompactionOptions(), new IngestMeter(), new CompactionMeter(),
        TimeProvider.System, NullLogger<Compactor>.Instance);

    private static SupersededFiles Superseded(TemporaryArchive archive) =>
        new(archive.Holdings.Catalogue, archive.Ingester, TimeProvider.System, NullLogger.Instance);

    private static Task<IngestOutcome> StoreAsync(TemporaryArchive archive, DataSet dataSet, string? seriesUid = null)
    {
        if (seriesUid is not null)
        {
            dataSet.Set(Tags.SeriesInstanceUID, seriesUid);
        }

        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, bytes);
        return StoreAsync(archive, bytes.WrittenSpan.ToArray(), dataSet.GetString(Tags.SOPInstanceUID)!);
    }

    internal static async Task<IngestOutcome> StoreAsync(TemporaryArchive archive, byte[] dataSet, string uid = Uid)
    {
        var outcome = await archive.Ingester.StoreAsync(
            PipeReader.Create(new ReadOnlySequence<byte>(dataSet)),
            new IngestRequest(Uids.CTImageStorage, uid, TransferSyntax.ExplicitVrLittleEndian, "MODALITY"),
            None);
        Assert.True(outcome.IsAcknowledged);
        return outcome;
    }

    private static byte[] Read(Stream stream)
    {
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
