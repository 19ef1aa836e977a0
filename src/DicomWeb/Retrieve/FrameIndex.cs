using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.DicomWeb.Answers;

namespace Panal.DicomWeb.Retrieve;

/// <summary>Where the frames of an image lie in its data set (PS3.5 §8.2, §A.4).</summary>
internal sealed class FrameIndex
{
    private readonly OmittedValue _pixels;
    private readonly long _frameBits;
    private readonly FragmentPlace[][] _encapsulated;

    private FrameIndex(OmittedValue pixels, long frameBits, int count, FragmentPlace[][] encapsulated) =>
        (_pixels, _frameBits, Count, _encapsulated) = (pixels, frameBits, count, encapsulated);

    /// <summary>Frames that are there.</summary>
    public int Count { get; }

    /// <summary>Finds the frames.</summary>
    /// <param name="outline">With its fragments listed.</param>
    /// <param name="isVideo">All fragments are one stream, whatever Number of Frames says.</param>
    /// <exception cref="WebFaultException">There is no pixel data, or it cannot be told where frames begin.</exception>
    public static FrameIndex Of(DataSetOutline outline, bool isVideo)
    {
        var dataSet = outline.DataSet;
        if (!outline.Omitted.TryGetValue("7FE00010", out var pixels)
            && !outline.Omitted.TryGetValue("7FE00008", out pixels)
            && !outline.Omitted.TryGetValue("7FE00009", out pixels))
        {
            throw WebFaultException.NotFound("The instance has no pixel data");
        }

        var told = isVideo ? 1 : Math.Max(dataSet.GetInt32(Tags.NumberOfFrames) ?? 1, 1);
        if (pixels.IsEncapsulated)
        {
            var frames = Gather(pixels, ExtendedOffsets(dataSet), told);
            return new FrameIndex(pixels, 0, frames.Length, frames);
        }

        var bits = FrameBitsOf(dataSet);
        var held = bits == 0 ? 0 : (Int128)pixels.LengthBytes * 8 / bits;
        return new FrameIndex(pixels, bits, (int)Int128.Min(told, held), []);
    }

    /// <summary>Length of a frame, in bytes.</summary>
    public long LengthOf(int index) =>
        _pixels.IsEncapsulated ? _encapsulated[index].Sum(fragment => fragment.LengthBytes) : (_frameBits + 7) / 8;

    /// <summary>Writes one frame; frames of single bits that do not begin at a byte are moved to one.</summary>
    /// <param name="bytes">The data set.</param>
    /// <param name="index">From 0.</param>
    /// <param name="target">Takes it.</param>
    /// <param name="ct">Stops between two reads.</param>
    public async ValueTask CopyAsync(InstanceBytes bytes, int index, Stream target, CancellationToken ct)
    {
        if (_pixels.IsEncapsulated)
        {
            foreach (var fragment in _encapsulated[index])
            {
                await bytes.CopyAsync(fragment.OffsetBytes, fragment.LengthBytes, target, ct);
            }

            return;
        }

        var firstBit = index * _frameBits;
        if (firstBit % 8 == 0)
        {
            await bytes.CopyAsync(_pixels.OffsetBytes + (firstBit / 8), LengthOf(index), target, ct);
            return;
        }

        using var packed = new MemoryStream();
        var lastByte = (firstBit + _frameBits + 7) / 8;
        await bytes.CopyAsync(_pixels.OffsetBytes + (firstBit / 8), lastByte - (firstBit / 8), packed, ct);
        await target.WriteAsync(ShiftDown(packed.GetBuffer().AsSpan(0, (int)packed.Length), (int)(firstBit % 8), LengthOf(index)), ct);
    }

    /// <summary>Single bits stand lowest first (PS3.5 §8.1.1).</summary>
    private static byte[] ShiftDown(ReadOnlySpan<byte> packed, int bits, long length)
    {
        var frame = new byte[length];
        for (var index = 0; index < frame.Length; index++)
        {
            var next = index + 1 < packed.Length ? packed[index + 1] : 0;
            frame[index] = (byte)((packed[index] >> bits) | (next << (8 - bits)));
        }

        return frame;
    }

    /// <summary>Bits of a native frame; 0 when the description is none.</summary>
    private static long FrameBitsOf(DataSet dataSet)
    {
        Int128 samples = dataSet.GetUInt16(Tags.SamplesPerPixel) ?? 1;

        // Chrominance of every second column only (PS3.3 §C.7.6.3.1.2).
        if (dataSet.GetString(Tags.PhotometricInterpretation) is "YBR_FULL_422" or "YBR_PARTIAL_422")
        {
            samples = 2;
        }

        var bits = samples * (dataSet.GetUInt16(Tags.Rows) ?? 0) * (dataSet.GetUInt16(Tags.Columns) ?? 0) * (dataSet.GetUInt16(Tags.BitsAllocated) ?? 0);
        return bits > long.MaxValue / 2 ? 0 : (long)bits;
    }

    private static ulong[] ExtendedOffsets(DataSet dataSet)
    {
        if (!dataSet.TryGet(Tags.ExtendedOffsetTable, out var element))
        {
            return [];
        }

        var offsets = new ulong[element.Value.Length / 8];
        for (var index = 0; index < offsets.Length; index++)
        {
            offsets[index] = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(element.Value.Span[(8 * index)..]);
        }

        return offsets;
    }

    /// <summary>Gathers fragments into frames: by number where that tells, else by a table of offsets.</summary>
    private static FragmentPlace[][] Gather(OmittedValue pixels, ulong[] extendedOffsets, int told)
    {
        var fragments = pixels.Fragments;
        if (fragments.Count == 0)
        {
            return [];
        }

        if (told == 1)
        {
            return [[.. fragments]];
        }

        if (fragments.Count == told)
        {
            return [.. fragments.Select(fragment => (FragmentPlace[])[fragment])];
        }

        IReadOnlyList<ulong> offsets = extendedOffsets.Length == told ? extendedOffsets : [.. pixels.BasicOffsets.Select(offset => (ulong)offset)];
        return TryGather(fragments, offsets, out var frames)
            ? frames
            : throw new WebFaultException(Microsoft.AspNetCore.Http.StatusCodes.Status422UnprocessableEntity, "The pixel data does not tell where its frames begin");
    }

    /// <summary>Offsets count from the item of the first fragment (PS3.5 §A.4).</summary>
    private static bool TryGather(IReadOnlyList<FragmentPlace> fragments, IReadOnlyList<ulong> offsets, out FragmentPlace[][] frames)
    {
        frames = [];
        if (offsets.Count == 0 || offsets[0] != 0)
        {
            return false;
        }

        var gathered = new List<FragmentPlace>[offsets.Count];
        var frame = -1;
        foreach (var fragment in fragments)
        {
            var offset = (ulong)(fragment.OffsetBytes - fragments[0].OffsetBytes);
            if (frame + 1 < offsets.Count && offset == offsets[frame + 1])
            {
                gathered[++frame] = [];
            }

            gathered[frame].Add(fragment);
        }

        // An offset that is no fragment's was passed over: then none of them can be trusted.
        if (frame + 1 != offsets.Count)
        {
            return false;
        }

        frames = [.. gathered.Select(list => list.ToArray())];
        return true;
    }
}
