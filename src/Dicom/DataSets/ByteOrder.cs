using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Panal.Dicom;

/// <summary>Turns numbers between little and big endian (PS3.5 §7.3).</summary>
internal static class ByteOrder
{
    /// <summary>Reverses each whole unit in place; bytes beyond the last whole unit stay.</summary>
    /// <param name="bytes">The numbers.</param>
    /// <param name="unitLengthBytes">1, 2, 4 or 8.</param>
    public static void Swap(Span<byte> bytes, int unitLengthBytes)
    {
        switch (unitLengthBytes)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
