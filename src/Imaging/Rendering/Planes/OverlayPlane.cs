using System.Runtime.InteropServices;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Rendering.Planes;

/// <summary>A plane of one bit a pixel over an image. PS3.3 §C.9.2.</summary>
/// <param name="Group">Its group, 6000 to 601E.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="FirstColumn">Column of the image where it begins, from 0; may lie outside.</param>
/// <param name="FirstRow">Row of the image where it begins, from 0.</param>
/// <param name="IsRegion">It marks a region (R) and is not graphics (G).</param>
/// <param name="Bits">One entry a pixel.</param>
internal sealed record OverlayPlane(ushort Group, int Columns, int Rows, int FirstColumn, int FirstRow, bool IsRegion, bool[] Bits)
{
    private const ushort FirstGroup = 0x6000, LastGroup = 0x601E;
    private const byte White = 255;

    /// <summary>All planes of a data set that show something over a frame.</summary>
    /// <param name="dataSet">An image or a presentation state.</param>
    /// <param name="frame">The frame, from 0.</param>
    /// <param name="pixels">What the pixel data is.</param>
    /// <param name="samples">The frame as it came, for planes that stand in its unused bits; empty where decoders have cleared them.</param>
    /// <param name="limits">The largest plane.</param>
    internal static IEnumerable<OverlayPlane> Of(DataSet dataSet, int frame, PixelDescription pixels, ReadOnlyMemory<byte> samples, ImageLimits limits)
    {
        for (var group = FirstGroup; group <= LastGroup; group += 2)
        {
            if (dataSet.GetUInt16(In(group, Tags.OverlayRows)) is { } rows and > 0
                && dataSet.GetUInt16(In(group, Tags.OverlayColumns)) is { } columns and > 0
                && (long)rows * columns <= limits.Codec.FrameLengthBytes
                && Read(dataSet, group, (rows, columns), frame, pixels, samples) is { } plane)
            {
                yield return plane;
            }
        }
    }

    /// <summary>Paints graphics white, and of regions their border: filled they would hide what they mark.</summary>
    internal void Paint(RenderedFrame target)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var (x, y) = (column + FirstColumn, row + FirstRow);
                if (Bits[(row * Columns) + column] && x >= 0 && y >= 0 && x < target.Width && y < target.Height && (!IsRegion || IsBorder(column, row)))
                {
                    target.Paint(x, y, White);
                }
            }
        }
    }

    private bool IsBorder(int column, int row) =>
        !Has(column - 1, row) || !Has(column + 1, row) || !Has(column, row - 1) || !Has(column, row + 1);

    private bool Has(int column, int row) => column >= 0 && row >= 0 && column < Columns && row < Rows && Bits[(row * Columns) + column];

    private static OverlayPlane? Read(
        DataSet dataSet, ushort group, (int Rows, int Columns) size, int frame, PixelDescription pixels, ReadOnlyMemory<byte> samples)
    {
        dataSet.TryGet(In(group, Tags.OverlayOrigin), out var element);
        var origin = MemoryMarshal.Cast<byte, short>(element.Value.Span);
        var (row, column) = origin.Length >= 2 ? (origin[0] - 1, origin[1] - 1) : (0, 0);

        // A plane of several frames lies over as many frames of the image, from the one that it names.
        var frames = dataSet.GetInt32(In(group, Tags.NumberOfFramesInOverlay)) ?? 1;
        var first = (dataSet.GetInt32(In(group, Tags.ImageFrameOrigin)) ?? 1) - 1;
        var index = frames > 1 ? frame - first : 0;
        if (frames > 1 && (index < 0 || index >= frames))
        {
            return null;
        }

        var bits = dataSet.TryGet(In(group, Tags.OverlayData), out var data) && data.Value.Length > 0
            ? Separate(data.Value.Span, size.Rows * size.Columns, index)
            : Embedded(dataSet, group, size, pixels, samples.Span);
        return bits is null
            ? null
            : new OverlayPlane(group, size.Columns, size.Rows, column, row, dataSet.GetString(In(group, Tags.OverlayType)) == "R", bits);
    }

    /// <summary>Bits one behind the other, the first in the lowest bit; frames follow without a gap.</summary>
    private static bool[]? Separate(ReadOnlySpan<byte> data, int count, int index)
    {
        var first = (long)index * count;
        if (first + count > 8L * data.Length)
        {
            return null;
        }

        var bits = new bool[count];
        for (var i = 0; i < count; i++)
        {
            var bit = first + i;
            bits[i] = ((data[(int)(bit >> 3)] >> (int)(bit & 7)) & 1) != 0;
        }

        return bits;
    }

    /// <summary>A bit of each sample that the pixel data does not use (retired, PS3.5 §8.1.2).</summary>
    private static bool[]? Embedded(DataSet dataSet, ushort group, (int Rows, int Columns) size, PixelDescription pixels, ReadOnlySpan<byte> samples)
    {
        var position = dataSet.GetUInt16(In(group, Tags.OverlayBitPosition)) ?? 0;
        var count = size.Rows * size.Columns;
        if (dataSet.GetUInt16(In(group, Tags.OverlayBitsAllocated)) != pixels.BitsAllocated || pixels.BitsAllocated is not (8 or 16) || pixels.SamplesPerPixel != 1
            || position >= pixels.BitsAllocated || (position <= pixels.HighBit && position > pixels.HighBit - pixels.BitsStored)
            || size != (pixels.Rows, pixels.Columns) || samples.Length < count * pixels.BitsAllocated / 8)
        {
            return null;
        }

        var bits = new bool[count];
        var bytes = pixels.BitsAllocated / 8;
        for (var i = 0; i < count; i++)
        {
            bits[i] = ((samples[(i * bytes) + (position >> 3)] >> (position & 7)) & 1) != 0;
        }

        return bits;
    }

    private static Tag In(ushort group, Tag tag) => new(group, tag.Element);
}
