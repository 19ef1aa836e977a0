using System.Buffers;
using System.Buffers.Binary;
using Panal.Codecs;
using Panal.Codecs.Jpeg2000.Codestream;
using Panal.Codecs.Jpeg2000.Packets;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Compact.Stages;

/// <summary>Cuts a compact file into stages: a coarse picture of everything first, then layer after layer up to the whole file. See docs/formats/stages.md.</summary>
public sealed class StageCuts
{
    /// <summary>Longest element that comes with the first stage, in bytes.</summary>
    private const int ShortElementBytes = 1024;

    private readonly Stream _file;
    private readonly Stage[] _stages;

    private StageCuts(Stream file, Stage[] stages) => (_file, _stages) = (file, stages);

    /// <summary>How many stages there are, at least 2.</summary>
    public int Count => _stages.Length;

    /// <summary>Gives the bytes of a stage, piece by piece.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Write(int number, StageSink sink) => _stages[number].Write(_file, sink);

    /// <summary>Finds the stages of a compact file; null when it has none, and is sent whole. One frame is in memory at a time.</summary>
    /// <param name="compact">The file; it can seek. The result reads it, and does not close it.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static StageCuts? Find(Stream compact, ImageLimits limits)
    {
        ArgumentNullException.ThrowIfNull(compact);
        ArgumentNullException.ThrowIfNull(limits);
        if (compact.Length > Stage.FileLimitBytes)
        {
            return null;
        }

        try
        {
            return Cut(compact, limits);
        }
        catch (Exception e) when (e is ImageException or DicomFormatException or CodecException)
        {
            // Whoever wants its pixels will be told what is wrong with it.
            return null;
        }
    }

    private static StageCuts? Cut(Stream file, ImageLimits limits)
    {
        _ = ReceivedStream.ReadHead(file, out var meta);
        if (!ReceivedStream.IsCompact(meta) || meta.TransferSyntax.Uid != Uids.JPEG2000Lossless
            || !meta.Elements.TryGet(Tags.PrivateInformation, out var information) || !Recipe.TryRead(information.Value.Span, out var recipe))
        {
            return null;
        }

        file.Position = meta.DataSetOffsetBytes;
        var image = StoredImage.Read(file, meta.TransferSyntax, limits);
        if (image.Pixels is not { } pixels || PacketsOf(image, pixels.Frames, limits) is not var (packets, layers) || layers < 2)
        {
            return null;
        }

        var begin = (int)image.AttributesEndOffset;
        var attributes = new byte[begin - meta.DataSetOffsetBytes];
        file.Position = meta.DataSetOffsetBytes;
        file.ReadExactly(attributes);
        var first = ShortElements(attributes, meta, limits);
        first.AddRange(Between(packets.Select(static packet => packet.Range), begin, image.TrailingOffset));
        first = Joined(first);
        var cuts = LayersOf(layers);
        var stages = new Stage[cuts.Count];
        for (var i = 0; i < stages.Length; i++)
        {
            var (from, to) = (i == 0 ? 0 : cuts[i - 1], cuts[i]);
            IReadOnlyList<ByteRange> plain = i == 0 ? first
                : i < stages.Length - 1 ? [] : Between(Joined([.. first, .. packets.Select(static packet => packet.Range)]), 0, file.Length);
            stages[i] = new Stage(
                BinaryPrimitives.ReadUInt64LittleEndian(recipe.Hash.Span), i, to, layers, (int)file.Length, begin, (int)image.TrailingOffset, plain,
                Joined(packets.Where(packet => packet.Layer >= from && packet.Layer < to).Select(static packet => packet.Range)));
        }

        return new StageCuts(file, stages);
    }

    /// <summary>After which layer each stage ends.</summary>
    private static List<int> LayersOf(int layers) => [.. ((int[])[1, (layers + 1) / 2, layers]).Distinct()];

    /// <summary>Where the packets of all frames lie in the file; null when a frame is not one fragment, or the frames have different layers.</summary>
    private static (List<(ByteRange Range, int Layer)> Packets, int Layers)? PacketsOf(StoredImage image, int frames, ImageLimits limits)
    {
        var packets = new List<(ByteRange, int)>();
        var layers = 0;
        for (var frame = 0; frame < frames; frame++)
        {
            if (image.FragmentsOf(frame) is not [var fragment] || packets.Count > Stage.RangeLimit)
            {
                return null;
            }

            var index = IndexOf(image.Bytes, fragment, limits);
            var own = index.Headers.StyleOf(0).Layers;
            if (frame > 0 && own != layers)
            {
                return null;
            }

            layers = own;
            foreach (ref readonly var packet in index.Packets)
            {
                packets.Add((new ByteRange(fragment.Offset + packet.Offset, packet.LengthBytes), packet.Layer));
            }
        }

        return packets.Count > Stage.RangeLimit ? null : (packets, layers);
    }

    private static PacketIndex IndexOf(Stream file, Fragment fragment, ImageLimits limits)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(fragment.LengthBytes);
        try
        {
            var codestream = buffer.AsSpan(0, fragment.LengthBytes);
            file.Position = fragment.Offset;
            file.ReadExactly(codestream);
            return PacketIndex.Read(codestream, limits.Codec, PacketLengthSource.PacketLengths);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The elements that a viewer needs first: all short ones that the standard defines.</summary>
    private static List<ByteRange> ShortElements(ReadOnlySpan<byte> attributes, FileMetaInformation meta, ImageLimits limits)
    {
        var ranges = new List<ByteRange>();
        var reader = new DataSetReader(meta.TransferSyntax, limits.Decode, attributes.Length);
        var (position, start, isWanted) = (0, 0L, false);
        while (reader.TryRead(attributes[position..], isFinal: true, out var token, out var consumed))
        {
            position += consumed;
            if (token is { Depth: 0, Kind: DataSetTokenKind.Element or DataSetTokenKind.SequenceStart })
            {
                End(token.OffsetBytes);
                (start, isWanted) = (token.OffsetBytes, token.Tag.Group % 2 == 0);
            }
        }

        End(attributes.Length);
        return ranges;

        void End(long end)
        {
            if (isWanted && end - start <= ShortElementBytes)
            {
                ranges.Add(new ByteRange(meta.DataSetOffsetBytes + start, end - start));
            }
        }
    }

    /// <summary>What lies between two places and in none of the ranges.</summary>
    private static List<ByteRange> Between(IEnumerable<ByteRange> ranges, long begin, long end)
    {
        var gaps = new List<ByteRange>();
        foreach (var range in ranges)
        {
            if (range.Offset > begin)
            {
                gaps.Add(new ByteRange(begin, range.Offset - begin));
            }

            begin = range.Offset + range.LengthBytes;
        }

        if (end > begin)
        {
            gaps.Add(new ByteRange(begin, end - begin));
        }

        return gaps;
    }

    /// <summary>The ranges in their order, neighbours joined.</summary>
    private static List<ByteRange> Joined(IEnumerable<ByteRange> ranges)
    {
        var joined = new List<ByteRange>();
        foreach (var range in ranges.OrderBy(static range => range.Offset))
        {
            if (joined is [.., var last] && last.Offset + last.LengthBytes == range.Offset)
            {
                joined[^1] = last with { LengthBytes = last.LengthBytes + range.LengthBytes };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }
}
