using System.Buffers;
using Panal.Codecs.Samples;

namespace Panal.Codecs;

/// <summary>Decoding of frames that lie in several pieces, as the fragments of encapsulated Pixel Data do.</summary>
public static class FrameSequences
{
    /// <summary>Decodes a frame; what lies in one piece is read in place, the rest is joined in a pooled buffer.</summary>
    /// <exception cref="CodecException">As <see cref="IFrameDecoder.Decode"/>; or the encoded frame is longer than the decoded one may be.</exception>
    public static void Decode(this IFrameDecoder decoder, in ReadOnlySequence<byte> encoded, in SampleLayout layout, Span<byte> samples, CodecLimits limits)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(limits);
        if (encoded.IsSingleSegment)
        {
            decoder.Decode(encoded.FirstSpan, layout, samples, limits);
            return;
        }

        if (encoded.Length > limits.FrameLengthBytes)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"An encoded frame of {encoded.Length} bytes is longer than allowed.");
        }

        var joined = ArrayPool<byte>.Shared.Rent((int)encoded.Length);
        try
        {
            encoded.CopyTo(joined);
            decoder.Decode(joined.AsSpan(0, (int)encoded.Length), layout, samples, limits);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }
}
