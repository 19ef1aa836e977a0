using System.Buffers.Binary;
using System.Numerics;

namespace Panal.Codecs.JpegLs;

/// <summary>The numbers that steer JPEG-LS coding (T.87 §C.2.4.1.1, §A.2.1).</summary>
/// <param name="MaximumValue">MAXVAL, largest sample.</param>
/// <param name="Near">NEAR, largest difference between a sample and its reconstruction; 0 is lossless.</param>
/// <param name="Threshold1">T1, like T2 and T3 a bound between the classes of local gradients.</param>
/// <param name="Threshold2">T2.</param>
/// <param name="Threshold3">T3.</param>
/// <param name="Reset">RESET, how many samples a context counts before it halves its sums.</param>
internal readonly record struct CodingParameters(int MaximumValue, int Near, int Threshold1, int Threshold2, int Threshold3, int Reset)
{
    private const int BasicThreshold1 = 3, BasicThreshold2 = 7, BasicThreshold3 = 21, BasicReset = 64;
    private const int PresetLengthBytes = 11;

    /// <summary>RANGE, how many different errors there are.</summary>
    internal int Range => ((MaximumValue + (2 * Near)) / Step) + 1;

    /// <summary>Distance of the values to which errors are quantized.</summary>
    internal int Step => (2 * Near) + 1;

    /// <summary>qbpp, bits of a mapped error.</summary>
    internal int ErrorBits => BitsFor(Range);

    /// <summary>LIMIT, longest code of an error, in bits.</summary>
    internal int CodeLimit => 2 * (SampleBits + Math.Max(8, SampleBits));

    private int SampleBits => Math.Max(2, BitsFor(MaximumValue + 1));

    /// <summary>The parameters that hold without an LSE segment (T.87 Table C.3).</summary>
    internal static CodingParameters Default(int maximumValue, int near)
    {
        int first, second, third;
        if (maximumValue >= 128)
        {
            var factor = (Math.Min(maximumValue, 4095) + 128) / 256;
            first = (factor * (BasicThreshold1 - 2)) + 2 + (3 * near);
            second = (factor * (BasicThreshold2 - 3)) + 3 + (5 * near);
            third = (factor * (BasicThreshold3 - 4)) + 4 + (7 * near);
        }
        else
        {
            var factor = 256 / (maximumValue + 1);
            first = Math.Max(2, (BasicThreshold1 / factor) + (3 * near));
            second = Math.Max(3, (BasicThreshold2 / factor) + (5 * near));
            third = Math.Max(4, (BasicThreshold3 / factor) + (7 * near));
        }

        first = Clamp(first, near + 1, maximumValue);
        second = Clamp(second, first, maximumValue);
        return new CodingParameters(maximumValue, near, first, second, Clamp(third, second, maximumValue), BasicReset);
    }

    /// <summary>Completes the content of an LSE segment of type 1, in which zeros stand for the defaults.</summary>
    /// <exception cref="CodecException">The numbers contradict each other or the precision.</exception>
    internal static CodingParameters Read(ReadOnlySpan<byte> preset, int precision, int near)
    {
        var largest = (1 << precision) - 1;
        var maximum = largest;
        if (!preset.IsEmpty)
        {
            if (preset.Length != PresetLengthBytes)
            {
                throw new CodecException(CodecFault.Malformed, $"Preset parameters of {preset.Length} bytes.");
            }

            maximum = NumberOr(preset[1..], largest);
        }

        if (maximum > largest || near > Math.Min(255, maximum / 2))
        {
            throw new CodecException(CodecFault.Malformed, $"MAXVAL {maximum} and NEAR {near} with {precision} bits.");
        }

        var standard = Default(maximum, near);
        if (preset.IsEmpty)
        {
            return standard;
        }

        var read = new CodingParameters(
            maximum, near, NumberOr(preset[3..], standard.Threshold1), NumberOr(preset[5..], standard.Threshold2),
            NumberOr(preset[7..], standard.Threshold3), NumberOr(preset[9..], standard.Reset));
        return read.Threshold1 > near && read.Threshold1 <= read.Threshold2 && read.Threshold2 <= read.Threshold3 && read.Threshold3 <= maximum && read.Reset >= 3
            ? read
            : throw new CodecException(CodecFault.Malformed, $"Preset parameters {read}.");
    }

    private static int NumberOr(ReadOnlySpan<byte> number, int standard) =>
        BinaryPrimitives.ReadUInt16BigEndian(number) is var value and not 0 ? value : standard;

    /// <summary>T.87 Figure C.3.</summary>
    private static int Clamp(int value, int lowest, int highest) => value > highest || value < lowest ? lowest : value;

    private static int BitsFor(int values) => 32 - BitOperations.LeadingZeroCount((uint)values - 1);
}
