namespace Panal.Codecs.Jpeg.Segments;

/// <summary>One component of a scan.</summary>
/// <param name="Index">Which component of the frame.</param>
/// <param name="Dc">Huffman table of DC coefficients or differences, 0 to 3; for JPEG-LS the whole byte, a mapping table.</param>
/// <param name="Ac">Huffman table of AC coefficients, 0 to 3.</param>
internal readonly record struct ScanComponent(int Index, int Dc, int Ac);

/// <summary>A scan header, SOS (T.81 §B.2.3; T.87 §C.2.3).</summary>
/// <param name="Components">In the order in which they are interleaved.</param>
/// <param name="First">Ss: first coefficient, predictor of lossless processes, NEAR of JPEG-LS.</param>
/// <param name="Last">Se: last coefficient, interleave mode of JPEG-LS.</param>
/// <param name="High">Ah: earlier point transform of progressive scans.</param>
/// <param name="Low">Al: point transform.</param>
internal sealed record JpegScan(ScanComponent[] Components, int First, int Last, int High, int Low)
{
    /// <summary>Reads the content of an SOS segment.</summary>
    /// <exception cref="CodecException">It is damaged, or names components that the frame does not have.</exception>
    internal static JpegScan Read(ReadOnlySpan<byte> content, JpegFrame frame)
    {
        if (content.Length < 1 || content[0] is < 1 or > 4 || content.Length != 4 + (2 * content[0]))
        {
            throw new CodecException(CodecFault.Malformed, $"A scan header of {content.Length} bytes.");
        }

        var components = new ScanComponent[content[0]];
        var named = 0;
        for (var i = 0; i < components.Length; i++)
        {
            var index = frame.IndexOf(content[1 + (2 * i)]);
            if ((named & (1 << index)) != 0)
            {
                throw new CodecException(CodecFault.Malformed, $"A scan names component {index} twice.");
            }

            named |= 1 << index;
            components[i] = new ScanComponent(index, content[2 + (2 * i)] >> 4, content[2 + (2 * i)] & 15);
        }

        var end = content[^3..];
        return new JpegScan(components, end[0], end[1], end[2] >> 4, end[2] & 15);
    }
}
