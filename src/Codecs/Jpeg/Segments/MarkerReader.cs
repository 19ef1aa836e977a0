using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg.Segments;

/// <summary>The second byte of the markers of T.81 Table B.1 and T.87 Table C.1 that are used here.</summary>
internal static class JpegMarker
{
    internal const byte StartOfFrame0 = 0xC0, StartOfFrame1 = 0xC1, StartOfFrame2 = 0xC2, StartOfFrame3 = 0xC3, StartOfFrame15 = 0xCF,
        HuffmanTables = 0xC4, JpegExtension = 0xC8, ArithmeticConditioning = 0xCC, Restart0 = 0xD0, Restart7 = 0xD7,
        StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA, QuantizationTables = 0xDB, NumberOfLines = 0xDC, RestartInterval = 0xDD,
        StartOfFrame55 = 0xF7, JpegLsParameters = 0xF8, Temporary = 0x01, Prefix = 0xFF;

    /// <summary>Markers that stand alone, without a length.</summary>
    internal static bool IsAlone(byte marker) => marker is Temporary or (>= Restart0 and <= EndOfImage);
}

/// <summary>Goes through the marker segments of a JPEG or JPEG-LS stream (T.81 §B.1.1).</summary>
internal ref struct MarkerReader
{
    private readonly ReadOnlySpan<byte> _stream;

    /// <summary>Begins behind SOI.</summary>
    /// <exception cref="CodecException">The stream does not begin with SOI.</exception>
    internal MarkerReader(ReadOnlySpan<byte> stream)
    {
        if (stream.Length < 4)
        {
            throw new CodecException(CodecFault.Truncated, $"{stream.Length} bytes are no JPEG stream.");
        }

        if (stream[0] != JpegMarker.Prefix || stream[1] != JpegMarker.StartOfImage)
        {
            throw new CodecException(CodecFault.Malformed, "The stream does not begin with SOI.");
        }

        _stream = stream;
        Position = 2;
    }

    /// <summary>Where the next marker is looked for; set behind the entropy-coded data after a scan.</summary>
    internal int Position { get; set; }

    /// <summary>Reads the next marker and, unless it stands alone, the content of its segment.</summary>
    /// <returns>False at the end of the bytes.</returns>
    /// <exception cref="CodecException">There is something else than a marker, or a segment is longer than the stream.</exception>
    internal bool TryRead(out byte marker, out ReadOnlySpan<byte> content)
    {
        content = default;
        marker = 0;
        if (Position >= _stream.Length)
        {
            return false;
        }

        if (_stream[Position] != JpegMarker.Prefix)
        {
            throw new CodecException(CodecFault.Malformed, $"No marker at {Position}.");
        }

        // Any number of FF may fill the space before a marker (T.81 §B.1.1.2).
        while (Position < _stream.Length && _stream[Position] == JpegMarker.Prefix)
        {
            Position++;
        }

        if (Position >= _stream.Length)
        {
            return false;
        }

        marker = _stream[Position++];
        if (JpegMarker.IsAlone(marker))
        {
            return true;
        }

        if (_stream.Length - Position < 2)
        {
            throw new CodecException(CodecFault.Truncated, $"Segment {marker:X2} has no length.");
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(_stream[Position..]);
        if (length < 2 || length > _stream.Length - Position)
        {
            throw new CodecException(length < 2 ? CodecFault.Malformed : CodecFault.Truncated, $"Segment {marker:X2} of {length} bytes.");
        }

        content = _stream[(Position + 2)..(Position + length)];
        Position += length;
        return true;
    }
}
