using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Panal.Imaging.Compact;

/// <summary>Bytes told as literals and as copies out of a dictionary that the reader has too. See docs/formats/compact-form.md.</summary>
internal static class ByteSteps
{
    /// <summary>A copy takes up to six bytes to tell, so that shorter ones do not pay.</summary>
    private const int ShortestCopyBytes = 8;

    private const int HashMultiplier = unchecked((int)0x9E3779B1);

    /// <summary>Tells the target; linear in time, and in memory four bytes a byte of dictionary.</summary>
    internal static void Write(ReadOnlySpan<byte> dictionary, ReadOnlySpan<byte> target, IBufferWriter<byte> steps)
    {
        var places = Index(dictionary, out var shift);
        var (at, literal) = (0, 0);
        while (at + ShortestCopyBytes <= target.Length)
        {
            var place = places[Slot(target[at..], shift)] - 1;
            var length = place < 0 ? 0 : dictionary[place..].CommonPrefixLength(target[at..]);
            if (length < ShortestCopyBytes)
            {
                at++;
                continue;
            }

            // What was told as literal may be the end of the same run.
            while (at > literal && place > 0 && target[at - 1] == dictionary[place - 1])
            {
                (at, place, length) = (at - 1, place - 1, length + 1);
            }

            WriteStep(target[literal..at], length, place, steps);
            literal = at += length;
        }

        if (literal < target.Length)
        {
            WriteStep(target[literal..], 0, 0, steps);
        }
    }

    /// <summary>Follows the steps; false when they do not give exactly as many bytes as the target has.</summary>
    internal static bool TryFollow(ReadOnlySpan<byte> dictionary, ReadOnlySpan<byte> steps, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (!TryReadNumber(ref steps, out var literal) || literal > steps.Length || literal > target.Length)
            {
                return false;
            }

            steps[..literal].CopyTo(target);
            steps = steps[literal..];
            target = target[literal..];
            if (!TryReadNumber(ref steps, out var length) || !TryReadNumber(ref steps, out var place)
                || length > target.Length || place > dictionary.Length || length > dictionary.Length - place || (literal | length) == 0)
            {
                return false;
            }

            dictionary.Slice(place, length).CopyTo(target);
            target = target[length..];
        }

        return steps.IsEmpty;
    }

    /// <summary>For each hash of eight bytes the first place that has it, plus one.</summary>
    private static int[] Index(ReadOnlySpan<byte> dictionary, out int shift)
    {
        var bits = Math.Max(8, BitOperations.Log2((uint)Math.Max(dictionary.Length, 1)) + 1);
        shift = 32 - bits;
        var places = new int[1 << bits];
        for (var at = 0; at + ShortestCopyBytes <= dictionary.Length; at++)
        {
            ref var place = ref places[Slot(dictionary[at..], shift)];
            place = place == 0 ? at + 1 : place;
        }

        return places;
    }

    private static int Slot(ReadOnlySpan<byte> bytes, int shift)
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return (int)((uint)(((int)value ^ ((int)(value >> 32) * HashMultiplier)) * HashMultiplier) >> shift);
    }

    private static void WriteStep(ReadOnlySpan<byte> literal, int copyLength, int copyOffset, IBufferWriter<byte> steps)
    {
        WriteNumber((uint)literal.Length, steps);
        steps.Write(literal);
        WriteNumber((uint)copyLength, steps);
        WriteNumber((uint)copyOffset, steps);
    }

    /// <summary>Writes a number as LEB128.</summary>
    internal static void WriteNumber(uint number, IBufferWriter<byte> steps)
    {
        var bytes = steps.GetSpan(5);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
        {
            bytes[length++] = (byte)(number | 0x80);
        }

        bytes[length++] = (byte)number;
        steps.Advance(length);
    }

    /// <summary>Reads a number of LEB128, 0 to 2,147,483,647; false when there is none.</summary>
    internal static bool TryReadNumber(ref ReadOnlySpan<byte> steps, out int number)
    {
        number = 0;
        for (var index = 0; index < Math.Min(steps.Length, 5); index++)
        {
            if (index == 4 && steps[index] > 7)
            {
                return false;
            }

            number |= (steps[index] & 0x7F) << (7 * index);
            if (steps[index] < 0x80)
            {
                steps = steps[(index + 1)..];
                return true;
            }
        }

        return false;
    }
}
