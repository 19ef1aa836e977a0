using System.Runtime.InteropServices;
using Panal.Dicom;

namespace Panal.Imaging.Rendering;

/// <summary>A table that gives one value for each input; inputs before and behind it give its first and last value.</summary>
/// <remarks>PS3.3 §C.11.1.1.1, §C.11.2.1.1 and §C.7.6.3.1.5.</remarks>
internal sealed class LookupTable
{
    /// <summary>Entries that a descriptor with 0 stands for, and the most there can be.</summary>
    private const int EntryLimit = 65536;

    private readonly ushort[] _values;

    private LookupTable(int firstInput, ushort[] values, int bits) => (FirstInput, _values, Bits) = (firstInput, values, bits);

    /// <summary>The input that the first entry stands for.</summary>
    internal int FirstInput { get; }

    /// <summary>Entries, 1 to 65536.</summary>
    internal int Count => _values.Length;

    /// <summary>Bits of an entry that are meant, 1 to 16.</summary>
    internal int Bits { get; }

    /// <summary>The largest value that an entry can have.</summary>
    internal int MaximumValue => (1 << Bits) - 1;

    internal int this[int input] => _values[Math.Clamp((long)input - FirstInput, 0, _values.Length - 1)];

    /// <summary>Reads LUT Descriptor (0028,3002) and LUT Data (0028,3006) of an item; null when it has none.</summary>
    /// <exception cref="ImageException">They contradict each other.</exception>
    internal static LookupTable? Read(DataSet item, bool isSigned) => item.HasValue(Tags.LUTDescriptor) && item.TryGet(Tags.LUTData, out var data)
        ? Of(item, Tags.LUTDescriptor, isSigned, descriptor => Unpack(data.Value.Span, descriptor))
        : null;

    /// <summary>Makes a table of a descriptor and whatever gives the entries.</summary>
    /// <exception cref="ImageException">The descriptor is none, or there are too few entries.</exception>
    internal static LookupTable Of(DataSet item, Tag descriptorTag, bool isSigned, Func<Descriptor, ushort[]> unpack)
    {
        item.TryGet(descriptorTag, out var element);
        var words = MemoryMarshal.Cast<byte, ushort>(element.Value.Span);
        if (words.Length < 3)
        {
            throw new ImageException(ImageFault.Damaged, $"{descriptorTag} has {words.Length} values.");
        }

        // The first value says how many entries there are, whatever VR it came in; the second has the sign of the pixels.
        var descriptor = new Descriptor(words[0] == 0 ? EntryLimit : words[0], isSigned ? (short)words[1] : words[1], words[2]);
        var values = unpack(descriptor);
        if (values.Length == 0)
        {
            throw new ImageException(ImageFault.Damaged, "A lookup table has no entries.");
        }

        // Some writers name more or fewer bits than their entries have; the highest entry tells at least how many there are.
        var highest = 1;
        foreach (var value in values)
        {
            highest = Math.Max(highest, value);
        }

        var needed = 32 - int.LeadingZeroCount(highest);
        return new LookupTable(descriptor.FirstInput, values, descriptor.Bits is >= 8 and <= 16 ? Math.Max(descriptor.Bits, needed) : needed);
    }

    /// <summary>Entries of 16 bits each, or of eight bits with two in a word.</summary>
    internal static ushort[] Unpack(ReadOnlySpan<byte> data, Descriptor descriptor)
    {
        if (data.Length >= 2 * descriptor.Entries)
        {
            return MemoryMarshal.Cast<byte, ushort>(data)[..descriptor.Entries].ToArray();
        }

        if (data.Length < descriptor.Entries || descriptor.Bits > 8)
        {
            throw new ImageException(ImageFault.Damaged, $"A lookup table of {descriptor.Entries} entries in {data.Length} bytes.");
        }

        var values = new ushort[descriptor.Entries];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = data[i];
        }

        return values;
    }

    /// <summary>The three numbers of a descriptor.</summary>
    internal readonly record struct Descriptor(int Entries, int FirstInput, int Bits);
}
