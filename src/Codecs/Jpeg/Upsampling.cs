using System.Buffers;
using Panal.Codecs.Jpeg.Segments;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg;

/// <summary>Brings lines of components that were sampled less often to the size of the frame, by repeating samples.</summary>
/// <remarks>T.81 §A.1.1 says how large the components are and leaves to the application how they are brought to one size.</remarks>
internal static class Upsampling
{
    /// <summary>Stores one line of a component in all rows of the frame that it stands for.</summary>
    internal static void Store(
        JpegFrame frame, in JpegComponent component, int index, int line, ReadOnlySpan<ushort> values, in SampleLayout layout, Span<byte> samples)
    {
        if (component.H == frame.MaximumH && component.V == frame.MaximumV)
        {
            SampleRows.Write(layout, samples, index, line, values, frame.Precision);
            return;
        }

        var row = ArrayPool<ushort>.Shared.Rent(frame.Width);
        try
        {
            for (var x = 0; x < frame.Width; x++)
            {
                row[x] = values[x * component.H / frame.MaximumH];
            }

            // Rows y with floor(y * V / maximum) = line.
            var first = ((line * frame.MaximumV) + component.V - 1) / component.V;
            var end = Math.Min((((line + 1) * frame.MaximumV) + component.V - 1) / component.V, frame.Height);
            for (var y = first; y < end; y++)
            {
                SampleRows.Write(layout, samples, index, y, row, frame.Precision);
            }
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(row);
        }
    }
}
