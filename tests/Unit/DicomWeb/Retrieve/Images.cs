using System.Buffers;
using System.IO.Pipelines;
using Panal.Archive.Ingest;
using Panal.Dicom;

namespace Panal.Unit.DicomWeb.Retrieve;

/// <summary>Images of one study with pixel data of every kind, stored as they are.</summary>
internal static class Images
{
    public const string Path = "studies/1.2.3/series/1.2.3.4/instances/";

    /// <summary>A native image of 3 frames of 4 by 2 pixels of 16 bits.</summary>
    public static DataSet Native(string uid)
    {
        var dataSet = Head(uid, frames: 3, bits: 16);
        dataSet.SetBytes(Tags.PixelData, Vr.OW, Enumerable.Range(0, 48).Select(value => (byte)value).ToArray());
        return dataSet;
    }

    /// <summary>3 frames of 5 by 1 pixels of one bit: the second begins in the middle of a byte.</summary>
    public static DataSet Bits(string uid)
    {
        var dataSet = Head(uid, frames: 3, bits: 1);
        dataSet.SetUInt16(Tags.Rows, 1);
        dataSet.SetUInt16(Tags.Columns, 5);

        // Lowest first: 10101 01110 11111.
        dataSet.SetBytes(Tags.PixelData, Vr.OB, new byte[] { 0b11010101, 0b01111101 });
        return dataSet;
    }

    /// <summary>Fragments with a basic offset table.</summary>
    public static DataSet Encapsulated(string uid, int frames, uint[] offsets, params byte[][] fragments)
    {
        var dataSet = Head(uid, frames, bits: 8);
        var table = new byte[4 * offsets.Length];
        Buffer.BlockCopy(offsets, 0, table, 0, table.Length);
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, (IReadOnlyList<ReadOnlyMemory<byte>>)[table, .. fragments.Select(fragment => (ReadOnlyMemory<byte>)fragment)]));
        return dataSet;
    }

    public static async Task StoreAsync(WebArchive web, DataSet dataSet, TransferSyntax syntax)
    {
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, target);
        var outcome = await web.Archive.Ingester.StoreAsync(
            PipeReader.Create(new ReadOnlySequence<byte>(target.WrittenMemory)),
            new IngestRequest(dataSet.GetString(Tags.SOPClassUID)!, dataSet.GetString(Tags.SOPInstanceUID)!, syntax, "MODALITY"),
            TestContext.Current.CancellationToken);
        Assert.Equal(IngestResult.Stored, outcome.Result);
    }

    private static DataSet Head(string uid, int frames, ushort bits)
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        dataSet.Set(Tags.SOPClassUID, Uids.SecondaryCaptureImageStorage);
        dataSet.Set(Tags.SOPInstanceUID, uid);
        dataSet.Set(Tags.PatientName, "Müller^Eva");
        dataSet.Set(Tags.PatientID, "P1");
        dataSet.Set(Tags.StudyInstanceUID, "1.2.3");
        dataSet.Set(Tags.SeriesInstanceUID, "1.2.3.4");
        dataSet.SetUInt16(Tags.SamplesPerPixel, 1);
        dataSet.Set(Tags.PhotometricInterpretation, "MONOCHROME2");
        dataSet.Set(Tags.NumberOfFrames, frames.ToString());
        dataSet.SetUInt16(Tags.Rows, 2);
        dataSet.SetUInt16(Tags.Columns, 4);
        dataSet.SetUInt16(Tags.BitsAllocated, bits);
        var item = new DataSet();
        item.SetBytes(Tags.EncapsulatedDocument, Vr.OB, Enumerable.Repeat((byte)7, 2000).ToArray());
        dataSet.SetSequence(Tags.IconImageSequence, [new DataSet(), item]);
        return dataSet;
    }
}
