using System.Buffers.Binary;

namespace Panal.Codecs.Jpeg2000.Codestream;

/// <summary>Packets that follow each other in one order: all of a tile, as COD says, or those that a POC segment names (T.800 §A.6.6, Table A.32).</summary>
/// <param name="Order">Their order.</param>
/// <param name="FirstResolution">0 is the smallest.</param>
/// <param name="EndResolution">The first one outside; more than a component has means all of them.</param>
/// <param name="FirstComponent">Index of the component.</param>
/// <param name="EndComponent">The first one outside.</param>
/// <param name="EndLayer">The first layer outside; the layers of each precinct begin with the first that no volume before had.</param>
internal readonly record struct ProgressionVolume(
    ProgressionOrder Order, int FirstResolution, int EndResolution, int FirstComponent, int EndComponent, int EndLayer)
{
    private const int ResolutionLimit = 33;
    private const int FixedLengthBytes = 5;

    /// <summary>Reads the content of a POC segment.</summary>
    /// <param name="content">One volume after the other.</param>
    /// <param name="componentBytes">How many bytes the index of a component takes, 1 or 2.</param>
    /// <exception cref="CodecException">It is damaged, or a volume holds nothing.</exception>
    internal static ProgressionVolume[] Read(ReadOnlySpan<byte> content, int componentBytes)
    {
        var lengthBytes = FixedLengthBytes + (2 * componentBytes);
        if (content.IsEmpty || content.Length % lengthBytes != 0)
        {
            throw new CodecException(CodecFault.Malformed, $"POC of {content.Length} bytes.");
        }

        var volumes = new ProgressionVolume[content.Length / lengthBytes];
        for (var i = 0; i < volumes.Length; i++)
        {
            volumes[i] = ReadOne(content.Slice(i * lengthBytes, lengthBytes), componentBytes);
        }

        return volumes;
    }

    private static ProgressionVolume ReadOne(ReadOnlySpan<byte> content, int componentBytes)
    {
        var first = Component(content[1..], componentBytes);
        var rest = content[(1 + componentBytes)..];
        var end = Component(rest[3..], componentBytes);

        // An end of zero stands for one more than the field can say (T.800 Table A.32).
        var volume = new ProgressionVolume(
            (ProgressionOrder)content[^1], content[0], rest[2], first, end == 0 ? 1 << (8 * componentBytes) : end, BinaryPrimitives.ReadUInt16BigEndian(rest));
        return volume.Order <= ProgressionOrder.Cprl && volume.FirstResolution < volume.EndResolution && volume.EndResolution <= ResolutionLimit
            && volume.FirstComponent < volume.EndComponent && volume.EndLayer > 0
            ? volume
            : throw new CodecException(CodecFault.Malformed, $"A progression that goes through {volume}.");
    }

    private static int Component(ReadOnlySpan<byte> content, int componentBytes) =>
        componentBytes == 1 ? content[0] : BinaryPrimitives.ReadUInt16BigEndian(content);
}
