using System.Buffers.Binary;

namespace Panal.Unit.Codecs.Support;

/// <summary>Puts marker segments into JPEG 2000 codestreams and takes them out; what is put in stands at the end of a header.</summary>
internal static class Segments
{
    private const ushort StartOfTilePart = 0xFF90, StartOfData = 0xFF93;
    private const int LengthOfPartAt = 6, TilePartHeaderBytes = 12;

    /// <summary>Puts a segment into the main header.</summary>
    public static byte[] Insert(byte[] codestream, ushort marker, byte[] content) => [.. codestream[..EndOfMain(codestream)], .. Segment(marker, content), .. codestream[EndOfMain(codestream)..]];

    /// <summary>Puts a segment into the header of the first tile-part.</summary>
    public static byte[] InsertInTilePart(byte[] codestream, ushort marker, byte[] content)
    {
        var start = EndOfMain(codestream);
        var end = Find(codestream, start + TilePartHeaderBytes, StartOfData);
        byte[] segment = Segment(marker, content), result = [.. codestream[..end], .. segment, .. codestream[end..]];
        Lengthen(result, start, segment.Length);
        return result;
    }

    /// <summary>Takes the first segment of a kind out, of the main header or of the first tile-part.</summary>
    public static byte[] Remove(byte[] codestream, ushort marker)
    {
        var part = EndOfMain(codestream);
        var isInMain = TryFind(codestream, 2, marker, StartOfTilePart, out var at);
        at = isInMain ? at : Find(codestream, part + TilePartHeaderBytes, marker);
        var end = EndOf(codestream, at);
        byte[] result = [.. codestream[..at], .. codestream[end..]];
        if (!isInMain)
        {
            Lengthen(result, part, at - end);
        }

        return result;
    }

    private static int EndOfMain(byte[] codestream) => Find(codestream, 2, StartOfTilePart);

    private static int Find(byte[] codestream, int at, ushort marker) =>
        TryFind(codestream, at, marker, marker, out var found) ? found : throw new InvalidDataException($"No {marker:X4}.");

    private static bool TryFind(byte[] codestream, int at, ushort marker, ushort last, out int found)
    {
        for (found = at; Marker(codestream, found) != marker; found = EndOf(codestream, found))
        {
            if (Marker(codestream, found) == last)
            {
                return false;
            }
        }

        return true;
    }

    private static int EndOf(byte[] codestream, int at) => at + 2 + Marker(codestream, at + 2);

    private static ushort Marker(byte[] codestream, int at) => BinaryPrimitives.ReadUInt16BigEndian(codestream.AsSpan(at));

    private static void Lengthen(byte[] codestream, int part, int bytes)
    {
        var length = codestream.AsSpan(part + LengthOfPartAt, 4);
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)(BinaryPrimitives.ReadUInt32BigEndian(length) + bytes));
    }

    private static byte[] Segment(ushort marker, byte[] content)
    {
        var segment = new byte[4 + content.Length];
        BinaryPrimitives.WriteUInt16BigEndian(segment, marker);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), (ushort)(2 + content.Length));
        content.CopyTo(segment, 4);
        return segment;
    }
}
