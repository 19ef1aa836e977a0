using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Panal.Archive.Retrieve.Metadata;
using Panal.Catalogue;
using Panal.Unit.Architecture;

namespace Panal.Unit.Archive.Retrieve.Metadata;

public sealed class MetadataChunkTests
{
    private const int LengthsOffset = 1 + 32;

    [Fact]
    public void The_golden_chunk_which_another_program_packed_is_unpacked()
    {
        var lines = RepositoryFiles.Read("tests/vectors/metadata-chunk.txt").Split('\n')
            .Where(static line => line.Length > 0 && line[0] != '#').Select(static line => line.Split(' ', 2)).ToLookup(static line => line[0], static line => line[1]);
        var chunk = new MetadataChunkRow(1, 2, Convert.FromHexString(lines["names"].Single()), Convert.FromHexString(lines["chunk"].Single()));
        Assert.True(MetadataChunk.IsWhole(chunk));
        var names = MetadataChunk.NamesOf(chunk);
        Assert.Equal([-1, 1_767_225_600_000], names.Select(static name => name.CorrectedAt));
        Assert.Equal(lines["json"], MetadataChunk.Unpack(chunk)!.Select(static json => Encoding.UTF8.GetString(json.Span)));
        var again = new byte[2 * MetadataName.LengthBytes];
        names[0].Write(again);
        names[1].Write(again.AsSpan(MetadataName.LengthBytes));
        Assert.Equal(chunk.Names.ToArray(), again);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    public void What_is_packed_comes_out_again_and_slices_of_a_series_take_little(int count)
    {
        var instances = Slices(count);
        var chunk = MetadataChunk.Pack(instances);
        Assert.Equal(count, chunk.Instances);
        Assert.Equal(instances.Select(static one => one.Name), MetadataChunk.NamesOf(chunk));
        Assert.Equal(instances.Select(static one => Text(one.Json)), MetadataChunk.Unpack(chunk)!.Select(Text));
        Assert.True(count < 64 || chunk.Names.Length + chunk.Chunk.Length < 64 * 200, $"{chunk.Chunk.Length} bytes");
    }

    [Fact]
    public void There_is_a_most_of_instances_and_of_bytes()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MetadataChunk.Pack(Slices(65)));
        var one = Slices(1)[0];
        ReadOnlyMemory<byte> longest = new byte[MetadataChunk.JsonLimitBytes];
        Assert.Equal(longest.Length, Assert.Single(MetadataChunk.Unpack(MetadataChunk.Pack([one with { Json = longest }]))!).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => MetadataChunk.Pack([one with { Json = new byte[MetadataChunk.JsonLimitBytes + 1] }]));
    }

    [Fact]
    public void A_chunk_that_was_cut_or_of_which_one_byte_was_changed_counts_as_not_there()
    {
        var chunk = MetadataChunk.Pack(Slices(3));
        for (var length = 0; length < chunk.Chunk.Length; length++)
        {
            Assert.Null(MetadataChunk.Unpack(chunk with { Chunk = chunk.Chunk[..length] }));
        }

        for (var length = 0; length < chunk.Names.Length; length++)
        {
            Assert.Null(MetadataChunk.Unpack(chunk with { Names = chunk.Names[..length] }));
        }

        for (var index = 0; index < chunk.Chunk.Length; index++)
        {
            Assert.Null(MetadataChunk.Unpack(chunk with { Chunk = Flipped(chunk.Chunk, index) }));
        }

        for (var index = 0; index < chunk.Names.Length; index++)
        {
            Assert.Null(MetadataChunk.Unpack(chunk with { Names = Flipped(chunk.Names, index) }));
        }

        foreach (var instances in new[] { int.MinValue, -1, 0, 2, 4, 65, int.MaxValue })
        {
            Assert.Null(MetadataChunk.Unpack(chunk with { Instances = instances }));
        }
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(999u, false)]
    [InlineData(1_000u, true)]
    [InlineData(1_001u, false)]
    [InlineData((uint)MetadataChunk.JsonLimitBytes, false)]
    [InlineData((uint)MetadataChunk.JsonLimitBytes + 1, false)]
    [InlineData(uint.MaxValue, false)]
    public void A_length_is_not_believed_because_the_digest_is_right(uint length, bool isRight)
    {
        var name = Slices(1)[0].Name;
        var names = new byte[MetadataName.LengthBytes];
        name.Write(names);
        var bytes = Sealed(names, [length], new byte[1_000]);
        Assert.Equal(isRight, MetadataChunk.Unpack(new MetadataChunkRow(1, 1, names, bytes)) is not null);
    }

    [Fact]
    public void A_bomb_is_not_inflated()
    {
        var names = new byte[2 * MetadataName.LengthBytes];
        Slices(1)[0].Name.Write(names);
        var bytes = Sealed(names, [10, 20], new byte[64 << 20]);
        Assert.True(bytes.Length < 4_096);
        var chunk = new MetadataChunkRow(1, 2, names, bytes);
        Assert.Null(MetadataChunk.Unpack(chunk));
        Assert.True(Allocated.Bytes(() => MetadataChunk.Unpack(chunk)) < 64 << 10);
    }

    private static byte[] Sealed(byte[] names, uint[] lengths, byte[] json)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(json.Length)];
        Assert.True(BrotliEncoder.TryCompress(json, packed, out var written, 5, 22));
        var bytes = new byte[LengthsOffset + (4 * lengths.Length) + written];
        bytes[0] = 1;
        for (var index = 0; index < lengths.Length; index++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(LengthsOffset + (4 * index)), lengths[index]);
        }

        packed.AsSpan(0, written).CopyTo(bytes.AsSpan(LengthsOffset + (4 * lengths.Length)));
        SHA256.HashData([.. names, .. bytes[LengthsOffset..]]).CopyTo(bytes, 1);
        return bytes;
    }

    private static byte[] Flipped(ReadOnlyMemory<byte> bytes, int index)
    {
        var flipped = bytes.ToArray();
        flipped[index] ^= 0x10;
        return flipped;
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private static (MetadataName Name, ReadOnlyMemory<byte> Json)[] Slices(int count) =>
    [
        .. Enumerable.Range(0, count).Select(static index => (
            MetadataName.Read([.. SHA256.HashData(BitConverter.GetBytes(index)), .. BitConverter.GetBytes(-1L)]),
            (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(
                "{" + string.Join(',', Enumerable.Range(0, 60).Select(tag => $"\"0018{tag:X4}\":{{\"vr\":\"LO\",\"Value\":[\"what all slices say {tag * 7919}\"]}}"))
                + $",\"00200013\":{{\"vr\":\"IS\",\"Value\":[{index}]}},\"00200032\":{{\"vr\":\"DS\",\"Value\":[-100,-100,{index * 1.25}]}}}}"))),
    ];
}
