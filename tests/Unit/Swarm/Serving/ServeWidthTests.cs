using Panal.Swarm.Serving;

namespace Panal.Unit.Swarm.Serving;

public sealed class ServeWidthTests
{
    private const int Block = 65_536;

    [Fact]
    public void A_line_that_one_receiver_fills_serves_one_most_of_the_time()
    {
        // However many are served, the line carries the same: 16 blocks a second.
        var widths = Serve(new ServeWidth(), TimeSpan.FromMinutes(2), static served => served / 16.0);
        Assert.InRange(widths.Average(), 1, 1.4);
    }

    [Fact]
    public void A_wide_line_to_slow_receivers_serves_as_many_as_it_can()
    {
        // Each receiver takes 5 blocks a second, whoever else is served.
        var widths = Serve(new ServeWidth(), TimeSpan.FromMinutes(2), static _ => 0.2);
        Assert.True(widths[^1] >= 32, $"{widths[^1]}");
    }

    [Fact]
    public void After_a_rest_it_begins_anew_with_one()
    {
        var width = new ServeWidth();
        var widths = Serve(width, TimeSpan.FromMinutes(1), static _ => 0.2);
        Assert.True(widths[^1] >= 32, $"{widths[^1]}");
        for (var customer = 0; customer < 40; customer++)
        {
            width.End(customer, Block, TimeSpan.FromMinutes(2));
        }

        width.Begin(1, TimeSpan.FromMinutes(3));
        Assert.Equal(1, width.Width);
    }

    [Fact]
    public void Who_takes_nothing_does_not_keep_others_from_being_served()
    {
        var width = new ServeWidth();
        width.Begin(1, TimeSpan.Zero);
        Assert.False(width.HasRoom(TimeSpan.FromMilliseconds(100)));
        Assert.True(width.HasRoom(TimeSpan.FromSeconds(9)));
        width.Begin(3, TimeSpan.FromSeconds(9));
        Assert.False(width.HasRoom(TimeSpan.FromSeconds(9)));
    }

    [Fact]
    public void Who_has_left_gives_its_place()
    {
        var width = new ServeWidth();
        width.Begin(1, TimeSpan.Zero);
        Assert.False(width.HasRoom(TimeSpan.Zero));
        width.Forget(1);
        Assert.True(width.HasRoom(TimeSpan.Zero));
        width.End(7, Block, TimeSpan.Zero);
        Assert.True(width.HasRoom(TimeSpan.Zero));
    }

    [Fact]
    public void Where_it_is_seen_that_a_line_is_not_full_one_more_is_served_and_later_one_less()
    {
        var width = new ServeWidth(ServeWidth.Fewest);
        width.Begin(7, TimeSpan.Zero);
        Assert.False(width.HasRoom(TimeSpan.Zero));
        width.Widen(TimeSpan.Zero);
        Assert.True(width.HasRoom(TimeSpan.Zero));
        width.Begin(8, TimeSpan.Zero);
        Assert.False(width.HasRoom(TimeSpan.Zero));
        width.End(7, Block, TimeSpan.Zero);
        width.End(8, Block, TimeSpan.Zero);

        var widths = Serve(width, TimeSpan.FromMinutes(1), static served => 0.2 * served);
        Assert.Equal((2, ServeWidth.Fewest), (widths.Max(), widths[^1]));
    }

    // Forty receivers that always want more; returns the width after each block.
    private static List<int> Serve(ServeWidth width, TimeSpan duration, Func<int, double> secondsOfBlock)
    {
        var (now, waiting, served, widths) = (TimeSpan.Zero, new Queue<int>(Enumerable.Range(0, 40)), new PriorityQueue<int, TimeSpan>(), new List<int>());
        while (now < duration)
        {
            while (waiting.Count > 0 && width.HasRoom(now))
            {
                var next = waiting.Dequeue();
                width.Begin(next, now);
                served.Enqueue(next, now + TimeSpan.FromSeconds(secondsOfBlock(served.Count + 1)));
            }

            Assert.True(served.TryDequeue(out var customer, out now));
            width.End(customer, Block, now);
            waiting.Enqueue(customer);
            widths.Add(width.Width);
        }

        return widths;
    }
}
