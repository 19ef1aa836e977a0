using Panal.Swarm.Picking;

namespace Panal.Unit.Swarm.Picking;

public sealed class RendezvousTests
{
    [Fact]
    public void Receivers_own_blocks_in_proportion_to_their_weights()
    {
        double[] weights = [1, 2, 5];
        var owned = new int[3];
        for (var block = 0; block < 80_000; block++)
        {
            owned[Owner(block, weights)]++;
        }

        Assert.InRange(owned[0], 9_500, 10_500);
        Assert.InRange(owned[1], 19_300, 20_700);
        Assert.InRange(owned[2], 49_000, 51_000);
    }

    [Fact]
    public void When_a_receiver_comes_only_what_it_owns_changes_owner()
    {
        for (var block = 0; block < 1_000; block++)
        {
            var (before, after) = (Owner(block, [1, 1, 1]), Owner(block, [1, 1, 1, 1]));
            Assert.True(before == after || after == 3);
        }
    }

    private static int Owner(int block, double[] weights) =>
        Enumerable.Range(0, weights.Length).MaxBy(r => Rendezvous.Score(Rendezvous.Mix((ulong)r + 17), block, weights[r]));
}
