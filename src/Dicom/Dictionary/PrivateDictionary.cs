using System.Text;

namespace Panal.Dicom;

/// <summary>Private elements that vendors have published, by private creator (PS3.5 §7.8).</summary>
public static partial class PrivateDictionary
{
    /// <summary>Finds a private element of a creator; the block number of the tag does not matter.</summary>
    public static bool TryFind(string creator, Tag tag, out Vr vr, out string name)
    {
        var row = RowOf(CreatorIndex(Encoding.UTF8.GetBytes(creator)), tag);
        (vr, name) = row >= 0 ? (VrOfRow(row), Text(NameRows, NameColumn[row])) : (Vr.UN, "");
        return row >= 0;
    }

    /// <summary>The place of a creator in the table, or -1; trailing spaces do not matter.</summary>
    internal static int CreatorIndex(ReadOnlySpan<byte> creator)
    {
        creator = creator.TrimEnd(" \0"u8);
        var (low, high) = (0, CreatorOffsets.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var comparison = Bytes(CreatorRows, CreatorOffsets[middle]).SequenceCompareTo(creator);
            if (comparison == 0)
            {
                return middle;
            }

            (low, high) = comparison < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    /// <summary>The VR of a private element, UN when it is not known.</summary>
    internal static Vr VrOf(int creatorIndex, Tag tag)
    {
        var row = RowOf(creatorIndex, tag);
        return row >= 0 ? VrOfRow(row) : Vr.UN;
    }

    private static Vr VrOfRow(int row) => DataDictionary.VrOfIndex((int)(KeyColumn[row] & 0xFF));

    private static int RowOf(int creatorIndex, Tag tag)
    {
        if (creatorIndex < 0)
        {
            return -1;
        }

        var key = ((uint)tag.Group << 8) | (tag.Value & 0xFF);
        var (low, high) = (FirstRows[creatorIndex], FirstRows[creatorIndex + 1] - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = KeyColumn[middle] >> 8;
            if (found == key)
            {
                return middle;
            }

            if (found < key)
            {
                low = (ushort)(middle + 1);
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }

    private static string Text(ReadOnlySpan<byte> rows, uint offset) => Encoding.UTF8.GetString(Bytes(rows, offset));

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> rows, uint offset)
    {
        var row = rows[(int)offset..];
        return row[..row.IndexOf((byte)'\n')];
    }
}
