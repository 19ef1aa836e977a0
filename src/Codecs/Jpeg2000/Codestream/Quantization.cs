using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>How the coefficients of a component were quantized: QCD or QCC (T.800 §A.6.4, §A.6.5).</summary>
/// <param name="Style">0 none, 1 derived from the first step, 2 a step for each subband.</param>
/// <param name="GuardBits">Bit-planes more than the exponent says.</param>
/// <param name="Steps">Exponent in the upper five bits, mantissa in the lower eleven.</param>
internal sealed record Quantization(int Style, int GuardBits, IReadOnlyList<ushort> Steps)
{
    private const int MantissaBits = 11;
    private const int DerivedStyle = 1;

    /// <summary>Reads what QCD has as its content, and QCC behind its component.</summary>
    /// <exception cref="CodecException">It is damaged.</exception>
    internal static Quantization Read(ReadOnlySpan<byte> content)
    {
        var style = content.Length > 0 ? content[0] & 31 : int.MaxValue;
        var stepBytes = style == 0 ? 1 : 2;
        if (style > 2 || (content.Length - 1) % stepBytes != 0 || content.Length < 1 + stepBytes)
        {
            throw new CodecException(CodecFault.Malformed, $"Quantization {style} of {content.Length} bytes.");
        }

        var steps = new ushort[(content.Length - 1) / stepBytes];
        for (var i = 0; i < steps.Length; i++)
        {
            // Without quantization there are exponents only, in the upper five bits of a byte.
            steps[i] = style == 0 ? (ushort)(content[1 + i] << 8) : BinaryPrimitives.ReadUInt16BigEndian(content[(1 + (2 * i))..]);
        }

        return new Quantization(style, content[0] >> 5, steps);
    }

    /// <summary>Exponent and mantissa of a subband.</summary>
    /// <param name="resolution">0 is the smallest.</param>
    /// <param name="band">0 of resolution 0, else 0 to 2: HL, LH, HH.</param>
    /// <exception cref="CodecException">There is no step for it.</exception>
    internal (int Exponent, int Mantissa) Of(int resolution, int band)
    {
        var index = resolution == 0 ? 0 : (3 * (resolution - 1)) + band + 1;
        if (Style == DerivedStyle)
        {
            // T.800 equation E-5.
            return (Math.Max(0, (Steps[0] >> MantissaBits) - Math.Max(0, resolution - 1)), Steps[0] & ((1 << MantissaBits) - 1));
        }

        return index < Steps.Count
            ? (Steps[index] >> MantissaBits, Steps[index] & ((1 << MantissaBits) - 1))
            : throw new CodecException(CodecFault.Malformed, $"{Steps.Count} quantization steps, none for subband {index}.");
    }
}
