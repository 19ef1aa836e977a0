namespace Panal.Imaging.Transcoding;

/// <summary>Colour spaces of PS3.3 §C.7.6.3.1.2.</summary>
internal static class Colours
{
    private const int FractionBits = 16;
    private const int Half = 1 << (FractionBits - 1);

    // 1.402, 0.714136, 0.344136 and 1.772 (T.871 §7).
    private const int RedOfCr = 91881, GreenOfCr = 46802, GreenOfCb = 22553, BlueOfCb = 116130;

    /// <summary>Turns YCbCr of the full range, 8 bits, three samples a pixel side by side, into RGB.</summary>
    internal static void ToRgb(Span<byte> samples)
    {
        for (var i = 0; i + 2 < samples.Length; i += 3)
        {
            int y = samples[i];
            var (cb, cr) = (samples[i + 1] - 128, samples[i + 2] - 128);
            samples[i] = Clamp(y + (((RedOfCr * cr) + Half) >> FractionBits));
            samples[i + 1] = Clamp(y + (((-GreenOfCb * cb) - (GreenOfCr * cr) + Half) >> FractionBits));
            samples[i + 2] = Clamp(y + (((BlueOfCb * cb) + Half) >> FractionBits));
        }
    }

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);
}
