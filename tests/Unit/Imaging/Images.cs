using System.Buffers;
using Panal.Codecs;
using Panal.Codecs.Samples;
using Panal.Dicom;
using Panal.Unit.Codecs.Support;

namespace Panal.Unit.Imaging;

/// <summary>Made images: their attributes, their frames, and their data sets in any transfer syntax.</summary>
internal sealed record Images
{
    public SampleLayout Layout { get; init; } = new(37, 23, 1, 16, 12);

    public int Frames { get; init; } = 1;

    public string Photometric { get; init; } = "MONOCHROME2";

    /// <summary>Fragments that each encoded frame is cut into.</summary>
    public int FragmentsPerFrame { get; init; } = 1;

    public bool HasBasicTable { get; init; }

    public bool HasExtendedTable { get; init; }

    /// <summary>Elements behind the pixel data.</summary>
    public bool HasTrailing { get; init; }

    public IReadOnlyList<byte[]> Samples => [.. Enumerable.Range(1, Frames).Select(seed => Unit.Codecs.Support.Frames.Make(Layout, seed))];

    public DataSet Attributes()
    {
        var dataSet = new DataSet();
        dataSet.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        dataSet.Set(Tags.SOPClassUID, Uids.CTImageStorage);
        dataSet.Set(Tags.SOPInstanceUID, "1.2.3.4.5");
        dataSet.Set(Tags.PatientName, "Núñez^José");
        dataSet.Set(Tags.PatientID, "P1");
        dataSet.Set(Tags.StudyInstanceUID, "1.2.3");
        dataSet.Set(Tags.SeriesInstanceUID, "1.2.3.4");
        dataSet.SetUInt16(Tags.SamplesPerPixel, (ushort)Layout.Components);
        dataSet.Set(Tags.PhotometricInterpretation, Photometric);
        if (Layout.Components > 1)
        {
            dataSet.SetUInt16(Tags.PlanarConfiguration, Layout.IsPlanar ? (ushort)1 : (ushort)0);
        }

        if (Frames > 1)
        {
            dataSet.Set(Tags.NumberOfFrames, $"{Frames}");
        }

        dataSet.SetUInt16(Tags.Rows, (ushort)Layout.Height);
        dataSet.SetUInt16(Tags.Columns, (ushort)Layout.Width);
        dataSet.SetUInt16(Tags.BitsAllocated, (ushort)Layout.BitsAllocated);
        dataSet.SetUInt16(Tags.BitsStored, (ushort)Layout.BitsStored);
        dataSet.SetUInt16(Tags.HighBit, (ushort)(Layout.BitsStored - 1));
        dataSet.SetUInt16(Tags.PixelRepresentation, Layout.IsSigned ? (ushort)1 : (ushort)0);
        return dataSet;
    }

    /// <summary>The data set with uncompressed frames.</summary>
    public byte[] Native(TransferSyntax syntax)
    {
        var dataSet = Attributes();
        var pixels = Samples.SelectMany(frame => frame).ToArray();
        dataSet.SetBytes(Tags.PixelData, Layout.BitsAllocated > 8 ? Vr.OW : Vr.OB, pixels);
        return Encode(dataSet, syntax);
    }

    /// <summary>The data set with frames of an encoder.</summary>
    public byte[] Encapsulated(string syntaxUid, IFrameEncoder encoder)
    {
        var dataSet = Attributes();
        List<ReadOnlyMemory<byte>> fragments = [];
        List<ulong> offsets = [];
        List<ulong> lengths = [];
        ulong at = 0;
        foreach (var frame in Samples)
        {
            var encoded = Hostile.Encode(encoder, frame, Layout);
            offsets.Add(at);
            lengths.Add((ulong)encoded.Length);
            var step = ((encoded.Length / FragmentsPerFrame) + 2) & ~1;
            foreach (var fragment in encoded.Chunk(step))
            {
                fragments.Add(fragment);
                at += (ulong)(8 + ((fragment.Length + 1) & ~1));
            }
        }

        if (HasExtendedTable)
        {
            dataSet.SetUInt64(Tags.ExtendedOffsetTable, [.. offsets]);
            dataSet.SetUInt64(Tags.ExtendedOffsetTableLengths, [.. lengths]);
        }

        fragments.Insert(0, HasBasicTable ? offsets.SelectMany(offset => BitConverter.GetBytes((uint)offset)).ToArray() : ReadOnlyMemory<byte>.Empty);
        dataSet.Set(new Element(Tags.PixelData, Vr.OB, fragments));
        return Encode(dataSet, TransferSyntax.ForUid(syntaxUid));
    }

    private byte[] Encode(DataSet dataSet, TransferSyntax syntax)
    {
        if (HasTrailing)
        {
            dataSet.SetBytes(new Tag(0xFFFC, 0xFFFC), Vr.OB, new byte[] { 1, 2, 3, 4 });
        }

        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(dataSet, syntax, target);
        return target.WrittenSpan.ToArray();
    }
}
