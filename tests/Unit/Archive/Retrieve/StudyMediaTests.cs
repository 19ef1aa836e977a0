using Panal.Archive.Import;
using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Dicom;

namespace Panal.Unit.Archive.Retrieve;

/// <summary>The DICOMDIR as our own reader sees it; pydicom and DCMTK look at it in tests/Conformance.</summary>
public sealed class StudyMediaTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_is_reached_by_the_offsets_and_names_its_file()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        for (var number = 1; number <= 5; number++)
        {
            await archive.StoreAsync(new Sample { SopInstanceUid = $"1.2.3.{number}", SeriesInstanceUid = number <= 3 ? "1.2.3.100" : "1.2.3.200", Rows = 16 });
        }

        var medium = Lay(archive);
        Assert.Equal(
            ["DICOM/ST000000/SE000000/IM000000", "DICOM/ST000000/SE000000/IM000001", "DICOM/ST000000/SE000000/IM000002", "DICOM/ST000000/SE000001/IM000000", "DICOM/ST000000/SE000001/IM000001"],
            medium.Files.Select(file => file.Path));

        var root = Walk(medium.Directory, OffsetAt(medium.Directory, 0x1200));
        Assert.Equal(["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE", "IMAGE", "SERIES", "IMAGE", "IMAGE"], root.Select(record => record.GetString(Tags.DirectoryRecordType)));
        var images = root.Where(record => record.GetString(Tags.DirectoryRecordType) == "IMAGE").ToList();
        Assert.Equal(medium.Files.Select(file => file.Path), images.Select(image => string.Join('/', image.GetStrings(Tags.ReferencedFileID))));
        Assert.Equal(medium.Files.Select(file => file.Instance.SopInstanceUid), images.Select(image => image.GetString(Tags.ReferencedSOPInstanceUIDInFile)));
        Assert.Equal(OffsetAt(medium.Directory, 0x1200), OffsetAt(medium.Directory, 0x1202));
    }

    [Fact]
    public async Task The_importer_finds_the_files_that_it_names()
    {
        await using var archive = await TemporaryArchive.OpenAsync();
        await archive.StoreAsync(new Sample { Rows = 16 });
        await archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.6" });
        var path = Path.Combine(archive.Directory, "DICOMDIR");
        await File.WriteAllBytesAsync(path, Lay(archive).Directory.ToArray(), Ct);
        Assert.True(FileSet.TryReadReferencedFiles(path, out var ids));
        Assert.Equal(["DICOM", "ST000000", "SE000000", "IM000000"], Assert.Single(ids));
    }

    private static StudyMedium Lay(TemporaryArchive archive)
    {
        var catalogue = archive.Holdings.Catalogue;
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
        identifier.Set(Tags.StudyInstanceUID, "1.2.3");
        var found = new Retriever(catalogue, archive.Holdings.Volumes).Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, Relational: true), Ct);
        return new StudyMedia(new Searcher(catalogue, "PANAL")).Lay(found, Ct);
    }

    /// <summary>Follows the offsets through the bytes of the file: a record, what lies below it, then the next.</summary>
    private static List<DataSet> Walk(ReadOnlyMemory<byte> file, uint offset)
    {
        var records = new List<DataSet>();
        while (offset != 0)
        {
            var item = file[(int)offset..];
            Assert.Equal(0xE000FFFEu, BitConverter.ToUInt32(item.Span));
            var record = DataSetEncoding.Decode(item.Slice(8, BitConverter.ToInt32(item.Span[4..])), TransferSyntax.ExplicitVrLittleEndian, DecodeLimits.Default);
            Assert.Equal((ushort)0xFFFF, record.GetUInt16(Tags.RecordInUseFlag));
            records.Add(record);
            records.AddRange(Walk(file, record.GetUInt32(Tags.OffsetOfReferencedLowerLevelDirectoryEntity) ?? 0));
            offset = record.GetUInt32(Tags.OffsetOfTheNextDirectoryRecord) ?? 0;
        }

        return records;
    }

    private static uint OffsetAt(ReadOnlyMemory<byte> file, ushort element)
    {
        var head = file.Span.IndexOf((ReadOnlySpan<byte>)[4, 0, (byte)element, (byte)(element >> 8), (byte)'U', (byte)'L', 4, 0]);
        return BitConverter.ToUInt32(file.Span[(head + 8)..]);
    }
}
