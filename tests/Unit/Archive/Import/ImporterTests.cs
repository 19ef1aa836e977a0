using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Import;
using Panal.Dicom;

namespace Panal.Unit.Archive.Import;

public sealed class ImporterTests : IDisposable
{
    private readonly string _source = Directory.CreateTempSubdirectory("panal-import-").FullName;

    public void Dispose() => Directory.Delete(_source, recursive: true);

    [Fact]
    public async Task Every_instance_below_a_directory_is_taken_in_and_other_files_are_told_apart()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        Write("a/1", new Sample());
        Write("a/b/2.dcm", new Sample { SopInstanceUid = "1.2.3.4.6" });
        WriteBytes("README.TXT", "no instance"u8.ToArray());
        WriteBytes("empty", []);

        var result = await ImportAsync(archive);

        Assert.Equal(2, result.Counts[(int)ImportedAs.Stored]);
        Assert.Equal(2, result.Counts[(int)ImportedAs.NotAnInstance]);
        Assert.Equal(2, (await archive.FilesAsync()).Count);
    }

    [Fact]
    public async Task A_file_without_preamble_and_meta_information_is_an_instance_too()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        WriteBytes("bare", new Sample().Encode(TransferSyntax.ImplicitVrLittleEndian));

        Assert.Equal(1, (await ImportAsync(archive)).Counts[(int)ImportedAs.Stored]);
    }

    [Fact]
    public async Task A_refused_file_is_reported_with_its_reason_and_does_not_stop_the_others()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        Write("bad", new Sample { StudyInstanceUid = null });
        Write("good", new Sample { SopInstanceUid = "1.2.3.4.6" });
        var files = new List<ImportedFile>();

        var result = await ImportAsync(archive, files.Add);

        Assert.Equal(1, result.Counts[(int)ImportedAs.Stored]);
        var refused = Assert.Single(files, file => file.As == ImportedAs.Refused);
        Assert.Equal("bad", refused.Path);
        Assert.Contains("StudyInstanceUID", refused.Reason);
    }

    [Fact]
    public async Task An_interrupted_import_goes_on_without_reading_what_is_done()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        for (var i = 0; i < 200; i++)
        {
            Write($"{i:000}", new Sample { SopInstanceUid = $"1.2.3.4.{i + 10}" });
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Importer(archive).ImportAsync(
            _source,
            progress =>
            {
                if (progress.DoneFiles == 50)
                {
                    stop.Cancel();
                }
            },
            stop.Token));

        var result = await ImportAsync(archive);

        Assert.True(result.Counts[(int)ImportedAs.DoneBefore] >= 50);
        Assert.Equal(200, archive.Holdings.Catalogue.Counts().Instances);
    }

    [Fact]
    public async Task Where_a_DICOMDIR_lies_it_says_what_belongs_to_the_medium()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        Write("IMAGES/IM1", new Sample());
        Write("IMAGES/EXTRA", new Sample { SopInstanceUid = "1.2.3.4.6" });
        Write("../outside", new Sample { SopInstanceUid = "1.2.3.4.7" });
        try
        {
            WriteDirectoryFile(["IMAGES", "IM1"], ["IMAGES", "GONE"], ["..", "outside"]);
            var files = new List<ImportedFile>();

            var result = await ImportAsync(archive, files.Add);

            Assert.Equal(1, result.Counts[(int)ImportedAs.Stored]);
            Assert.Equal(["../outside", "IMAGES/GONE"], files.Where(f => f.As == ImportedAs.Refused).Select(f => f.Path).Order());
            Assert.Equal(1, archive.Holdings.Catalogue.Counts().Instances);
        }
        finally
        {
            File.Delete(Path.Combine(_source, "../outside"));
        }
    }

    [Fact]
    public async Task Symbolic_links_are_not_followed()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        var elsewhere = Directory.CreateTempSubdirectory("panal-elsewhere-");
        try
        {
            File.WriteAllBytes(Path.Combine(elsewhere.FullName, "x"), Part10(new Sample()));
            Directory.CreateSymbolicLink(Path.Combine(_source, "folder"), elsewhere.FullName);
            File.CreateSymbolicLink(Path.Combine(_source, "file"), Path.Combine(elsewhere.FullName, "x"));

            Assert.Equal(0, (await ImportAsync(archive)).DoneFiles);
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_directory_that_does_not_exist_is_said_so()
    {
        await using var archive = await TemporaryArchive.OpenAsync();

        await Assert.ThrowsAsync<DirectoryNotFoundException>(
            () => Importer(archive).ImportAsync(Path.Combine(_source, "nowhere"), _ => { }, TestContext.Current.CancellationToken));
    }

    private static Importer Importer(TemporaryArchive archive) =>
        new(archive.Ingester, Path.Combine(archive.Directory, "imports"), NullLogger<Importer>.Instance);

    private Task<ImportProgress> ImportAsync(TemporaryArchive archive, Action<ImportedFile>? report = null) => Importer(archive).ImportAsync(
        _source,
        progress =>
        {
            if (progress.Latest is { } file)
            {
                report?.Invoke(file);
            }
        },
        TestContext.Current.CancellationToken);

    private void Write(string path, Sample sample) => WriteBytes(path, Part10(sample));

    private void WriteBytes(string path, byte[] content)
    {
        var full = Path.Combine(_source, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    private static byte[] Part10(Sample sample)
    {
        var file = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(sample.SopClassUid, sample.SopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, file);
        file.Write(sample.Encode(TransferSyntax.ExplicitVrLittleEndian));
        return file.WrittenSpan.ToArray();
    }

    private void WriteDirectoryFile(params string[][] fileIds)
    {
        var directory = new DataSet();
        directory.Set(Tags.FileSetID, "TEST");
        directory.SetSequence(Tags.DirectoryRecordSequence, [.. fileIds.Select(Record)]);
        var file = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.MediaStorageDirectoryStorage, "1.2.9", TransferSyntax.ExplicitVrLittleEndian, file);
        DataSetEncoding.Encode(directory, TransferSyntax.ExplicitVrLittleEndian, file);
        WriteBytes("DICOMDIR", file.WrittenSpan.ToArray());
    }

    private static DataSet Record(string[] fileId)
    {
        var record = new DataSet();
        record.SetUInt16(Tags.RecordInUseFlag, 0xFFFF);
        record.Set(Tags.DirectoryRecordType, "IMAGE");
        record.Set(Tags.ReferencedFileID, fileId);
        return record;
    }
}
