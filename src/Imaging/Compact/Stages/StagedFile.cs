using System.Buffers;
using System.Globalization;
using Panal.Codecs;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Compact.Stages;

/// <summary>A compact file that comes in stages: what has come so far can be looked at, and is joined when all has come. See docs/formats/stages.md.</summary>
public sealed class StagedFile
{
    private readonly byte[] _file;
    private readonly List<Stage> _stages = [];
    private long _lengthBytes;

    private StagedFile(byte[] file) => _file = file;

    /// <summary>Quality layers that have come.</summary>
    public int Layers => _stages[^1].Layers;

    /// <summary>Quality layers that there are.</summary>
    public int AllLayers => _stages[^1].AllLayers;

    /// <summary>Whether every byte has come.</summary>
    public bool IsWhole => _stages[^1].IsLast;

    /// <summary>Puts stages together.</summary>
    /// <param name="stages">The first ones, in their order, at least one.</param>
    /// <exception cref="ImageException">They are damaged, or not of one file.</exception>
    public static StagedFile Read(IReadOnlyList<ReadOnlyMemory<byte>> stages)
    {
        ArgumentNullException.ThrowIfNull(stages);
        ArgumentOutOfRangeException.ThrowIfZero(stages.Count, nameof(stages));
        StagedFile? file = null;
        foreach (var bytes in stages)
        {
            var stage = Stage.Read(bytes.Span, out var head);
            file ??= new StagedFile(new byte[stage.FileLengthBytes]);
            file.Add(stage, bytes.Span[head..]);
        }

        if (file!.IsWhole && !Covers(file._stages, file._file.Length))
        {
            throw Stage.Damaged("The stages together are not the file");
        }

        return file;
    }

    /// <summary>The whole compact file.</summary>
    /// <exception cref="InvalidOperationException">Not every byte has come.</exception>
    public Stream Open() => IsWhole ? new MemoryStream(_file, writable: false) : throw new InvalidOperationException("Not every stage has come.");

    /// <summary>What has come as an uncompressed file that says of itself that it is a lossy preview; the first frame is decoded at once.</summary>
    /// <exception cref="ImageException">It is damaged, or beyond a limit.</exception>
    public PreviewFile Preview(ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var syntax = TransferSyntax.ForUid(Uids.JPEG2000Lossless);
        try
        {
            var attributes = Attributes();
            var length = attributes.Length;
            var dataSet = new MemoryStream(length + _stages[0].PixelsEnd - _stages[0].PixelsBegin);
            dataSet.Write(attributes);
            dataSet.Write(_file.AsSpan(_stages[0].PixelsBegin.._stages[0].PixelsEnd));
            dataSet.Position = 0;
            var image = StoredImage.Read(dataSet, syntax, limits);
            return Write(image, image.Pixels ?? throw Stage.Damaged("It has no pixels"), limits);
        }
        catch (CodecException e)
        {
            throw ImageException.Of(e);
        }
        catch (DicomFormatException e)
        {
            throw Stage.Damaged("Its attributes are damaged", e);
        }
    }

    private void Add(Stage stage, ReadOnlySpan<byte> bytes)
    {
        if (stage.Number != _stages.Count || stage.FileLengthBytes != _file.Length || (_stages is [var first, ..]
            && (stage.Identity, stage.AllLayers, stage.PixelsBegin, stage.PixelsEnd) != (first.Identity, first.AllLayers, first.PixelsBegin, first.PixelsEnd))
            || (_stages is [.., var last] && stage.Layers <= last.Layers))
        {
            throw Stage.Damaged("It is not the next one of the file");
        }

        stage.PutInto(_file, bytes);
        _lengthBytes += bytes.Length;
        _stages.Add(stage);
    }

    private static bool Covers(List<Stage> stages, int lengthBytes)
    {
        var end = 0L;
        foreach (var range in stages.SelectMany(static stage => stage.Plain.Concat(stage.Packets)).Where(static range => range.LengthBytes > 0).OrderBy(static range => range.Offset))
        {
            if (range.Offset != end)
            {
                return false;
            }

            end += range.LengthBytes;
        }

        return end == lengthBytes;
    }

    /// <summary>The elements that have come with the first stage, one after the other; ranges before the pixels are whole elements.</summary>
    private byte[] Attributes()
    {
        var attributes = new ArrayBufferWriter<byte>();
        foreach (var range in _stages[0].Plain)
        {
            var end = Math.Min(range.Offset + range.LengthBytes, _stages[0].PixelsBegin);
            if (range.Offset < end)
            {
                attributes.Write(_file.AsSpan((int)range.Offset..(int)end));
            }
        }

        return attributes.WrittenSpan.ToArray();
    }

    private PreviewFile Write(StoredImage image, PixelDescription pixels, ImageLimits limits)
    {
        if (pixels.Photometric == "PALETTE COLOR")
        {
            // A coarse number of an entry is the number of another colour.
            throw new ImageException(ImageFault.Unsupported, "An image of palette entries has no preview.");
        }

        var layout = pixels.Layout with { IsPlanar = false };
        layout.Check(limits.Codec);
        var length = layout.LengthBytes * pixels.Frames;
        if (length >= uint.MaxValue - 1)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A preview of {length} bytes.");
        }

        var attributes = image.Attributes;
        Mark(attributes, (double)length / Math.Max(1, _lengthBytes));
        var (sopClassUid, sopInstanceUid) = (attributes.GetString(Tags.SOPClassUID) ?? "", attributes.GetString(Tags.SOPInstanceUID) ?? "");
        if (!FileTranscoder.CanStandInHead(sopClassUid) || !FileTranscoder.CanStandInHead(sopInstanceUid))
        {
            throw Stage.Damaged("Its UIDs are none");
        }

        var head = new ArrayBufferWriter<byte>(16 << 10);
        FileMeta.WriteHeader(sopClassUid, sopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, head);
        var dataSetOffset = head.WrittenCount;
        DataSetEncoding.Encode(attributes, TransferSyntax.ExplicitVrLittleEndian, head);
        PixelDataHeader.Write(TransferSyntax.ExplicitVrLittleEndian, pixels.BitsAllocated, (uint)(length + (length & 1)), head);
        var frames = new PreviewFrames(image, layout, pixels.Frames, Layers, limits);
        frames.DecodeFirst();
        return new PreviewFile(head.WrittenMemory, dataSetOffset, frames, Layers, AllLayers);
    }

    /// <summary>Says in the attributes that the image is a preview.</summary>
    private void Mark(DataSet attributes, double ratio)
    {
        if (attributes.GetString(Tags.PhotometricInterpretation) == "YBR_RCT")
        {
            // What JPEG 2000 transforms its decoder transforms back.
            attributes.Set(Tags.PhotometricInterpretation, "RGB");
        }

        attributes.Set(Tags.LossyImageCompression, "01");
        attributes.Set(Tags.LossyImageCompressionMethod, "ISO_15444_1");
        attributes.Set(Tags.LossyImageCompressionRatio, ratio.ToString("0.##", CultureInfo.InvariantCulture));
        attributes.Set(Tags.ImageType, ["DERIVED", .. attributes.GetStrings(Tags.ImageType).Skip(1)]);
        attributes.Set(Tags.DerivationDescription, $"Preview of {Layers} of {AllLayers} quality layers");
    }
}
