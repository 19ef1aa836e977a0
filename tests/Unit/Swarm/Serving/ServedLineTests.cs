using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Swarm.Serving;

namespace Panal.Unit.Swarm.Serving;

public sealed class ServedLineTests
{
    private const int Block = 65_536;

    [Fact]
    public void A_line_at_its_limit_is_waited_for_and_another_is_not()
    {
        var (slow, fast) = (new ServedLine(Limit(Block)), new ServedLine());
        var queue = new ServeQueue();
        var (behind, other) = (queue.CustomerUp(new ServedSet(4), 1, slow), queue.CustomerUp(new ServedSet(4), 2, fast));
        Assert.True(queue.Ask(behind, 0, Block, true));
        Assert.True(queue.Ask(behind, 1, Block, true));
        Assert.True(queue.Ask(other, 2, Block, false));

        // A second's worth may go at once; the next waits for a second.
        slow.Begin(behind, Block, TimeSpan.Zero);
        slow.Width.End(behind, Block, TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromSeconds(1), slow.Look(TimeSpan.Zero, 0));
        Assert.False(slow.IsOpen);
        Assert.Equal(TimeSpan.Zero, fast.Look(TimeSpan.Zero, 0));
        Assert.True(queue.TryNext(out var next));
        Assert.Equal(other, next.Customer);
        Assert.False(queue.TryNext(out _));
        Assert.Equal(2, queue.Waiting);

        Assert.Equal(TimeSpan.Zero, slow.Look(TimeSpan.FromSeconds(1), 0));
        Assert.True(queue.TryNext(out next));
        Assert.Equal((behind, 0), (next.Customer, next.Block));
    }

    [Fact]
    public void Another_is_served_when_those_who_are_served_leave_a_line_of_a_known_rate_idle()
    {
        var time = new FakeTimeProvider();
        var uplink = new Uplink(100_000, time);
        var line = new ServedLine(uplink);
        line.Begin(0, Block, TimeSpan.Zero);
        uplink.TakeTurn();
        Assert.True(line.Look(TimeSpan.Zero, 0) > TimeSpan.Zero);
        Assert.False(line.IsOpen);
        time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.Equal(TimeSpan.Zero, line.Look(TimeSpan.FromMilliseconds(200), 0));
        Assert.True(line.IsOpen);
    }

    [Fact]
    public void Who_is_sent_to_over_a_line_holds_up_others_of_that_line_alone()
    {
        var (one, other) = (new ServedLine(), new ServedLine());
        one.Begin(0, Block, TimeSpan.Zero);
        one.Look(TimeSpan.Zero, 0);
        other.Look(TimeSpan.Zero, 0);
        Assert.False(one.IsOpen);
        Assert.True(other.IsOpen);
        one.Width.End(0, Block, TimeSpan.FromMilliseconds(100));
        one.Look(TimeSpan.FromMilliseconds(100), 0);
        Assert.True(one.IsOpen);
    }

    private static RateLimit Limit(double bytesPerSecond) => new([.. Enumerable.Repeat(bytesPerSecond, RateLimit.Hours)]);
}
