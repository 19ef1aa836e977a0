using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Panal.Codecs.Jpeg2000.Codestream;

namespace Panal.Imaging.Compact.Stages;

/// <summary>Takes the next bytes of a stage.</summary>
public delegate void StageSink(ReadOnlySpan<byte> bytes);

/// <summary>One stage of a compact file: some of its bytes, and where they belong. See docs/formats/stages.md.</summary>
/// <param name="Identity">The first eight bytes of the content hash of the file that the compact one gives back: stages of different files differ, blank ones too.</param>
/// <param name="Number">From 0.</param>
/// <param name="Layers">Quality layers that are whole with it and those before.</param>
/// <param name="AllLayers">Quality layers that there are; the stage that has them is the last.</param>
/// <param name="FileLengthBytes">Length of the compact file.</param>
/// <param name="PixelsBegin">Where the header of Pixel Data begins.</param>
/// <param name="PixelsEnd">Where Pixel Data has ended.</param>
/// <param name="Plain">Ranges that are told deflated, ascending.</param>
/// <param name="Packets">Ranges that are told as they are, ascending.</param>
internal sealed record Stage(
    ulong Identity, int Number, int Layers, int AllLayers, int FileLengthBytes, int PixelsBegin, int PixelsEnd, IReadOnlyList<ByteRange> Plain, IReadOnlyList<ByteRange> Packets)
{
    /// <summary>Longest compact file that has stages, in bytes: it is in memory while they are joined.</summary>
    internal const int FileLimitBytes = 64 << 20;

    /// <summary>Most ranges of one list.</summary>
    internal const int RangeLimit = 1 << 20;

    /// <summary>Most stages of a file.</summary>
    internal const int CountLimit = 8;

    private const int LayerLimit = ushort.MaxValue;
    private const int BufferBytes = 64 << 10;

    private static ReadOnlySpan<byte> Magic => "PCS\u0001"u8;

    /// <summary>Whether the file is whole with it.</summary>
    internal bool IsLast => Layers == AllLayers;

    /// <summary>Gives the stage with its bytes out of the compact file, piece by piece.</summary>
    internal void Write(Stream file, StageSink sink)
    {
        var target = new ArrayBufferWriter<byte>();
        target.Write(Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(target.GetSpan(sizeof(ulong)), Identity);
        target.Advance(sizeof(ulong));
        foreach (var number in (ReadOnlySpan<int>)[Number, Layers, AllLayers, FileLengthBytes, PixelsBegin, PixelsEnd])
        {
            ByteSteps.WriteNumber((uint)number, target);
        }

        WriteRanges(Plain, target);
        WriteRanges(Packets, target);
        using var deflated = new MemoryStream();
        using (var deflate = new DeflateStream(deflated, CompressionLevel.Optimal, leaveOpen: true))
        {
            Copy(file, Plain, deflate.Write);
        }

        ByteSteps.WriteNumber((uint)deflated.Length, target);
        sink(target.WrittenSpan);
        sink(deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        Copy(file, Packets, sink);
    }

    /// <summary>Reads what a stage says of itself; its bytes come after that.</summary>
    /// <exception cref="ImageException">It is no stage, or damaged.</exception>
    internal static Stage Read(ReadOnlySpan<byte> bytes, out int headLengthBytes)
    {
        Span<int> numbers = stackalloc int[6];
        var rest = bytes.StartsWith(Magic) && bytes.Length > Magic.Length + sizeof(ulong) ? bytes[(Magic.Length + sizeof(ulong))..] : throw Damaged("It has another beginning");
        foreach (ref var number in numbers)
        {
            number = ReadNumber(ref rest);
        }

        var stage = new Stage(BinaryPrimitives.ReadUInt64LittleEndian(bytes[Magic.Length..]), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], [], []);
        if (stage.Number >= CountLimit || stage.Layers < 1 || stage.Layers > stage.AllLayers || stage.AllLayers > LayerLimit
            || stage.FileLengthBytes > FileLimitBytes || stage.PixelsEnd > stage.FileLengthBytes || stage.PixelsBegin > stage.PixelsEnd)
        {
            throw Damaged("Its numbers are impossible");
        }

        stage = stage with { Plain = ReadRanges(ref rest, stage.FileLengthBytes) };
        stage = stage with { Packets = ReadRanges(ref rest, stage.FileLengthBytes) };
        headLengthBytes = bytes.Length - rest.Length;
        return stage;
    }

    /// <summary>Puts the bytes of a stage where they belong.</summary>
    /// <exception cref="ImageException">They are damaged, or more or fewer than the stage says.</exception>
    internal void PutInto(Span<byte> file, ReadOnlySpan<byte> bytes)
    {
        var deflatedLength = ReadNumber(ref bytes);
        if (deflatedLength > bytes.Length)
        {
            throw Damaged("It is cut");
        }

        Inflate(bytes[..deflatedLength].ToArray(), file);
        bytes = bytes[deflatedLength..];
        foreach (var range in Packets)
        {
            if (range.LengthBytes > bytes.Length)
            {
                throw Damaged("It is cut");
            }

            bytes[..(int)range.LengthBytes].CopyTo(file[(int)range.Offset..]);
            bytes = bytes[(int)range.LengthBytes..];
        }

        if (!bytes.IsEmpty)
        {
            throw Damaged("Bytes are left over");
        }
    }

    internal static ImageException Damaged(string message, Exception? cause = null) => new(ImageFault.Damaged, $"A stage cannot be read. {message}.", cause);

    private void Inflate(byte[] deflated, Span<byte> file)
    {
        using var inflate = new DeflateStream(new MemoryStream(deflated), CompressionMode.Decompress);
        try
        {
            foreach (var range in Plain)
            {
                inflate.ReadExactly(file.Slice((int)range.Offset, (int)range.LengthBytes));
            }

            if (inflate.ReadByte() >= 0)
            {
                throw Damaged("Bytes are left over");
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Damaged("Its plain ranges are damaged", e);
        }
    }

    private static void Copy(Stream file, IReadOnlyList<ByteRange> ranges, StageSink sink)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            foreach (var range in ranges)
            {
                file.Position = range.Offset;
                for (var left = range.LengthBytes; left > 0;)
                {
                    var piece = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
                    file.ReadExactly(piece);
                    sink(piece);
                    left -= piece.Length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void WriteRanges(IReadOnlyList<ByteRange> ranges, ArrayBufferWriter<byte> target)
    {
        ByteSteps.WriteNumber((uint)ranges.Count, target);
        var end = 0L;
        foreach (var range in ranges)
        {
            ByteSteps.WriteNumber((uint)(range.Offset - end), target);
            ByteSteps.WriteNumber((uint)range.LengthBytes, target);
            end = range.Offset + range.LengthBytes;
        }
    }

    private static List<ByteRange> ReadRanges(ref ReadOnlySpan<byte> rest, int fileLengthBytes)
    {
        var count = ReadNumber(ref rest);
        if (count > RangeLimit || count > rest.Length)
        {
            throw Damaged("It has more ranges than bytes");
        }

        var ranges = new List<ByteRange>(count);
        var end = 0L;
        for (var i = 0; i < count; i++)
        {
            var range = new ByteRange(end + ReadNumber(ref rest), ReadNumber(ref rest));
            end = range.Offset + range.LengthBytes;
            ranges.Add(end <= fileLengthBytes ? range : throw Damaged("A range lies outside the file"));
        }

        return ranges;
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> rest) =>
        ByteSteps.TryReadNumber(ref rest, out var number) ? number : throw Damaged("It is cut");
}
