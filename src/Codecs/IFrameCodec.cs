using Panal.Codecs.Samples;

namespace Panal.Codecs;

/// <summary>Turns one encoded frame into samples. Decoders hold no state and may be used by many threads at once.</summary>
public interface IFrameDecoder
{
    /// <summary>Reads from the encoded frame itself how its samples would lie, interleaved by pixel.</summary>
    /// <returns>Null where the format does not say it (RLE).</returns>
    /// <exception cref="CodecException">The header is damaged, not supported, or larger than the limits.</exception>
    SampleLayout? ReadLayout(ReadOnlySpan<byte> encoded, CodecLimits limits);

    /// <summary>Decodes the frame into the caller's buffer.</summary>
    /// <param name="encoded">The whole encoded frame; padding behind its end is ignored.</param>
    /// <param name="layout">How the samples are wanted: dimensions and components as encoded, the rest as the caller needs it.</param>
    /// <param name="samples">Exactly <see cref="SampleLayout.LengthBytes"/> bytes.</param>
    /// <exception cref="CodecException">The frame is damaged, not supported, not the one described, or larger than the limits.</exception>
    /// <exception cref="ArgumentException">The buffer has another length than the layout.</exception>
    void Decode(ReadOnlySpan<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits);
}

/// <summary>Turns the samples of one frame into its encoded form. Encoders hold no state of a frame.</summary>
public interface IFrameEncoder
{
    /// <summary>The longest encoded form that a frame of this layout can have, in bytes.</summary>
    /// <exception cref="CodecException">The layout cannot be encoded.</exception>
    long MaximumLengthBytes(in SampleLayout layout);

    /// <summary>Encodes the frame into the caller's buffer.</summary>
    /// <param name="samples">Exactly <see cref="SampleLayout.LengthBytes"/> bytes.</param>
    /// <param name="encoded">A buffer of <see cref="MaximumLengthBytes"/> bytes always suffices; a shorter one nearly always does.</param>
    /// <param name="writtenBytes">Length of the encoded frame.</param>
    /// <returns>False if the encoded frame may not fit; the buffer's content is then undefined.</returns>
    /// <exception cref="CodecException">The layout cannot be encoded, or is larger than the limits.</exception>
    /// <exception cref="ArgumentException">The samples have another length than the layout.</exception>
    bool TryEncode(ReadOnlySpan<byte> samples, in SampleLayout layout, Span<byte> encoded, CodecLimits limits, out int writtenBytes);
}
