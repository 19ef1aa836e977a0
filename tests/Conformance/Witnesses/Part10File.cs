using System.Buffers.Binary;

namespace Panal.Conformance.Witnesses;

/// <summary>A reader of DICOM files that shares no code with Panal: just enough to cut off the file meta information.</summary>
internal static class Part10File
{
    private const int PreambleLength = 128;

    /// <summary>Returns the bytes that follow the file meta information; the whole file when it has none.</summary>
    public static byte[] DataSet(string path)
    {
        byte[] all = Load(path);
        return all[DataSetOffset(all)..];
    }

    /// <summary>Returns where the data set begins. PS3.10 §7.1: group 0002 is explicit VR little endian.</summary>
    public static int DataSetOffset(ReadOnlySpan<byte> file)
    {
        if (file.Length < PreambleLength + 4 || !file.Slice(PreambleLength, 4).SequenceEqual("DICM"u8))
        {
            return 0;
        }

        int offset = PreambleLength + 4;
        while (file.Length >= offset + 8 && BinaryPrimitives.ReadUInt16LittleEndian(file[offset..]) == 2)
        {
            bool longForm = file[offset + 4] == 'O' || (file[offset + 4] == 'U' && file[offset + 5] is (byte)'N' or (byte)'T');
            offset += longForm
                ? 12 + BinaryPrimitives.ReadInt32LittleEndian(file[(offset + 8)..])
                : 8 + BinaryPrimitives.ReadUInt16LittleEndian(file[(offset + 6)..]);
        }

        return offset;
    }

    private static byte[] Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] all = new byte[file.Length];
        file.ReadExactly(all);
        return all;
    }
}
