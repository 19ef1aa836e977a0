using Panal.Swarm.Links;
using Panal.Swarm.Serving;

namespace Panal.Unit.Swarm.Serving;

public sealed class ServeQueueTests
{
    private const int Block = 65_536;

    [Fact]
    public void An_urgent_request_overtakes_and_asking_again_makes_a_request_urgent()
    {
        var queue = new ServeQueue();
        var one = queue.CustomerUp(new ServedSet(10), 1);
        for (var block = 0; block < 4; block++)
        {
            Assert.True(queue.Ask(one, block, Block, false));
        }

        Assert.True(queue.Ask(one, 3, Block, true));
        Assert.Equal(4, queue.Waiting);
        Assert.Equal([3, 0, 1, 2], Drain(queue).Select(s => s.Block));
    }

    [Fact]
    public void No_block_goes_out_twice_while_another_that_is_asked_for_has_not_been_out_once()
    {
        var queue = new ServeQueue();
        var set = new ServedSet(40);
        int[] customers = [queue.CustomerUp(set, 2), queue.CustomerUp(set, 3), queue.CustomerUp(set, 4)];
        var random = new Random(4);
        foreach (var customer in customers)
        {
            foreach (var block in Enumerable.Range(0, 40).OrderBy(_ => random.Next()))
            {
                queue.Ask(customer, block, Block, false);
            }
        }

        var order = Drain(queue).Select(s => s.Block).ToArray();
        Assert.Equal(40, order.Take(40).Distinct().Count());
        Assert.Equal(120, order.Length);
    }

    [Fact]
    public void A_hundred_transfers_share_the_uplink_fairly()
    {
        var queue = new ServeQueue();
        var served = new int[100];
        var customers = served.Select(_ => queue.CustomerUp(new ServedSet(200), 5)).ToArray();
        for (var i = 0; i < 100; i++)
        {
            // Some ask for ten times as much as others.
            for (var block = 0; block < (i % 2 == 0 ? 20 : 200); block++)
            {
                queue.Ask(customers[i], block, Block, false);
            }
        }

        for (var i = 0; i < 1_000; i++)
        {
            Assert.True(queue.TryNext(out var serving));
            served[serving.Customer]++;
        }

        Assert.All(served, s => Assert.Equal(10, s));
    }

    [Fact]
    public void A_set_knows_how_many_are_served_from_it()
    {
        var (queue, set) = (new ServeQueue(), new ServedSet(4));
        var (one, other) = (queue.CustomerUp(set, 6), queue.CustomerUp(set, 7));
        Assert.Equal(2, set.Receivers);
        queue.CustomerDown(one);
        queue.CustomerDown(one);
        Assert.Equal(1, set.Receivers);
        queue.CustomerDown(other);
        Assert.Equal(0, set.Receivers);
    }

    [Fact]
    public void A_transfer_that_comes_later_is_owed_nothing_for_the_time_before()
    {
        var queue = new ServeQueue();
        var old = queue.CustomerUp(new ServedSet(200), 8);
        for (var block = 0; block < 200; block++)
        {
            queue.Ask(old, block, Block, false);
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.True(queue.TryNext(out _));
        }

        var late = queue.CustomerUp(new ServedSet(200), 9);
        for (var block = 0; block < 200; block++)
        {
            queue.Ask(late, block, Block, false);
        }

        var next = Enumerable.Range(0, 20).Select(_ => queue.TryNext(out var s) ? s.Customer : -1).ToArray();
        Assert.InRange(next.Count(c => c == late), 9, 11);
    }

    [Fact]
    public void A_flood_of_requests_is_not_taken_and_those_of_the_gone_are_forgotten()
    {
        var queue = new ServeQueue();
        var one = queue.CustomerUp(new ServedSet(1_000), 10);
        for (var block = 0; block < ServeQueue.MaxAsked; block++)
        {
            Assert.True(queue.Ask(one, block, Block, false));
        }

        Assert.False(queue.Ask(one, ServeQueue.MaxAsked, Block, false));
        Assert.True(queue.Ask(one, 0, Block, true));
        queue.CustomerDown(one);
        Assert.Equal(0, queue.Waiting);
        Assert.False(queue.TryNext(out _));
        Assert.False(queue.Ask(one, 0, Block, false));
        for (var i = 0; i < ServeQueue.MaxCustomers; i++)
        {
            Assert.True(queue.CustomerUp(new ServedSet(1), 11) >= 0);
        }

        Assert.Equal(-1, queue.CustomerUp(new ServedSet(1), 12));
    }

    [Fact]
    public void A_request_taken_back_is_not_served_and_a_link_that_takes_no_more_is_left_out()
    {
        var queue = new ServeQueue();
        var set = new ServedSet(10);
        var (one, two) = (queue.CustomerUp(set, 13), queue.CustomerUp(set, 14));
        queue.Ask(one, 0, Block, false);
        queue.Ask(one, 1, Block, false);
        queue.Ask(two, 2, Block, false);
        Assert.True(queue.Cancel(one, 0));
        Assert.False(queue.Cancel(one, 0));
        queue.Begin(one);
        Assert.Equal([2], Drain(queue).Select(s => s.Block));
        queue.End(one);
        Assert.Equal([1], Drain(queue).Select(s => s.Block));
    }

    [Fact]
    public void Two_blocks_may_be_on_their_way_to_who_passes_them_on_more_quickly_than_they_come()
    {
        var queue = new ServeQueue();
        var (set, line) = (new ServedSet(10), new ServedLine(new Uplink(500_000, TimeProvider.System)));
        var (quick, like) = (queue.CustomerUp(set, 15, line), queue.CustomerUp(set, 16, line));
        queue.Report(quick, 600_000, 10);
        queue.Report(like, 500_000, 10);
        for (var block = 0; block < 3; block++)
        {
            queue.Ask(quick, block, Block, false);
            queue.Ask(like, 5 + block, Block, false);
        }

        List<int> served = [];
        while (queue.TryNext(out var next))
        {
            queue.Begin(next.Customer);
            served.Add(next.Customer);
        }

        Assert.Equal((2, 1), (served.Count(customer => customer == quick), served.Count(customer => customer == like)));
        queue.End(like);
        Assert.True(queue.TryNext(out var last));
        Assert.Equal(like, last.Customer);
    }

    private static List<Panal.Swarm.Serving.Serving> Drain(ServeQueue queue)
    {
        var served = new List<Panal.Swarm.Serving.Serving>();
        while (queue.TryNext(out var serving))
        {
            served.Add(serving);
        }

        return served;
    }
}
