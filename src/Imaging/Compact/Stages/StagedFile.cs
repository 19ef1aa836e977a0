using System.Buffers;
using System.Globalization;
using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Dicom;
using Panal.Imaging.Frames;
using Panal.Imaging.Transcoding;

namespace Panal.Imaging.Compact.Stages;

/// <summary>A compact file that comes in stages: what has come so far can be looked at, and is joined when all has come. See docs/formats/stages.md.</summary>
public sealed class StagedFile
{
    /// <summary>Longest samples of a preview, in bytes: they are in memory; what is longer is waited for.</summary>
    private const long PreviewLimitBytes = 128 << 20;

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

    /// <summary>What has come as an uncompressed file that says of itself that it is a lossy preview.</summary>
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
            var samples = Decode(image, limits);
            return Write(image, samples);
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

    private byte[] Decode(StoredImage image, ImageLimits limits)
    {
        var pixels = image.Pixels ?? throw Stage.Damaged("It has no pixels");
        if (pixels.Photometric == "PALETTE COLOR")
        {
            throw new ImageException(ImageFault.Unsupported, "The colours of a palette come with the last stage.");
        }

        var layout = pixels.Layout with { IsPlanar = false };
        layout.Check(limits.Codec);
        if (layout.LengthBytes * pixels.Frames > PreviewLimitBytes)
        {
            throw new ImageException(ImageFault.LimitExceeded, $"A preview of {layout.LengthBytes * pixels.Frames} bytes.");
        }

        var samples = new byte[layout.LengthBytes * pixels.Frames];
        for (var frame = 0; frame < pixels.Frames; frame++)
        {
            var fragments = image.FragmentsOf(frame);
            var encoded = fragments is [var one] ? one : throw Stage.Damaged("A frame has several fragments");
            var codestream = ((MemoryStream)image.Bytes).GetBuffer().AsSpan((int)encoded.Offset, encoded.LengthBytes);
            Jpeg2000Decoder.Decode(
                codestream, new Jpeg2000View(Layers, 0), layout, samples.AsSpan((int)(layout.LengthBytes * frame), (int)layout.LengthBytes), limits.Codec);
        }

        return samples;
    }

    private PreviewFile Write(StoredImage image, byte[] samples)
    {
        var attributes = image.Attributes;
        if (attributes.GetString(Tags.PhotometricInterpretation) == "YBR_RCT")
        {
            // What JPEG 2000 transforms its decoder transforms back.
            attributes.Set(Tags.PhotometricInterpretation, "RGB");
        }

        var ratio = (double)samples.Length / Math.Max(1, _lengthBytes);
        attributes.Set(Tags.LossyImageCompression, "01");
        attributes.Set(Tags.LossyImageCompressionMethod, "ISO_15444_1");
        attributes.Set(Tags.LossyImageCompressionRatio, ratio.ToString("0.##", CultureInfo.InvariantCulture));
        attributes.Set(Tags.ImageType, ["DERIVED", .. attributes.GetStrings(Tags.ImageType).Skip(1)]);
        attributes.Set(Tags.DerivationDescription, $"Preview of {Layers} of {AllLayers} quality layers");
        attributes.SetBytes(Tags.PixelData, image.Pixels!.BitsAllocated > 8 ? Vr.OW : Vr.OB, (samples.Length & 1) == 0 ? samples : [.. samples, 0]);
        var file = new ArrayBufferWriter<byte>(samples.Length + (16 << 10));
        var (sopClassUid, sopInstanceUid) = (attributes.GetString(Tags.SOPClassUID) ?? "", attributes.GetString(Tags.SOPInstanceUID) ?? "");
        if (!FileTranscoder.CanStandInHead(sopClassUid) || !FileTranscoder.CanStandInHead(sopInstanceUid))
        {
            throw Stage.Damaged("Its UIDs are none");
        }

        FileMeta.WriteHeader(sopClassUid, sopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, file);
        var dataSetOffset = file.WrittenCount;
        DataSetEncoding.Encode(attributes, TransferSyntax.ExplicitVrLittleEndian, file);
        return new PreviewFile(file.WrittenMemory, dataSetOffset, Layers, AllLayers);
    }
}

/// <summary>An image with the layers that have come: a Part 10 file in explicit VR little endian that is shown, and never kept or sent as the instance.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="DataSetOffsetBytes">Where its data set begins.</param>
/// <param name="Layers">Quality layers that it is made of.</param>
/// <param name="AllLayers">Quality layers that the image has.</param>
public sealed record PreviewFile(ReadOnlyMemory<byte> Bytes, int DataSetOffsetBytes, int Layers, int AllLayers)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Layers} of {AllLayers} layers";
}
