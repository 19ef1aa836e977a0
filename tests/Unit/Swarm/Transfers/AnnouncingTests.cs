using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

public sealed class AnnouncingTests
{
    [Theory]
    [InlineData(3, 0, 40)]
    [InlineData(3, 50, 40)]
    [InlineData(20, 0, 40)]
    [InlineData(11, 50, 2_000)]
    [InlineData(64, 50, 6_000)]
    public void Idle_uplinks_and_small_swarms_tell_at_once_and_busy_ones_in_large_swarms_wait(int peers, int waiting, int milliseconds) =>
        Assert.Equal(milliseconds, Announcing.Delay(peers, waiting).TotalMilliseconds);
}
