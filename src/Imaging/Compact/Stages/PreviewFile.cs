using Panal.Codecs;
using Panal.Codecs.Jpeg2000;
using Panal.Codecs.Samples;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Compact.Stages;

/// <summary>
/// An image with the layers that have come: a Part 10 file in explicit VR little endian that is shown, and never kept or sent as the instance. Its frames are
/// decoded one by one when they are read.
/// </summary>
public sealed class PreviewFile
{
    private readonly ReadOnlyMemory<byte> _head;
    private readonly PreviewFrames _frames;

    internal PreviewFile(ReadOnlyMemory<byte> head, int dataSetOffsetBytes, PreviewFrames frames, int layers, int allLayers) =>
        (_head, DataSetOffsetBytes, _frames, Layers, AllLayers) = (head, dataSetOffsetBytes, frames, layers, allLayers);

    /// <summary>Where its data set begins.</summary>
    public int DataSetOffsetBytes { get; }

    /// <summary>Quality layers that it is made of.</summary>
    public int Layers { get; }

    /// <summary>Quality layers that the image has.</summary>
    public int AllLayers { get; }

    /// <summary>Opens the file; it can seek. Several may be open, each for one reader.</summary>
    /// <remarks>Reading throws <see cref="CompactFormException"/> where a later frame is damaged.</remarks>
    public Stream Open() => new PreviewStream(_head, _frames);

    /// <summary>No patient data in logs.</summary>
    public override string ToString() => $"{Layers} of {AllLayers} layers";

    private sealed class PreviewStream(ReadOnlyMemory<byte> head, PreviewFrames frames)
        : FrameStream(head, frames.Count, frames.LengthBytes, new byte[(frames.Count * (long)frames.LengthBytes) & 1])
    {
        private protected override void Decode(int frame, Span<byte> samples) => frames.Decode(frame, samples);
    }
}

/// <summary>The frames of a preview, encoded as far as they have come.</summary>
/// <param name="image">Where they lie, in memory.</param>
/// <param name="layout">How their samples are wanted.</param>
/// <param name="count">How many.</param>
/// <param name="layers">Quality layers that have come.</param>
/// <param name="limits">What is taken at most.</param>
internal sealed class PreviewFrames(StoredImage image, SampleLayout layout, int count, int layers, ImageLimits limits)
{
    internal int Count => count;

    internal int LengthBytes => (int)layout.LengthBytes;

    /// <exception cref="CodecException">The frame is damaged.</exception>
    internal void Decode(int frame, Span<byte> samples)
    {
        // One fragment, or the image would have no stages.
        var encoded = image.FragmentsOf(frame) is [var one] ? one : throw new CodecException(CodecFault.Malformed, "A frame has several fragments.");
        var codestream = ((MemoryStream)image.Bytes).GetBuffer().AsSpan((int)encoded.Offset, encoded.LengthBytes);
        Jpeg2000Decoder.Decode(codestream, new Jpeg2000View(layers, 0), layout, samples, limits.Codec);
    }

    /// <summary>Finds out whether the frames can be decoded.</summary>
    /// <exception cref="CodecException">They are damaged, or not supported.</exception>
    internal void DecodeFirst() => Decode(0, new byte[LengthBytes]);
}
