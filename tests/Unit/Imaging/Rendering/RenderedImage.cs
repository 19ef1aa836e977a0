using System.Buffers;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Rendering;

namespace Panal.Unit.Imaging.Rendering;

/// <summary>A small image whose every pixel a test chooses.</summary>
internal sealed class RenderedImage
{
    public RenderedImage(int columns, int rows, string photometric = "MONOCHROME2", int bits = 16, int stored = 0, bool isSigned = false, int samples = 1)
    {
        Attributes.Set(Tags.SOPClassUID, Uids.SecondaryCaptureImageStorage);
        Attributes.Set(Tags.SOPInstanceUID, "1.2.3");
        Attributes.SetUInt16(Tags.SamplesPerPixel, (ushort)samples);
        Attributes.Set(Tags.PhotometricInterpretation, photometric);
        if (samples > 1)
        {
            Attributes.SetUInt16(Tags.PlanarConfiguration, 0);
        }

        Attributes.SetUInt16(Tags.Rows, (ushort)rows);
        Attributes.SetUInt16(Tags.Columns, (ushort)columns);
        Attributes.SetUInt16(Tags.BitsAllocated, (ushort)bits);
        Attributes.SetUInt16(Tags.BitsStored, (ushort)(stored == 0 ? bits : stored));
        Attributes.SetUInt16(Tags.HighBit, (ushort)((stored == 0 ? bits : stored) - 1));
        Attributes.SetUInt16(Tags.PixelRepresentation, isSigned ? (ushort)1 : (ushort)0);
    }

    public DataSet Attributes { get; } = new();

    public RenderedFrame Render(byte[] pixels, RenderOptions? options = null, int frame = 0)
    {
        Attributes.SetBytes(Tags.PixelData, Vr.OW, pixels.Length % 2 == 0 ? pixels : [.. pixels, 0]);
        var target = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(Attributes, TransferSyntax.ExplicitVrLittleEndian, target);
        var image = StoredImage.Read(new MemoryStream(target.WrittenSpan.ToArray()), TransferSyntax.ExplicitVrLittleEndian, RenderOptions.Limits);
        return FrameRenderer.Render(image, frame, options ?? RenderOptions.Default, RenderOptions.Limits);
    }

    public byte[] Greys(params short[] values) => Render(Bytes(values)).Samples;

    public static byte[] Bytes(params short[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    /// <summary>A lookup table as an item of a sequence.</summary>
    public static DataSet Table(int first, int bits, params ushort[] values)
    {
        var item = new DataSet();
        item.SetBytes(Tags.LUTDescriptor, Vr.US, (byte[])[.. new[] { (ushort)values.Length, unchecked((ushort)first), (ushort)bits }.SelectMany(BitConverter.GetBytes)]);
        item.SetBytes(Tags.LUTData, Vr.OW, (byte[])[.. values.SelectMany(BitConverter.GetBytes)]);
        return item;
    }
}
