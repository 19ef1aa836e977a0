using System.Numerics;
using System.Runtime.InteropServices;

namespace Panal.Codecs.Samples;

/// <summary>The rows of a frame's components as unsigned numbers, whatever the layout of the buffer; 8 or 16 bits allocated.</summary>
/// <remarks>Machines that run .NET 10 are little endian, as the samples are; <see cref="MemoryMarshal"/> relies on it.</remarks>
internal static class SampleRows
{
    /// <summary>Puts one row of one component into its place, extending the sign if the layout has one.</summary>
    /// <param name="bits">Bits of a value that count, 1 to 16; from here on the sign is extended.</param>
    internal static void Write(in SampleLayout layout, Span<byte> samples, int component, int row, ReadOnlySpan<ushort> values, int bits)
    {
        var (first, step) = Place(layout, component, row);
        values = values[..layout.Width];
        if (layout.BytesPerSample == 1)
        {
            var target = samples[first..];
            var unused = layout.IsSigned ? 8 - bits : 0;
            for (int i = 0, at = 0; i < values.Length; i++, at += step)
            {
                target[at] = (byte)((sbyte)(values[i] << unused) >> unused);
            }

            return;
        }

        var wide = MemoryMarshal.Cast<byte, ushort>(samples)[first..];
        var shift = layout.IsSigned ? 16 - bits : 0;
        if (shift == 0 && step == 1)
        {
            values.CopyTo(wide);
            return;
        }

        for (int i = 0, at = 0; i < values.Length; i++, at += step)
        {
            wide[at] = shift == 0 ? values[i] : (ushort)((short)(values[i] << shift) >> shift);
        }
    }

    /// <summary>Puts a part of a row of one component into its place, as many bits as the layout allocates.</summary>
    internal static void Write(in SampleLayout layout, Span<byte> samples, int component, int row, int column, ReadOnlySpan<int> values)
    {
        var (first, step) = Place(layout, component, row);
        first += column * step;
        if (layout.BytesPerSample == 1)
        {
            var target = samples.Slice(first, ((values.Length - 1) * step) + 1);
            for (int i = 0, at = 0; i < values.Length; i++, at += step)
            {
                target[at] = (byte)values[i];
            }

            return;
        }

        var wide = MemoryMarshal.Cast<byte, ushort>(samples).Slice(first, ((values.Length - 1) * step) + 1);
        var done = 0;
        for (; step == 1 && done <= values.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            Vector.Narrow(new Vector<int>(values[done..]), new Vector<int>(values[(done + Vector<int>.Count)..])).As<short, ushort>().CopyTo(wide[done..]);
        }

        for (; done < values.Length; done++)
        {
            wide[done * step] = (ushort)values[done];
        }
    }

    /// <summary>Takes one row of one component, with the bits above <paramref name="bits"/> cleared.</summary>
    internal static void Read(in SampleLayout layout, ReadOnlySpan<byte> samples, int component, int row, Span<ushort> values, int bits)
    {
        var (first, step) = Place(layout, component, row);
        values = values[..layout.Width];
        var mask = (ushort)((1 << bits) - 1);
        if (layout.BytesPerSample == 1)
        {
            var source = samples[first..];
            for (int i = 0, at = 0; i < values.Length; i++, at += step)
            {
                values[i] = (ushort)(source[at] & mask);
            }

            return;
        }

        var wide = MemoryMarshal.Cast<byte, ushort>(samples)[first..];
        var done = 0;
        for (; step == 1 && done <= values.Length - Vector<ushort>.Count; done += Vector<ushort>.Count)
        {
            (new Vector<ushort>(wide[done..]) & new Vector<ushort>(mask)).CopyTo(values[done..]);
        }

        for (; done < values.Length; done++)
        {
            values[done] = (ushort)(wide[done * step] & mask);
        }
    }

    /// <summary>Where a row of a component begins, and the distance of its samples, both in samples.</summary>
    private static (int First, int Step) Place(in SampleLayout layout, int component, int row) => layout.IsPlanar
        ? ((component * layout.Height * layout.Width) + (row * layout.Width), 1)
        : ((row * layout.Width * layout.Components) + component, layout.Components);
}
