using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Panal.Codecs;
using Panal.Codecs.Samples;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>Turns one stored frame after the other into a frame of the target; its buffers are used again for each.</summary>
internal sealed class FrameTranscoder : IDisposable
{
    private readonly IFrameDecoder? _source;
    private readonly IFrameEncoder? _target;
    private readonly SampleLayout _layout;
    private readonly bool _convertsColour;
    private readonly ImageLimits _limits;
    private byte[] _samples;
    private byte[] _encoded = [];

    /// <param name="pixels">What the stored frames are.</param>
    /// <param name="source">How they are encoded; null for uncompressed ones.</param>
    /// <param name="target">Encodes them as they are wanted; null for uncompressed.</param>
    /// <param name="convertsColour">Whether YCbCr becomes RGB.</param>
    /// <param name="limits">What is taken at most.</param>
    internal FrameTranscoder(PixelDescription pixels, FrameCodec? source, IFrameEncoder? target, bool convertsColour, ImageLimits limits)
    {
        (_source, _target, _convertsColour, _limits) = (source?.DecoderFor(pixels), target, convertsColour, limits);

        // Decoders give what is wanted anyway: samples of a pixel side by side.
        _layout = source is null ? pixels.Layout : pixels.Layout with { IsPlanar = false };
        _layout.Check(limits.Codec);
        _samples = ArrayPool<byte>.Shared.Rent((int)_layout.LengthBytes);
    }

    /// <summary>Transcodes one frame; what is returned holds until the next call.</summary>
    /// <exception cref="CodecException">The frame is damaged, or cannot be encoded in the target.</exception>
    internal ReadOnlySpan<byte> Transcode(ReadOnlySpan<byte> stored)
    {
        var samples = _samples.AsSpan(0, (int)_layout.LengthBytes);
        if (_source is null)
        {
            stored.CopyTo(samples);
        }
        else
        {
            _source.Decode(stored, _layout, samples, _limits.Codec);
            if (_convertsColour)
            {
                Colours.ToRgb(samples);
            }
        }

        return _target is null ? samples : Encode(_target, samples);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_samples);
        ArrayPool<byte>.Shared.Return(_encoded);
        (_samples, _encoded) = ([], []);
    }

    private ReadOnlySpan<byte> Encode(IFrameEncoder encoder, ReadOnlySpan<byte> samples)
    {
        // Bits that are not meant may hold an overlay, or a scanner's own data: then all bits are coded, and nothing is lost.
        var layout = HasOnlyStoredBits(samples, _layout) ? _layout : _layout with { BitsStored = _layout.BitsAllocated };
        if (_encoded.Length < samples.Length)
        {
            Grow(samples.Length + 1024);
        }

        if (encoder.TryEncode(samples, layout, _encoded, _limits.Codec, out var written))
        {
            return _encoded.AsSpan(0, written);
        }

        // Noise can grow; rarely, so that the buffer for the worst case is rented only now.
        var longest = encoder.MaximumLengthBytes(layout);
        if (longest > _limits.EncodedFrameLengthBytes && longest > Array.MaxLength)
        {
            throw new CodecException(CodecFault.LimitExceeded, $"A frame that may take {longest} bytes.");
        }

        Grow((int)longest);
        return encoder.TryEncode(samples, layout, _encoded, _limits.Codec, out written)
            ? _encoded.AsSpan(0, written)
            : throw new CodecException(CodecFault.LimitExceeded, $"A frame takes more than {longest} bytes.");
    }

    private void Grow(int lengthBytes)
    {
        ArrayPool<byte>.Shared.Return(_encoded);
        _encoded = ArrayPool<byte>.Shared.Rent(lengthBytes);
    }

    /// <summary>Whether every sample is what decoding its stored bits gives: zeros above them, or the sign.</summary>
    internal static bool HasOnlyStoredBits(ReadOnlySpan<byte> samples, in SampleLayout layout)
    {
        var unused = layout.BitsAllocated - layout.BitsStored;
        if (unused == 0 || layout.BitsAllocated is not (8 or 16))
        {
            return true;
        }

        return (layout.BitsAllocated, layout.IsSigned) switch
        {
            (8, false) => IsExtended(samples, unused),
            (8, true) => IsExtended(MemoryMarshal.Cast<byte, sbyte>(samples), unused),
            (_, false) => IsExtended(MemoryMarshal.Cast<byte, ushort>(samples), unused),
            (_, true) => IsExtended(MemoryMarshal.Cast<byte, short>(samples), unused),
        };
    }

    private static bool IsExtended<T>(ReadOnlySpan<T> samples, int unused)
        where T : unmanaged, IBinaryInteger<T>
    {
        var i = 0;
        for (; i <= samples.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var several = new Vector<T>(samples[i..]);
            if (!Vector.EqualsAll((several << unused) >> unused, several))
            {
                return false;
            }
        }

        foreach (var sample in samples[i..])
        {
            if ((sample << unused) >> unused != sample)
            {
                return false;
            }
        }

        return true;
    }
}
