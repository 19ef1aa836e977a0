using Panal.Node.Transport;

namespace Panal.Unit.Node.Transport;

public sealed class WideBlocksTests
{
    private const int BlockLengthBytes = 64 << 10;

    [Fact]
    public void Whoever_asks_for_little_gets_a_wide_block_and_a_returned_one_is_used_again()
    {
        using var pool = new WideBlocks().Create();
        var first = pool.Rent(1);
        Assert.Equal((BlockLengthBytes, BlockLengthBytes), (first.Memory.Length, pool.MaxBufferSize));
        first.Dispose();

        // Twice is not two: no two owners ever share a block.
        first.Dispose();
        using var second = pool.Rent(4096);
        using var third = pool.Rent();
        Assert.Same(first, second);
        Assert.NotSame(second, third);
        Assert.False(second.Memory.Span.Overlaps(third.Memory.Span));
    }

    [Fact]
    public void More_than_a_block_is_refused()
    {
        using var pool = new WideBlocks().Create();
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(BlockLengthBytes + 1));
    }
}
