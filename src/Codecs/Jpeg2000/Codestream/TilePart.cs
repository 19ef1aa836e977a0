namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Bytes of a codestream.</summary>
/// <param name="Offset">First byte, counted from SOC.</param>
/// <param name="LengthBytes">How many.</param>
public readonly record struct ByteRange(long Offset, long LengthBytes);

/// <summary>One tile-part of a codestream (T.800 §A.4.2).</summary>
/// <param name="Tile">Index of the tile.</param>
/// <param name="Part">Which part of the tile, from 0.</param>
/// <param name="Header">From the marker SOT to the marker SOD, that included.</param>
/// <param name="Data">The packets; their bodies only where the headers stand apart (PPM, PPT).</param>
/// <param name="PacketLengths">Content of the PLT segments joined, without their indices; empty where there are none.</param>
public sealed record TilePart(int Tile, int Part, ByteRange Header, ByteRange Data, byte[] PacketLengths)
{
    /// <summary>The headers of its packets in <see cref="CodestreamHeaders.PackedHeaders"/>; null where each stands before its body.</summary>
    internal ByteRange? PackedHeaders { get; init; }
}
