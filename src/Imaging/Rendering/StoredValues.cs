using System.Buffers.Binary;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Rendering;

/// <summary>The numbers of a frame with one sample a pixel: the stored bits alone, with their sign.</summary>
internal sealed class StoredValues
{
    private StoredValues(int[] numbers, int bitsStored, bool isSigned) => (Numbers, BitsStored, IsSigned) = (numbers, bitsStored, isSigned);

    /// <summary>Row by row; of 32 unsigned bits each number stands for itself as two's complement, see the indexer.</summary>
    internal int[] Numbers { get; }

    internal int BitsStored { get; }

    internal bool IsSigned { get; }

    internal long this[int index] => IsSigned ? Numbers[index] : (uint)Numbers[index];

    /// <summary>Takes the numbers out of the samples of one frame.</summary>
    /// <param name="samples">The frame; not compressed.</param>
    /// <param name="pixels">What they are.</param>
    /// <param name="firstBit">Where it begins, in images of one bit, in bits.</param>
    /// <param name="hasUnusedBits">The bits above and below the stored ones stand in the samples as they came; decoders clear them.</param>
    internal static StoredValues Of(ReadOnlySpan<byte> samples, PixelDescription pixels, int firstBit, bool hasUnusedBits)
    {
        var numbers = new int[pixels.Columns * pixels.Rows];
        if (pixels.BitsAllocated == 1)
        {
            for (var i = 0; i < numbers.Length; i++)
            {
                var bit = firstBit + i;
                numbers[i] = (samples[bit >> 3] >> (bit & 7)) & 1;
            }

            return new StoredValues(numbers, 1, isSigned: false);
        }

        var down = hasUnusedBits ? pixels.HighBit + 1 - pixels.BitsStored : 0;
        var unused = 32 - pixels.BitsStored;
        for (var i = 0; i < numbers.Length; i++)
        {
            var sample = pixels.BitsAllocated switch
            {
                8 => samples[i],
                16 => BinaryPrimitives.ReadUInt16LittleEndian(samples[(2 * i)..]),
                _ => BinaryPrimitives.ReadUInt32LittleEndian(samples[(4 * i)..]),
            };
            sample = sample >> down << unused;
            numbers[i] = pixels.IsSigned ? (int)sample >> unused : (int)(sample >> unused);
        }

        return new StoredValues(numbers, pixels.BitsStored, pixels.IsSigned);
    }

    /// <summary>The lowest and the highest number.</summary>
    internal (long Lowest, long Highest) Range() => Range(static _ => true);

    /// <summary>The lowest and the highest of the numbers that count; of all when none does.</summary>
    internal (long Lowest, long Highest) Range(Func<long, bool> counts)
    {
        var (lowest, highest) = (long.MaxValue, long.MinValue);
        var (last, isFirst) = (0L, true);
        for (var i = 0; i < Numbers.Length; i++)
        {
            // Neighbours are often equal, and what was asked once need not be asked again.
            var value = this[i];
            if ((!isFirst && value == last) || (value >= lowest && value <= highest))
            {
                continue;
            }

            (last, isFirst) = (value, false);
            if (counts(value))
            {
                (lowest, highest) = (Math.Min(lowest, value), Math.Max(highest, value));
            }
        }

        return lowest <= highest ? (lowest, highest) : Range();
    }
}
