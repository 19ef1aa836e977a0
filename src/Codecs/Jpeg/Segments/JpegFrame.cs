using System.Buffers.Binary;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Jpeg.Segments;

/// <summary>One component of a frame (T.81 §B.2.2).</summary>
/// <param name="Id">Component identifier, by which scans name it.</param>
/// <param name="H">Horizontal sampling factor, 1 to 4.</param>
/// <param name="V">Vertical sampling factor, 1 to 4.</param>
/// <param name="QuantizationTable">0 to 3.</param>
internal readonly record struct JpegComponent(byte Id, int H, int V, int QuantizationTable);

/// <summary>A frame header, SOF (T.81 §B.2.2; T.87 §C.2.2).</summary>
internal sealed class JpegFrame
{
    private const int FixedLengthBytes = 6;
    private const int ComponentLengthBytes = 3;
    private const int ComponentLimit = 4;
    private const int SamplingLimit = 4;

    private JpegFrame(byte marker, int precision, int width, int height, JpegComponent[] components)
    {
        (Marker, Precision, Width, Height, Components) = (marker, precision, width, height, components);
        foreach (var component in components)
        {
            (MaximumH, MaximumV) = (Math.Max(MaximumH, component.H), Math.Max(MaximumV, component.V));
        }
    }

    /// <summary>Which SOF it was, and so which process.</summary>
    internal byte Marker { get; }

    /// <summary>Bits a sample.</summary>
    internal int Precision { get; }

    internal int Width { get; }

    internal int Height { get; }

    internal JpegComponent[] Components { get; }

    internal int MaximumH { get; } = 1;

    internal int MaximumV { get; } = 1;

    /// <summary>How decoded samples lie, interleaved by pixel.</summary>
    internal SampleLayout Layout => new(Width, Height, Components.Length, Precision <= 8 ? 8 : 16, Precision);

    /// <summary>Reads the content of a SOF segment.</summary>
    /// <exception cref="CodecException">It is damaged, larger than the limits, or says something that no process here allows.</exception>
    internal static JpegFrame Read(byte marker, ReadOnlySpan<byte> content, CodecLimits limits)
    {
        if (content.Length < FixedLengthBytes || content.Length != FixedLengthBytes + (ComponentLengthBytes * content[5]))
        {
            throw new CodecException(CodecFault.Malformed, $"A frame header of {content.Length} bytes.");
        }

        int precision = content[0];
        var height = BinaryPrimitives.ReadUInt16BigEndian(content[1..]);
        var width = BinaryPrimitives.ReadUInt16BigEndian(content[3..]);
        if (precision is < 2 or > 16)
        {
            throw new CodecException(CodecFault.Malformed, $"Samples of {precision} bits.");
        }

        if (height == 0)
        {
            throw new CodecException(CodecFault.Unsupported, "The number of lines is to be found behind the first scan (DNL).");
        }

        if (content[5] is 0 or > ComponentLimit)
        {
            throw new CodecException(CodecFault.Unsupported, $"{content[5]} components.");
        }

        var components = new JpegComponent[content[5]];
        for (var i = 0; i < components.Length; i++)
        {
            var at = content.Slice(FixedLengthBytes + (ComponentLengthBytes * i), ComponentLengthBytes);
            components[i] = new JpegComponent(at[0], at[1] >> 4, at[1] & 15, at[2]);
            if (components[i] is { H: < 1 or > SamplingLimit } or { V: < 1 or > SamplingLimit } or { QuantizationTable: > 3 })
            {
                throw new CodecException(CodecFault.Malformed, $"Component {i} with sampling {at[1]:X2} and table {at[2]}.");
            }
        }

        var frame = new JpegFrame(marker, precision, width, height, components);
        frame.Layout.Check(limits);
        return frame;
    }

    /// <summary>Index of the component with an identifier.</summary>
    /// <exception cref="CodecException">There is none.</exception>
    internal int IndexOf(byte id)
    {
        var index = Array.FindIndex(Components, component => component.Id == id);
        return index >= 0 ? index : throw new CodecException(CodecFault.Malformed, $"A scan names component {id}, which the frame does not have.");
    }

    /// <summary>Samples a line of a component, and its lines (T.81 §A.1.1).</summary>
    internal (int Width, int Height) SizeOf(in JpegComponent component) => (
        ((Width * component.H) + MaximumH - 1) / MaximumH,
        ((Height * component.V) + MaximumV - 1) / MaximumV);

    /// <summary>Checks that this frame is the one that the caller expects and that its buffer can hold the samples.</summary>
    internal void CheckAgainst(in SampleLayout layout)
    {
        if (layout.Width != Width || layout.Height != Height || layout.Components != Components.Length || layout.BitsAllocated is not (8 or 16)
            || layout.BitsAllocated < Precision)
        {
            throw new CodecException(
                CodecFault.Mismatch,
                $"The stream has {Width} x {Height} x {Components.Length} samples of {Precision} bits; expected were {layout.Width} x {layout.Height} x {layout.Components} in {layout.BitsAllocated}.");
        }
    }
}
