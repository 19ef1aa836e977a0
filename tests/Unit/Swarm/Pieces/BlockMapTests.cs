using Panal.Swarm.Pieces;

namespace Panal.Unit.Swarm.Pieces;

public sealed class BlockMapTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(65_535, 1, 65_535)]
    [InlineData(65_536, 1, 65_536)]
    [InlineData(65_537, 2, 1)]
    [InlineData(131_072, 2, 65_536)]
    public void An_object_has_a_block_for_each_64_KiB_begun_and_an_empty_one_has_one(long length, int blocks, int last)
    {
        var map = new BlockMap([new TransferObject(default, length, false)]);
        Assert.Equal(blocks, map.Blocks);
        Assert.Equal(last, map.LengthOf(blocks - 1));
    }

    [Fact]
    public void Blocks_never_straddle_objects_and_cover_each_of_them_once()
    {
        long[] lengths = [1, 0, 65_536, 200_000, 65_537];
        var map = new BlockMap([.. lengths.Select(l => new TransferObject(default, l, false))]);
        var covered = new long[lengths.Length];
        for (var block = 0; block < map.Blocks; block++)
        {
            Assert.Equal(covered[map.ObjectOf(block)], map.OffsetOf(block));
            covered[map.ObjectOf(block)] += map.LengthOf(block);
        }

        Assert.Equal(lengths, covered);
        Assert.Equal(lengths.Sum(), map.LengthBytes);
    }

    [Fact]
    public void A_transfer_without_objects_or_with_too_much_is_not_taken()
    {
        Assert.Throws<ArgumentException>(() => new BlockMap([]));
        Assert.Throws<ArgumentException>(() => new BlockMap([new TransferObject(default, -1, false)]));
        Assert.Throws<ArgumentException>(() => new BlockMap([new TransferObject(default, long.MaxValue, false)]));
        var most = (long)BlockMap.MaxBlocks * 65_536;
        Assert.Equal(BlockMap.MaxBlocks, new BlockMap([new TransferObject(default, most, false)]).Blocks);
        Assert.Throws<ArgumentException>(() => new BlockMap([new TransferObject(default, most + 1, false)]));
        Assert.Throws<ArgumentException>(() => new BlockMap([new TransferObject(default, most, false), new TransferObject(default, 0, false)]));
        Assert.Throws<ArgumentException>(() => new BlockMap(new TransferObject[BlockMap.MaxObjects + 1]));
    }
}
