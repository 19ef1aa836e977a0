namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Markers of T.800 Table A.2 and T.814.</summary>
internal static class CodestreamMarker
{
    internal const ushort Start = 0xFF4F, StartOfTilePart = 0xFF90, StartOfData = 0xFF93, End = 0xFFD9, Size = 0xFF51, CodingStyle = 0xFF52,
        ComponentStyle = 0xFF53, Region = 0xFF5E, Quantization = 0xFF5C, ComponentQuantization = 0xFF5D, ProgressionChange = 0xFF5F, PacketLengths = 0xFF58, PackedHeaders = 0xFF60, PackedTileHeaders = 0xFF61,
        Capabilities = 0xFF50, TilePartLengths = 0xFF55, StartOfPacket = 0xFF91, EndOfPacketHeader = 0xFF92;

    /// <summary>From here to <see cref="LastAlone"/> markers have no content (T.800 §A.1).</summary>
    internal const ushort FirstAlone = 0xFF30, LastAlone = 0xFF3F;
}
