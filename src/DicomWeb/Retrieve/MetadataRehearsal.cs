using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Panal.Archive.Retrieve;
using Panal.Dicom;

namespace Panal.DicomWeb.Retrieve;

/// <summary>
/// Makes the metadata of slices that do not exist when the first client has come, so that the runtime has translated what makes it before somebody waits for that of a
/// series.
/// </summary>
/// <remarks>See docs/decisions/2026-11-26-metadata-rehearsed.md.</remarks>
public sealed class MetadataRehearsal(Holding holding, Retriever retriever, AccessAudit audit, TimeProvider time) : BackgroundService
{
    /// <summary>
    /// The runtime looks at what runs often after it has been left in peace for 100 ms, counts 30 calls from then on, and translates beside the work: so some rounds of more than
    /// that, apart from each other.
    /// </summary>
    private const int Rounds = 6, SlicesPerRound = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody has come; once is enough.</summary>
    internal void Begin() => _begun.TrySetResult();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _begun.Task.WaitAsync(stoppingToken);

        // Of its own, so that nothing of this stays in the cache of what is asked for.
        var metadata = new MetadataResource(holding, retriever, audit, new MetadataCache());
        var file = Slice();
        for (var round = 0; round < Rounds; round++)
        {
            await Task.Delay(Pause, time, stoppingToken);
            InstanceReference[] slices = [.. Enumerable.Range(round * SlicesPerRound, SlicesPerRound).Select(number => Reference(file, number))];
            await foreach (var _ in metadata.JsonOfAsync(slices, static slice => slice.SopInstanceUid, stoppingToken))
            {
                // Nobody reads it.
            }
        }
    }

    private static InstanceReference Reference(ReadOnlyMemory<byte> file, int number) => InstanceReference.Of(
        new ImagePreview(file, 0, 1, 1), Uids.CTImageStorage, string.Create(CultureInfo.InvariantCulture, $"2.25.{number}"), "2.25");

    /// <summary>A data set with the kinds of values that the head of an image has.</summary>
    private static ReadOnlyMemory<byte> Slice()
    {
        var item = new DataSet();
        item.Set(Tags.CodeValue, "T-D3000");
        item.Set(Tags.CodeMeaning, "Thorax");
        var dataSet = new DataSet(48);
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        dataSet.Set(Tags.ImageType, "ORIGINAL", "PRIMARY", "AXIAL");
        dataSet.Set(Tags.SOPClassUID, Uids.CTImageStorage);
        dataSet.Set(Tags.SOPInstanceUID, "2.25.1");
        dataSet.Set(Tags.StudyDate, "20260102");
        dataSet.Set(Tags.StudyTime, "101112");
        dataSet.Set(Tags.AccessionNumber, "A1");
        dataSet.Set(Tags.Modality, "CT");
        dataSet.Set(Tags.Manufacturer, "Panal");
        dataSet.Set(Tags.ReferringPhysicianName, "Nobody^At All");
        dataSet.SetSequence(Tags.AnatomicRegionSequence, [item]);
        dataSet.SetBytes(new Tag(0x0009, 0x0010), Vr.LO, "PANALS"u8.ToArray());
        dataSet.SetBytes(new Tag(0x0009, 0x1001), Vr.UN, "1234"u8.ToArray());
        dataSet.Set(Tags.PatientName, "Nobody^At All");
        dataSet.Set(Tags.PatientID, "1");
        dataSet.Set(Tags.SliceThickness, "1.25");
        dataSet.Set(Tags.StudyInstanceUID, "2.25");
        dataSet.Set(Tags.InstanceNumber, "1");
        dataSet.Set(Tags.ImagePositionPatient, "-100", "-100", "1");
        dataSet.Set(Tags.ImageOrientationPatient, "1", "0", "0", "0", "1", "0");
        dataSet.SetUInt16(Tags.Rows, 512);
        dataSet.SetUInt16(Tags.Columns, 512);
        dataSet.Set(Tags.PixelSpacing, "0.5", "0.5");
        dataSet.SetUInt16(Tags.BitsAllocated, 16);
        dataSet.Set(Tags.WindowCenter, "40");
        dataSet.Set(Tags.WindowWidth, "400");
        dataSet.SetBytes(Tags.PixelData, Vr.OW, new byte[4096]);
        var file = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, TransferSyntax.ExplicitVrLittleEndian, file);
        return file.WrittenMemory;
    }
}
