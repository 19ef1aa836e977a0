using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive;
using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.Volumes;

namespace Panal.Unit.Archive;

/// <summary>A real archive in a directory of its own: SQLite, staging log and files.</summary>
internal sealed class TemporaryArchive : IAsyncDisposable
{
    private readonly bool _ownsDirectory;

    private TemporaryArchive(string directory, Holdings holdings, IngestOptions options, bool ownsDirectory)
    {
        Directory = directory;
        Holdings = holdings;
        _ownsDirectory = ownsDirectory;
        Ingester = new Ingester(
            holdings.Volumes, holdings.Catalogue, holdings.Rows, options, new IngestMeter(), TimeProvider.System, NullLogger<Ingester>.Instance);
    }

    public string Directory { get; }

    public string VolumeRoot => Path.Combine(Directory, "online");

    public Holdings Holdings { get; }

    public Ingester Ingester { get; }

    public static Task<TemporaryArchive> OpenAsync() => OpenAsync(new IngestOptions());

    public static async Task<TemporaryArchive> OpenAsync(IngestOptions options, string? directory = null, TimeProvider? time = null)
    {
        var root = directory ?? System.IO.Directory.CreateTempSubdirectory("panal-unit-").FullName;
        System.IO.Directory.CreateDirectory(root);
        var holdings = await Holdings.OpenAsync(
            new HoldingsOptions
            {
                CataloguePath = Path.Combine(root, "catalogue.db"),
                Volumes = new VolumeStoreOptions
                {
                    DataDirectory = root,
                    Groups = [new VolumeGroupOptions { Volumes = [new VolumeOptions { Id = 1, RootPath = Path.Combine(root, "online"), ReserveBytes = 0 }] }],
                    SegmentBytes = 4 << 20,
                    LargeObjectBytes = 1 << 20,
                    MinSegments = 1,
                },
            },
            time ?? TimeProvider.System,
            NullLoggerFactory.Instance,
            TestContext.Current.CancellationToken);
        return new TemporaryArchive(root, holdings, options, directory is null);
    }

    public ValueTask<IngestOutcome> StoreAsync(Sample sample) => StoreAsync(sample, TransferSyntax.ExplicitVrLittleEndian);

    public ValueTask<IngestOutcome> StoreAsync(Sample sample, TransferSyntax syntax) => Ingester.StoreAsync(
        PipeReader.Create(new ReadOnlySequence<byte>(sample.Encode(syntax))),
        new IngestRequest(sample.SopClassUid, sample.SopInstanceUid, syntax, "MODALITY"),
        TestContext.Current.CancellationToken);

    /// <summary>Every file on the volume after what is staged was settled, by its path with <c>/</c>.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]>> FilesAsync()
    {
        await Holdings.SettleAsync(TestContext.Current.CancellationToken);
        return System.IO.Directory.EnumerateFiles(VolumeRoot, "*.dcm", SearchOption.AllDirectories).ToDictionary(
            path => Path.GetRelativePath(VolumeRoot, path).Replace('\\', '/'), ReadAll);
    }

    public async ValueTask DisposeAsync()
    {
        await Holdings.DisposeAsync();
        if (_ownsDirectory)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private static byte[] ReadAll(string path)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}

/// <summary>A small instance; each property can be changed to make another.</summary>
internal sealed record Sample
{
    public string SopClassUid { get; init; } = Uids.CTImageStorage;

    public string SopInstanceUid { get; init; } = "1.2.3.4.5";

    public string? StudyInstanceUid { get; init; } = "1.2.3";

    public string? SeriesInstanceUid { get; init; } = "1.2.3.4";

    public string PatientId { get; init; } = "P1";

    public string PatientName { get; init; } = "García^Ana";

    public string Modality { get; init; } = "CT";

    /// <summary>Rows of an image; null for what says nothing of it.</summary>
    public ushort? Rows { get; init; }

    public byte Pixel { get; init; }

    public int PixelBytes { get; init; } = 1024;

    public byte[] Encode(TransferSyntax syntax)
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.SOPClassUID, SopClassUid);
        dataSet.Set(Tags.SOPInstanceUID, SopInstanceUid);
        dataSet.Set(Tags.StudyDate, "20260102");
        dataSet.Set(Tags.Modality, Modality);
        dataSet.Set(Tags.PatientName, PatientName);
        dataSet.Set(Tags.PatientID, PatientId);
        if (StudyInstanceUid is not null)
        {
            dataSet.Set(Tags.StudyInstanceUID, StudyInstanceUid);
        }

        if (SeriesInstanceUid is not null)
        {
            dataSet.Set(Tags.SeriesInstanceUID, SeriesInstanceUid);
        }

        if (Rows is { } rows)
        {
            dataSet.SetUInt16(Tags.Rows, rows);
        }

        var pixels = new byte[PixelBytes];
        Array.Fill(pixels, Pixel);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, pixels);
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, target);
        return target.WrittenSpan.ToArray();
    }
}
