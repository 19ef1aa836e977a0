using Panal.Codecs.Jpeg2000.Packets;

namespace Panal.Unit.Codecs.Jpeg2000.Packets;

public sealed class TagTreeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(6, 3)]
    [InlineData(7, 5)]
    public void What_one_tree_writes_the_other_reads(int width, int height)
    {
        const int Highest = 5;
        var random = new Random(width);
        int[] values = [.. Enumerable.Range(0, width * height).Select(_ => random.Next(Highest))];
        var bytes = new byte[256];
        var bits = new PacketBitWriter(bytes);
        var writer = new TagTreeWriter(width, height, values);
        for (var threshold = 1; threshold <= Highest; threshold++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                writer.Write(ref bits, i % width, i / width, threshold);
            }
        }

        bits.Finish();
        var read = new PacketBits(bytes.AsSpan(0, bits.Position));
        var reader = new TagTree(width, height);
        for (var threshold = 1; threshold <= Highest; threshold++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                Assert.Equal(values[i] < threshold, reader.IsBelow(ref read, i % width, i / width, threshold));
            }
        }
    }

    /// <summary>The example of T.800 §B.10.2, Figure B.12: a field of 6 x 3 that begins with 1, 3, 2.</summary>
    [Fact]
    public void The_example_of_the_standard_is_written_as_there()
    {
        int[] values = [1, 3, 2, 3, 2, 3, 2, 2, 1, 4, 3, 2, 2, 2, 2, 2, 1, 2];
        var bytes = new byte[16];
        var bits = new PacketBitWriter(bytes);
        var tree = new TagTreeWriter(6, 3, values);
        tree.Write(ref bits, 0, 0, 2);
        tree.Write(ref bits, 1, 0, 4);
        tree.Write(ref bits, 2, 0, 3);
        bits.Finish();

        // 01111, 001, 101 and the filling.
        Assert.Equal([0b0111_1001, 0b1010_0000], bytes[..bits.Position]);
    }

    [Fact]
    public void A_byte_behind_FF_has_seven_bits_and_a_header_never_ends_in_FF()
    {
        var bytes = new byte[4];
        var bits = new PacketBitWriter(bytes);
        bits.Write(0x1FF, 9);
        bits.Finish();
        Assert.Equal([0xFF, 0x40], bytes[..bits.Position]);
        bits = new PacketBitWriter(bytes);
        bits.Write(0xFF, 8);
        bits.Finish();
        Assert.Equal([0xFF, 0x00], bytes[..bits.Position]);
    }
}
