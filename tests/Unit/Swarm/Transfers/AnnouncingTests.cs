using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

public sealed class AnnouncingTests
{
    [Theory]
    [InlineData(3, 0, 65_536, 40)]
    [InlineData(20, 1, 65_536, 40)]
    [InlineData(3, 2, 131_072, 4_000)]
    [InlineData(9, 50, 655_360, 800)]
    [InlineData(3, 50, 65_536_000, 40)]
    [InlineData(11, 50, 262_144, 4_000)]
    [InlineData(64, 50, 65_536, 6_000)]
    public void Idle_and_fast_uplinks_tell_at_once_and_busy_ones_after_the_time_of_some_blocks(int peers, int waiting, int bytesPerSecond, int milliseconds) =>
        Assert.Equal(milliseconds, Announcing.Delay(peers, waiting, bytesPerSecond).TotalMilliseconds, 3);

    [Theory]
    [InlineData(3, 1_000_000, 480)]
    [InlineData(6, 500_000, 1_440)]
    [InlineData(3, 100_000, 3_600)]
    [InlineData(60, 100_000, 6_000)]
    public void What_we_have_is_told_to_holders_the_more_seldom_the_more_they_are_and_the_slower_our_line_is(int holders, double bytesPerSecond, double milliseconds) =>
        Assert.Equal(milliseconds, Announcing.HoldingsDelay(holders, bytesPerSecond).TotalMilliseconds, 3);
}
