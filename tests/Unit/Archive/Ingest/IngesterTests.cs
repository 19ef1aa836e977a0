using System.Buffers;
using System.IO.Pipelines;
using Panal.Archive.Ingest;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Unit.Archive.Ingest;

public sealed class IngesterTests
{
    private static readonly Sample First = new();

    [Fact]
    public async Task A_stored_instance_is_a_file_with_the_received_bytes_at_its_end()
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First)).Result);

        var (path, content) = Assert.Single(await archive.FilesAsync());
        Assert.Equal("P1/1.2.3/1.2.3.4/1.2.3.4.5.dcm", path);
        Assert.True(content.AsSpan().EndsWith(First.Encode(TransferSyntax.ExplicitVrLittleEndian)));
        Assert.True(content.AsSpan(128).StartsWith("DICM"u8));
    }

    [Fact]
    public async Task A_stored_instance_is_in_the_catalogue_when_the_outcome_is_known()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);

        var row = archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid);

        Assert.NotNull(row);
        Assert.Equal(First.StudyInstanceUid, row.StudyInstanceUid);
        Assert.Equal("MODALITY", row.SourceAeTitle);
        Assert.Equal(1, row.Copy!.VolumeId);
    }

    [Fact]
    public async Task Who_sends_many_goes_on_when_one_is_received_and_learns_later_that_it_is_stored()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var storing = new List<Task<IngestOutcome>>();
        foreach (var number in Enumerable.Range(1, 20))
        {
            // Every fifth is the one before once more.
            var sample = First with { SopInstanceUid = $"1.2.3.4.{(number % 5 == 0 ? number - 1 : number)}", PixelBytes = 100_000 };
            var bytes = PipeReader.Create(new ReadOnlySequence<byte>(sample.Encode(TransferSyntax.ExplicitVrLittleEndian)));
            storing.Add(await archive.Ingester.ReceiveAsync(
                bytes, new IngestRequest(sample.SopClassUid, sample.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, "MODALITY"), TestContext.Current.CancellationToken));
        }

        var outcomes = await Task.WhenAll(storing);
        Assert.Equal((16, 4), (outcomes.Count(o => o.Result == IngestResult.Stored), outcomes.Count(o => o.Result == IngestResult.AlreadyThere)));
        Assert.Equal(16, (await archive.FilesAsync()).Count);
        var refused = await archive.Ingester.ReceiveAsync(
            PipeReader.Create(new ReadOnlySequence<byte>([1, 2, 3])), new IngestRequest("1.2", "x", TransferSyntax.ExplicitVrLittleEndian, "MODALITY"), TestContext.Current.CancellationToken);
        Assert.Equal(IngestRefusal.InvalidUid, (await refused).Refusal);
    }

    [Fact]
    public async Task The_same_instance_again_changes_nothing()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);
        var before = archive.Holdings.Catalogue.LastSequence();

        Assert.Equal(IngestResult.AlreadyThere, (await archive.StoreAsync(First)).Result);

        Assert.Equal(before, archive.Holdings.Catalogue.LastSequence());
        Assert.Single(await archive.FilesAsync());
    }

    [Fact]
    public async Task Other_content_never_overwrites_and_is_flagged()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(First);
        var before = (await archive.FilesAsync()).Values.Single();

        Assert.Equal(IngestResult.KeptFirst, (await archive.StoreAsync(First with { Pixel = 7 })).Result);

        Assert.Equal(before, (await archive.FilesAsync()).Values.Single());
        Assert.Equal(ConflictKind.OtherContent, Assert.Single(archive.Holdings.Catalogue.Conflicts(isOpenOnly: true, 0, 10)).Kind);
    }

    [Fact]
    public async Task Both_versions_are_kept_when_that_is_the_policy()
    {
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions { Duplicates = DuplicatePolicy.KeepBothVersions });
        await archive.StoreAsync(First);

        Assert.Equal(IngestResult.KeptBoth, (await archive.StoreAsync(First with { Pixel = 7 })).Result);
        Assert.Equal(IngestResult.AlreadyThere, (await archive.StoreAsync(First with { Pixel = 7 })).Result);

        Assert.Equal(2, (await archive.FilesAsync()).Count);
        Assert.Equal(2, archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid)!.Copies.Count);
    }

    [Fact]
    public async Task Other_content_is_refused_when_that_is_the_policy()
    {
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions { Duplicates = DuplicatePolicy.Refuse });
        await archive.StoreAsync(First);

        Assert.Equal(IngestRefusal.DuplicateSopInstance, (await archive.StoreAsync(First with { Pixel = 7 })).Refusal);

        Assert.Single(await archive.FilesAsync());
    }

    [Fact]
    public async Task Many_senders_of_one_instance_make_one_row_and_one_file()
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => archive.StoreAsync(First).AsTask())));

        Assert.Single(outcomes, outcome => outcome.Result == IngestResult.Stored);
        Assert.Equal(15, outcomes.Count(outcome => outcome.Result == IngestResult.AlreadyThere));
        Assert.Single(await archive.FilesAsync());
        Assert.Equal(1, archive.Holdings.Catalogue.Counts().Instances);
    }

    [Theory]
    [InlineData("../../etc/passwd", IngestRefusal.InvalidUid)]
    [InlineData("1.2.3/4", IngestRefusal.InvalidUid)]
    [InlineData("", IngestRefusal.InvalidUid)]
    [InlineData("1.2.3\0", IngestRefusal.InvalidUid)]
    public async Task A_SOP_Instance_UID_that_is_none_is_refused(string uid, IngestRefusal expected)
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        Assert.Equal(expected, (await archive.StoreAsync(First with { SopInstanceUid = uid })).Refusal);

        Assert.Empty(await archive.FilesAsync());
    }

    [Theory]
    [InlineData("../../../outside")]
    [InlineData("C:\\outside")]
    [InlineData("CON")]
    [InlineData("/absolute")]
    [InlineData("a\u0000b")]
    [InlineData("")]
    public async Task A_hostile_Patient_ID_never_leads_out_of_the_volume(string patientId)
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var outside = Directory.GetFileSystemEntries(archive.Directory).Order().ToArray();

        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(First with { PatientId = patientId })).Result);

        var path = Assert.Single((await archive.FilesAsync()).Keys);
        Assert.Equal(4, path.Split('/').Length);
        Assert.Equal(outside, Directory.GetFileSystemEntries(archive.Directory).Order());
    }

    [Fact]
    public async Task A_data_set_without_study_is_refused_with_the_name_of_what_is_missing()
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        var outcome = await archive.StoreAsync(First with { StudyInstanceUid = null });

        Assert.Equal(IngestRefusal.CannotUnderstand, outcome.Refusal);
        Assert.Contains("StudyInstanceUID", outcome.Explanation);
    }

    [Fact]
    public async Task An_object_that_belongs_to_no_patient_is_kept_without_study()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var protocol = First with { SopClassUid = Uids.HangingProtocolStorage, StudyInstanceUid = null, SeriesInstanceUid = null };

        Assert.Equal(IngestResult.Stored, (await archive.StoreAsync(protocol)).Result);

        Assert.StartsWith("2.25.", archive.Holdings.Catalogue.FindInstance(protocol.SopInstanceUid)!.StudyInstanceUid);
    }

    [Fact]
    public async Task A_data_set_of_another_class_or_instance_than_announced_is_refused()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var bytes = First.Encode(TransferSyntax.ExplicitVrLittleEndian);
        var wrongClass = new IngestRequest(Uids.MRImageStorage, First.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, "M");
        var wrongInstance = new IngestRequest(First.SopClassUid, "1.9", TransferSyntax.ExplicitVrLittleEndian, "M");

        foreach (var request in (IngestRequest[])[wrongClass, wrongInstance])
        {
            var outcome = await archive.Ingester.StoreAsync(PipeReader.Create(new(bytes)), request, TestContext.Current.CancellationToken);
            Assert.Equal(IngestRefusal.DataSetDoesNotMatchSopClass, outcome.Refusal);
        }
    }

    [Fact]
    public async Task A_data_set_cut_anywhere_is_refused_or_whole_and_leaves_nothing_behind()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var bytes = (First with { PixelBytes = 64 }).Encode(TransferSyntax.ExplicitVrLittleEndian);
        var request = new IngestRequest(First.SopClassUid, First.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, "M");

        // The last element is Pixel Data: every cut leaves an element unfinished, or the study unnamed, or Pixel Data away.
        var pixelData = bytes.Length - 64 - 12;
        for (var length = 0; length < bytes.Length; length++)
        {
            if (length == pixelData)
            {
                continue;
            }

            var outcome = await archive.Ingester.StoreAsync(PipeReader.Create(new(bytes, 0, length)), request, TestContext.Current.CancellationToken);
            Assert.Equal(IngestRefusal.CannotUnderstand, outcome.Refusal);
        }

        Assert.Empty(await archive.FilesAsync());
        Assert.Null(archive.Holdings.Catalogue.FindInstance(First.SopInstanceUid));
    }

    [Fact]
    public async Task A_sender_that_goes_away_leaves_nothing_behind()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(First.Encode(TransferSyntax.ExplicitVrLittleEndian).AsMemory(0, 200), TestContext.Current.CancellationToken);
        var storing = archive.Ingester.StoreAsync(
            pipe.Reader,
            new IngestRequest(First.SopClassUid, First.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, "M"),
            TestContext.Current.CancellationToken);

        await pipe.Writer.CompleteAsync(new IOException("reset"));

        await Assert.ThrowsAsync<IOException>(async () => await storing);
        Assert.Empty(await archive.FilesAsync());
    }

    [Fact]
    public async Task Rows_that_were_lost_come_back_from_the_staging_log()
    {
        var directory = Directory.CreateTempSubdirectory("panal-unit-").FullName;
        try
        {
            var copy = Path.Combine(directory, "copy");
            await using (var archive = await TemporaryArchive.OpenAsync(new IngestOptions(), Path.Combine(directory, "first")))
            {
                await archive.StoreAsync(First);

                // What the disk holds right after the answer; of the catalogue, nothing was synced yet.
                CopyDirectory(archive.Directory, copy);
            }

            foreach (var file in Directory.GetFiles(copy, "catalogue*"))
            {
                File.Delete(file);
            }

            await using var reopened = await TemporaryArchive.OpenAsync(new IngestOptions(), copy);
            Assert.NotNull(reopened.Holdings.Catalogue.FindInstance(First.SopInstanceUid));
            Assert.Single(await reopened.FilesAsync());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData(StorageLayout.Date, @"^\d{4}/\d\d/\d\d/1\.2\.3/1\.2\.3\.4/1\.2\.3\.4\.5\.dcm$")]
    [InlineData(StorageLayout.Hash, @"^([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}\.dcm$")]
    public async Task Other_layouts_name_files_by_date_or_by_hash(StorageLayout layout, string pattern)
    {
        await using var archive = await TemporaryArchive.OpenAsync(new IngestOptions { Layout = layout });
        await archive.StoreAsync(First);

        Assert.Matches(pattern, Assert.Single((await archive.FilesAsync()).Keys));
    }

    private static void CopyDirectory(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from))
        {
            CopyDirectory(directory, Path.Combine(to, Path.GetFileName(directory)));
        }

        foreach (var file in Directory.GetFiles(from).Where(file => !file.EndsWith("lock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
