using System.Buffers.Binary;

namespace Panal.Imaging.Frames;

/// <summary>Bytes of a fragment of encapsulated pixel data.</summary>
/// <param name="Offset">Of its first byte, from the start of the stream.</param>
/// <param name="LengthBytes">With its padding.</param>
public readonly record struct Fragment(long Offset, int LengthBytes);

/// <summary>
/// Finds which fragment begins which frame: by the extended offset table, by the basic one, because there are as many fragments as
/// frames, or because a fragment begins with the first marker of a codestream. A table that points between fragments is not believed.
/// </summary>
/// <remarks>PS3.5 §A.4; PS3.3 §C.7.6.3.1.8.</remarks>
internal static class FrameLocator
{
    /// <summary>Returns the index of the first fragment of each frame.</summary>
    /// <param name="fragments">All fragments behind the basic offset table.</param>
    /// <param name="frames">How many frames there are.</param>
    /// <param name="basicTable">Content of the basic offset table; may be empty.</param>
    /// <param name="extendedTable">Value of Extended Offset Table (7FE0,0001); may be empty.</param>
    /// <param name="beginsFrame">Whether a fragment begins with the first marker of a codestream.</param>
    /// <exception cref="ImageException">Nothing tells where the frames are.</exception>
    public static int[] Locate(
        IReadOnlyList<Fragment> fragments, int frames, ReadOnlySpan<byte> basicTable, ReadOnlySpan<byte> extendedTable, Func<Fragment, bool> beginsFrame)
    {
        if (fragments.Count < frames)
        {
            throw new ImageException(ImageFault.Damaged, $"{fragments.Count} fragments for {frames} frames.");
        }

        if (frames == 1)
        {
            return [0];
        }

        return ByTable(fragments, frames, extendedTable, sizeof(ulong))
            ?? ByTable(fragments, frames, basicTable, sizeof(uint))
            ?? (fragments.Count == frames ? Enumerable.Range(0, frames).ToArray() : null)
            ?? ByMarkers(fragments, frames, beginsFrame)
            ?? throw new ImageException(ImageFault.Damaged, $"{fragments.Count} fragments do not tell where {frames} frames begin.");
    }

    /// <summary>Offsets count from the header of the first fragment.</summary>
    private static int[]? ByTable(IReadOnlyList<Fragment> fragments, int frames, ReadOnlySpan<byte> table, int offsetBytes)
    {
        if (table.Length < (long)frames * offsetBytes)
        {
            return null;
        }

        var first = new int[frames];
        var fragment = 0;
        for (var frame = 0; frame < frames; frame++)
        {
            var at = table[(frame * offsetBytes)..];
            var offset = offsetBytes == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt64LittleEndian(at);
            while (fragment < fragments.Count && (ulong)(fragments[fragment].Offset - fragments[0].Offset) < offset)
            {
                fragment++;
            }

            if (fragment == fragments.Count || (ulong)(fragments[fragment].Offset - fragments[0].Offset) != offset
                || (frame == 0 ? fragment != 0 : fragment == first[frame - 1]))
            {
                return null;
            }

            first[frame] = fragment;
        }

        return first;
    }

    private static int[]? ByMarkers(IReadOnlyList<Fragment> fragments, int frames, Func<Fragment, bool> beginsFrame)
    {
        int[] first = [.. Enumerable.Range(0, fragments.Count).Where(index => beginsFrame(fragments[index]))];
        return first.Length == frames && first[0] == 0 ? first : null;
    }
}
