using System.Runtime.InteropServices;
using Panal.Codecs.Samples;

namespace Panal.Unit.Codecs.Support;

/// <summary>Made frames, the same in every run: smooth with some noise, flat areas, and both ends of the range.</summary>
internal static class Frames
{
    public static byte[] Make(in SampleLayout layout, int seed = 1, int noise = 5)
    {
        var random = new Random(seed);
        var bytes = new byte[layout.LengthBytes];
        if (layout.BitsAllocated == 1)
        {
            random.NextBytes(bytes.AsSpan(0, bytes.Length / 2));
            return bytes;
        }

        var range = 1L << layout.BitsStored;
        var lowest = layout.IsSigned ? -(range / 2) : 0;
        for (var component = 0; component < layout.Components; component++)
        {
            for (var y = 0; y < layout.Height; y++)
            {
                for (var x = 0; x < layout.Width; x++)
                {
                    Put(layout, bytes, component, x, y, lowest + Value(random, range, noise, component, x, y));
                }
            }
        }

        return bytes;
    }

    public static void Put(in SampleLayout layout, Span<byte> bytes, int component, int x, int y, long value)
    {
        var at = Index(layout, component, x, y);
        switch (layout.BytesPerSample)
        {
            case 1: bytes[at] = (byte)value; break;
            case 2: MemoryMarshal.Cast<byte, ushort>(bytes)[at] = (ushort)value; break;
            default: MemoryMarshal.Cast<byte, uint>(bytes)[at] = (uint)value; break;
        }
    }

    public static long Get(in SampleLayout layout, ReadOnlySpan<byte> bytes, int component, int x, int y)
    {
        var at = Index(layout, component, x, y);
        return (layout.BytesPerSample, layout.IsSigned) switch
        {
            (1, false) => bytes[at],
            (1, true) => (sbyte)bytes[at],
            (2, false) => MemoryMarshal.Cast<byte, ushort>(bytes)[at],
            (2, true) => MemoryMarshal.Cast<byte, short>(bytes)[at],
            (_, false) => MemoryMarshal.Cast<byte, uint>(bytes)[at],
            (_, true) => MemoryMarshal.Cast<byte, int>(bytes)[at],
        };
    }

    private static int Index(in SampleLayout layout, int component, int x, int y) => layout.IsPlanar
        ? (((component * layout.Height) + y) * layout.Width) + x
        : (((y * layout.Width) + x) * layout.Components) + component;

    private static long Value(Random random, long range, int noise, int component, int x, int y)
    {
        if (y % 7 == 3)
        {
            return x % 5 == 0 ? range - 1 : 0;
        }

        var smooth = (long)((Math.Sin((x + (3 * component)) / 9.0) + Math.Cos(y / 11.0) + 2) / 4.01 * range);
        return x % 23 < 9 ? range / 3 : Math.Clamp(smooth + random.Next(-noise, noise + 1), 0, range - 1);
    }
}
