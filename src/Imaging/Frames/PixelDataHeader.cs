using System.Buffers;
using System.Buffers.Binary;
using Panal.Dicom;

namespace Panal.Imaging.Frames;

/// <summary>The header of Pixel Data (7FE0,0010) in little endian (PS3.5 §7.1).</summary>
internal static class PixelDataHeader
{
    /// <summary>Writes it: OW where a sample takes more than a byte, and in implicit VR (PS3.5 §8.2, Annex A.1), else OB.</summary>
    internal static void Write(TransferSyntax syntax, int bitsAllocated, uint lengthBytes, IBufferWriter<byte> target)
    {
        Span<byte> header = [0xE0, 0x7F, 0x10, 0x00, (byte)'O', (byte)(syntax.IsEncapsulated || bitsAllocated <= 8 ? 'B' : 'W'), 0, 0, 0, 0, 0, 0];
        var lengthAt = syntax.IsExplicitVr ? 8 : 4;
        BinaryPrimitives.WriteUInt32LittleEndian(header[lengthAt..], lengthBytes);
        target.Write(header[..(lengthAt + sizeof(uint))]);
    }
}
