using Panal.Swarm.Serving;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.Unit.Swarm.Serving;

public sealed class ServeRuleTests
{
    private readonly ServedLine _line = new();
    private readonly ServedSet _set = new(100);

    [Fact]
    public void What_a_viewer_waits_for_goes_first()
    {
        var rule = new UrgentFirst();
        Assert.True(rule.Compare(Candidate(_set, urgent: true), Candidate(_set)) < 0);
        Assert.True(rule.Compare(Candidate(_set), Candidate(_set, urgent: true)) > 0);
        Assert.Equal(0, rule.Compare(Candidate(_set, urgent: true), Candidate(_set, urgent: true)));
    }

    [Fact]
    public void The_transfer_that_has_had_least_for_its_weight_goes_first()
    {
        var rule = new FairShares();
        var other = new ServedSet(100) { Weight = 3 };
        _set.Sent(0, 1_000);
        other.Sent(0, 2_000);
        Assert.True(rule.Compare(Candidate(other), Candidate(_set)) < 0);
        Assert.Equal(0, rule.Compare(Candidate(_set), Candidate(_set)));
    }

    [Fact]
    public void A_block_that_no_receiver_has_goes_before_one_that_was_out()
    {
        var rule = new FreshOut();
        _set.Sent(1, 1_000);
        _set.Seen(2);
        Assert.True(rule.Compare(Candidate(_set, block: 0), Candidate(_set, block: 1)) < 0);
        Assert.True(rule.Compare(Candidate(_set, block: 2), Candidate(_set, block: 0)) > 0);
        Assert.Equal(0, rule.Compare(Candidate(_set, block: 1), Candidate(_set, block: 2)));
    }

    [Fact]
    public void Of_blocks_that_no_receiver_has_each_holder_sends_its_own_share_first_where_there_are_many_receivers()
    {
        var rule = new FreshOut();
        ulong[] keys = [11, 22, 33];
        ServedSet[] sets = [.. keys.Select(key => new ServedSet(300, key, [.. keys.Where(other => other != key)]))];
        for (var block = 0; block < 300; block++)
        {
            Assert.Single(sets, set => set.IsOurs(block));
        }

        Assert.All(sets, static set => Assert.InRange(Enumerable.Range(0, 300).Count(set.IsOurs), 60, 140));
        var (ours, theirs) = (Enumerable.Range(0, 300).First(sets[0].IsOurs), Enumerable.Range(0, 300).First(block => !sets[0].IsOurs(block)));
        Assert.Equal(0, rule.Compare(Candidate(sets[0], ours), Candidate(sets[0], theirs)));
        sets[0].Receivers = 17;
        Assert.True(rule.Compare(Candidate(sets[0], ours), Candidate(sets[0], theirs)) < 0);
        sets[0].Sent(ours, 1_000);
        Assert.True(rule.Compare(Candidate(sets[0], ours), Candidate(sets[0], theirs)) > 0);
    }

    [Fact]
    public void All_holders_go_round_one_ring_of_receivers_each_from_another_place()
    {
        ulong[] keys = [11, 22, 33];
        ulong[] receivers = [.. Enumerable.Range(1, 90).Select(static number => (ulong)number)];
        ulong[][] rings = [.. keys.Select(key => new ServedSet(1, key, [.. keys.Where(other => other != key)])).Select(set => receivers.OrderBy(set.PlaceOf).ToArray())];
        var starts = rings.Select(ring => Array.IndexOf(rings[0], ring[0])).Order().ToArray();
        Assert.All(rings, ring => Assert.Equal(rings[0].SkipWhile(receiver => receiver != ring[0]).Concat(rings[0].TakeWhile(receiver => receiver != ring[0])), ring));
        Assert.Equal(0, starts[0]);
        Assert.InRange(starts[1], 18, 42);
        Assert.InRange(starts[2], 48, 72);
    }

    [Fact]
    public void Fresh_blocks_go_by_uplink_and_others_to_who_lacks_most()
    {
        var rule = new FastAndNeedy(Download.UnknownUplink);
        var fast = new Customer(0, _set, _line, 1) { UplinkBytesPerSecond = 400_000, FreshBytes = 300_000, Lacks = 10 };
        var slow = new Customer(1, _set, _line, 2) { UplinkBytesPerSecond = 100_000, FreshBytes = 100_000, Lacks = 20 };
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) < 0);
        _set.Seen(0);
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) > 0);
        slow.Lacks = 10;
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) < 0);
        Assert.True(rule.Compare(new(slow, new(5, 1, false), 1), new(slow, new(6, 1, false), 0)) > 0);
    }

    [Fact]
    public void Of_those_who_had_nothing_yet_the_fastest_begins()
    {
        var rule = new FastAndNeedy(Download.UnknownUplink);
        var fast = new Customer(0, _set, _line, 2) { UplinkBytesPerSecond = 400_000 };
        var slow = new Customer(1, _set, _line, 1) { UplinkBytesPerSecond = 100_000 };
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) < 0);

        // One block does not make it wait for all others.
        fast.FreshBytes = ContentHash.BlockBytes;
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) < 0);
        fast.FreshBytes = 2 * ContentHash.BlockBytes;
        Assert.True(rule.Compare(new(fast, new(0, 1, false), 0), new(slow, new(0, 1, false), 0)) > 0);
    }

    [Fact]
    public void Who_sends_to_us_goes_before_those_who_lack_a_few_blocks_more()
    {
        var rule = new FastAndNeedy(Download.UnknownUplink);
        var bringing = new Customer(0, _set, _line, 1) { IsBringing = true, FreshBytes = 300_000, Lacks = 30 };
        var other = new Customer(1, _set, _line, 2) { FreshBytes = 200_000, Lacks = 40 };
        Assert.True(rule.Compare(new(bringing, new(0, 1, false), 0), new(other, new(0, 1, false), 0)) < 0);
        other.FreshBytes = -800_000;
        Assert.True(rule.Compare(new(bringing, new(0, 1, false), 0), new(other, new(0, 1, false), 0)) > 0);
        _set.Seen(0);
        Assert.True(rule.Compare(new(bringing, new(0, 1, false), 0), new(other, new(0, 1, false), 0)) < 0);
        other.Lacks = 50;
        Assert.True(rule.Compare(new(bringing, new(0, 1, false), 0), new(other, new(0, 1, false), 0)) > 0);
    }

    [Fact]
    public void What_is_sent_in_both_directions_is_worth_the_same_time_of_our_line_whoever_gets_it()
    {
        // 16 blocks take a second.
        var rule = new FastAndNeedy(16 * ContentHash.BlockBytes);
        var slow = new Customer(0, _set, _line, 1) { UplinkBytesPerSecond = ContentHash.BlockBytes, IsBringing = true };
        var fast = new Customer(1, _set, _line, 2) { UplinkBytesPerSecond = 16 * ContentHash.BlockBytes };

        // Half a block that it had counts half a second for the slow one, and a second less for what it brings.
        Assert.True(rule.Compare(new(slow, new(0, 1, false), 0), new(fast, new(0, 1, false), 0)) < 0);
        slow.FreshBytes = ContentHash.BlockBytes;
        Assert.True(rule.Compare(new(slow, new(0, 1, false), 0), new(fast, new(0, 1, false), 0)) > 0);
    }

    private ServeCandidate Candidate(ServedSet set, int block = 0, bool urgent = false) =>
        new(new Customer(0, set, _line, 0), new Asked(block, 65_536, urgent), 0);
}
