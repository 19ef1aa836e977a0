using System.Buffers.Binary;
using Panal.Codecs.Samples;

namespace Panal.Codecs.Rle;

/// <summary>The header of an RLE frame: how many segments, and where each begins.</summary>
/// <remarks>
/// PS3.5 §G.5, Table G.5-1: sixteen little endian 32-bit numbers: the number of segments, then fifteen offsets from the
/// beginning of the header. A segment holds one byte of every sample of one component, the most significant byte first (§G.2).
/// </remarks>
internal static class RleHeader
{
    internal const int LengthBytes = 64;
    internal const int SegmentLimit = 15;

    /// <summary>Segments that a frame of this layout has.</summary>
    /// <exception cref="CodecException">They are more than the header has room for.</exception>
    internal static int SegmentsOf(in SampleLayout layout)
    {
        var segments = layout.Components * layout.BytesPerSample;
        return segments <= SegmentLimit ? segments : throw new CodecException(
            CodecFault.Unsupported, $"{layout.Components} components of {layout.BitsAllocated} bits need {segments} segments; RLE has {SegmentLimit}.");
    }

    /// <summary>Reads the offsets and checks that they rise and lie within the frame.</summary>
    internal static void Read(ReadOnlySpan<byte> encoded, Span<int> offsets)
    {
        if (encoded.Length < LengthBytes)
        {
            throw new CodecException(CodecFault.Truncated, $"{encoded.Length} bytes are no RLE header.");
        }

        var segments = BinaryPrimitives.ReadUInt32LittleEndian(encoded);
        if (segments != offsets.Length)
        {
            throw new CodecException(
                segments > SegmentLimit ? CodecFault.Malformed : CodecFault.Mismatch,
                $"{segments} segments where the samples need {offsets.Length}.");
        }

        var lowest = (uint)LengthBytes;
        for (var i = 0; i < offsets.Length; i++)
        {
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(encoded[(4 + (4 * i))..]);
            if (offset < lowest || offset > encoded.Length)
            {
                throw new CodecException(
                    offset < lowest ? CodecFault.Malformed : CodecFault.Truncated, $"Segment {i} begins at {offset} of {encoded.Length} bytes.");
            }

            lowest = offset;
            offsets[i] = (int)offset;
        }
    }

    /// <summary>Writes the header; offsets beyond the segments are zero.</summary>
    internal static void Write(Span<byte> encoded, ReadOnlySpan<int> offsets)
    {
        encoded[..LengthBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(encoded, (uint)offsets.Length);
        for (var i = 0; i < offsets.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(encoded[(4 + (4 * i))..], (uint)offsets[i]);
        }
    }

    /// <summary>Where the bytes of a segment stand among the samples.</summary>
    /// <returns>The first byte, the distance from one to the next, and how many there are.</returns>
    internal static (int First, int Step, int Count) Place(in SampleLayout layout, int segment)
    {
        if (layout.BitsAllocated == 1)
        {
            return (0, 1, (int)layout.LengthBytes);
        }

        var bytes = layout.BytesPerSample;
        var component = segment / bytes;
        var lowByteFirst = bytes - 1 - (segment % bytes);
        var pixels = layout.Width * layout.Height;
        return layout.IsPlanar
            ? ((component * pixels * bytes) + lowByteFirst, bytes, pixels)
            : ((component * bytes) + lowByteFirst, bytes * layout.Components, pixels);
    }
}
