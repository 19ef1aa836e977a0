using Panal.Swarm.Pieces;

namespace Panal.Unit.Swarm.Pieces;

public sealed class BlockSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1_000)]
    public void It_holds_what_a_plain_set_would_hold(int blocks)
    {
        var random = new Random(blocks);
        var set = new BlockSet(blocks);
        var plain = new SortedSet<int>();
        for (var i = 0; i < 4_000; i++)
        {
            var block = random.Next(blocks);
            Assert.Equal(plain.Contains(block), set.Contains(block));
            Assert.True(random.Next(2) == 0 ? plain.Add(block) == set.Add(block) : plain.Remove(block) == set.Remove(block));
            var from = random.Next(blocks);
            Assert.Equal(plain.GetViewBetween(from, blocks).FirstOrDefault(-1), set.Next(from));
            Assert.Equal(plain.Count, set.Count);
        }
    }

    [Fact]
    public void A_full_set_ends_with_its_last_block()
    {
        var set = new BlockSet(70);
        set.Fill();
        Assert.True(set.IsFull);
        Assert.Equal(0x3FUL, set.Word(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Add(70));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Remove(-1));
    }
}
