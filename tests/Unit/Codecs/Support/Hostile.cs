using Panal.Codecs;
using Panal.Codecs.Samples;

namespace Panal.Unit.Codecs.Support;

/// <summary>Damages encoded frames; a decoder may answer with samples or with <see cref="CodecException"/>, and with nothing else.</summary>
internal static class Hostile
{
    /// <summary>Cuts the frame at every length; returns how many lengths were refused.</summary>
    public static int TruncateEverywhere(IFrameDecoder decoder, byte[] encoded, in SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        var refused = 0;
        for (var length = 0; length < encoded.Length; length++)
        {
            refused += Survives(decoder, encoded.AsSpan(0, length), layout, samples) ? 0 : 1;
        }

        return refused;
    }

    /// <summary>Flips every bit, one at a time.</summary>
    public static void FlipEveryBit(IFrameDecoder decoder, byte[] encoded, in SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        var damaged = (byte[])encoded.Clone();
        for (var bit = 0; bit < damaged.Length * 8; bit++)
        {
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Survives(decoder, damaged, layout, samples);
            damaged[bit / 8] = encoded[bit / 8];
        }
    }

    /// <summary>Flips all bits of every byte, one byte at a time.</summary>
    public static void FlipEveryByte(IFrameDecoder decoder, byte[] encoded, in SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        var damaged = (byte[])encoded.Clone();
        for (var at = 0; at < damaged.Length; at++)
        {
            damaged[at] ^= 0xFF;
            Survives(decoder, damaged, layout, samples);
            damaged[at] = encoded[at];
        }
    }

    /// <summary>Puts random bytes at random places, again and again.</summary>
    public static void Scramble(IFrameDecoder decoder, byte[] encoded, in SampleLayout layout, int rounds, int seed)
    {
        var random = new Random(seed);
        var samples = new byte[layout.LengthBytes];
        for (var round = 0; round < rounds; round++)
        {
            var damaged = encoded.AsSpan(0, random.Next(encoded.Length + 1)).ToArray();
            for (var i = random.Next(1, 12); i > 0 && damaged.Length > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            }

            Survives(decoder, damaged, layout, samples);
        }
    }

    public static bool Survives(IFrameDecoder decoder, ReadOnlySpan<byte> encoded, in SampleLayout layout, byte[] samples)
    {
        try
        {
            decoder.ReadLayout(encoded, CodecLimits.Default);
        }
        catch (CodecException)
        {
            // The header alone may be what is damaged; decoding is tried all the same.
        }

        try
        {
            decoder.Decode(encoded, layout, samples, CodecLimits.Default);
            return true;
        }
        catch (CodecException)
        {
            return false;
        }
    }

    /// <summary>The kind of the refusal; fails the test when there is none.</summary>
    public static CodecFault FaultOf(IFrameDecoder decoder, byte[] encoded, SampleLayout layout, CodecLimits? limits = null) =>
        Assert.Throws<CodecException>(() => decoder.Decode(encoded, layout, new byte[layout.LengthBytes], limits ?? CodecLimits.Default)).Fault;

    /// <summary>Bytes that decoding allocates on this thread once everything is warm.</summary>
    public static long AllocatedBytes(IFrameDecoder decoder, byte[] encoded, SampleLayout layout)
    {
        var samples = new byte[layout.LengthBytes];
        return Allocated.Bytes(() => decoder.Decode(encoded, layout, samples, CodecLimits.Default));
    }

    public static byte[] Encode(IFrameEncoder encoder, byte[] samples, SampleLayout layout)
    {
        var encoded = new byte[encoder.MaximumLengthBytes(layout)];
        Assert.True(encoder.TryEncode(samples, layout, encoded, CodecLimits.Default, out var written));
        return encoded[..written];
    }
}
