using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Transfers;

public sealed class DownloadTests
{
    private readonly Download _download = new(Map(32), 7, new DownloadOptions());
    private TimeSpan _now;

    [Fact]
    public void No_more_is_asked_of_a_holder_than_it_delivers_in_its_round_trip_and_a_little()
    {
        var source = Source(1);
        Assert.Equal(2, Requests(Decide(), source).Length);
        for (var block = 0; block < 6; block++)
        {
            // 640 kB/s: 0.1 s a block, 0.5 s ahead and a round trip of 0.1 s are six blocks.
            _now += TimeSpan.FromSeconds(0.1);
            _download.Arrived(source, block, true, _now);
            Decide();
        }

        Assert.InRange(_download.Requested, 4, 7);
    }

    [Theory]
    [InlineData(500_000, 2)]
    [InlineData(200_000, 3)]
    public void Of_a_holder_whose_line_is_slower_than_ours_one_block_more_is_asked(double bytesPerSecond, int blocks)
    {
        var download = new Download(Map(32), 7, new DownloadOptions()) { UplinkBytesPerSecond = 400_000 };
        var source = download.HolderUp(1, false);
        download.UplinkIs(source, bytesPerSecond);
        download.HasAll(source);
        Assert.Equal(blocks, download.Decide(_now, new TransferAction[16]));
    }

    [Fact]
    public void A_short_block_at_the_end_of_an_object_makes_no_more_of_the_long_ones_asked()
    {
        var download = new Download(
            new BlockMap([.. Enumerable.Range(0, 64).Select(static _ => new TransferObject(default, 65_536 + 100, false))]), 7, new DownloadOptions());
        var source = download.HolderUp(1, false);
        download.HasAll(source);
        var actions = new TransferAction[256];
        for (var block = 0; block < 40; block++)
        {
            // 640 kB/s, as above: 0.5 s ahead and a round trip of 0.1 s are 384 kB, and the block that goes beyond.
            download.Decide(_now, actions);
            Assert.InRange(download.Holders[source]!.RequestedBytes, 1, 384_000 + 65_536);
            _now += TimeSpan.FromSeconds(block % 2 == 0 ? 0.1 : 0.0002);
            download.Arrived(source, block, true, _now);
        }

        Assert.InRange(download.Holders[source]!.RequestedBytes, 200_000, 384_000 + 65_536);
    }

    [Fact]
    public void A_false_block_is_not_kept_and_asked_of_another_never_again_of_the_same()
    {
        var (liar, honest) = (Source(1), Source(2));
        var block = Requests(Decide(), liar)[0];
        Assert.False(_download.Arrived(liar, block, false, _now));
        Assert.False(_download.Have.Contains(block));
        Assert.False(_download.Holders[liar]!.Offers(block));
        _download.Arrived(honest, Block(honest), true, _now);
        Assert.Contains(block, Requests(Decide(), honest));
    }

    [Fact]
    public void What_a_holder_takes_back_is_not_asked_of_it_until_it_says_that_it_holds_it_again()
    {
        var holder = Source(1);
        var asked = Requests(Decide(), holder);
        var other = Enumerable.Range(0, _download.Map.Blocks).First(block => !asked.Contains(block));
        Assert.True(_download.Refused(holder, asked[0], _now));
        Assert.True(_download.Refused(holder, other, _now));
        Assert.True(_download.Open.Contains(asked[0]));
        while (_download.Holders[holder]!.Requests.Count > 0)
        {
            _now += TimeSpan.FromSeconds(0.1);
            Assert.DoesNotContain(_download.Holders[holder]!.Requests, request => request.Block == asked[0] || request.Block == other);
            _download.Arrived(holder, Block(holder), true, _now);
            Decide();
        }

        Assert.Equal(2, _download.Open.Count);
        Assert.True(_download.Has(holder, other, _now));
        Assert.Equal([other], Requests(Decide(), holder));
    }

    [Fact]
    public void Who_says_again_and_again_that_it_holds_what_it_refuses_is_believed_so_often_and_no_more()
    {
        var holder = Source(1);
        var refused = 0;
        for (; Requests(Decide(), holder) is [var block, ..] asked; refused += asked.Length)
        {
            foreach (var each in asked)
            {
                _download.Refused(holder, each, _now);
                _download.Has(holder, each, _now);
            }

            Assert.InRange(refused, 0, 1_000);
        }

        Assert.InRange(refused, _download.Options.MaxRefusals, _download.Options.MaxRefusals + _download.Map.Blocks + 2);
        Assert.Equal(_download.Map.Blocks, _download.Open.Count);
    }

    [Fact]
    public void Who_sends_mostly_false_blocks_is_banned_and_who_sends_a_few_among_many_is_not()
    {
        var (liar, careless) = (Source(1), Source(2));
        var banned = new List<int>();
        for (var i = 0; i < 24; i++)
        {
            foreach (var action in Decide())
            {
                if (action.Kind == TransferActionKind.Ban)
                {
                    banned.Add(action.Holder);
                    _download.HolderDown(action.Holder, _now);
                }
            }

            _now += TimeSpan.FromSeconds(0.1);
            if (_download.Holders[liar] is { Requests.Count: > 0 })
            {
                _download.Arrived(liar, Block(liar), false, _now);
            }

            if (_download.Holders[careless] is { Requests.Count: > 0 })
            {
                _download.Arrived(careless, Block(careless), i is not (8 or 16), _now);
            }
        }

        Assert.Equal([liar], banned);
    }

    [Fact]
    public void What_was_asked_of_a_holder_that_leaves_is_asked_of_others_at_once()
    {
        var (leaver, stayer) = (Source(1), Source(2));
        var lost = Requests(Decide(), leaver);
        _download.HolderDown(leaver, _now);
        Assert.All(lost, b => Assert.True(_download.Open.Contains(b)));
        _download.Arrived(stayer, Block(stayer), true, _now);
        _download.Arrived(stayer, Block(stayer), true, _now);
        Assert.Equal(lost, Requests(Decide(), stayer).Order());
    }

    [Fact]
    public void A_jump_of_the_viewer_makes_urgent_what_is_asked_and_asks_for_the_rest_beyond_the_queue()
    {
        var source = Source(1);
        var asked = Requests(Decide(), source);
        Assert.Equal([0, 1], asked);
        _download.Want([0]);
        var actions = Decide();
        Assert.All(actions, a => Assert.True(a is { Kind: TransferActionKind.Request, IsUrgent: true }));
        Assert.Equal([0, 1], Requests(actions, source));
        _download.Want([30]);
        actions = Decide();
        Assert.Equal([0, 1], Of(actions.Where(a => !a.IsUrgent), TransferActionKind.Request));
        Assert.Equal([60, 61], Of(actions.Where(a => a.IsUrgent), TransferActionKind.Request));
    }

    [Fact]
    public void A_request_that_waits_at_a_silent_holder_is_taken_over_once_nothing_else_is_left()
    {
        var small = new Download(Map(1), 7, new DownloadOptions());
        var (silent, other) = (small.HolderUp(1, false), small.HolderUp(2, false));
        small.HasAll(silent);
        var actions = new TransferAction[16];
        small.Decide(_now, actions);
        Assert.Equal(2, small.Holders[silent]!.Requests.Count);
        small.HasAll(other);
        Assert.Equal(0, small.Decide(_now, actions));
        _now += TimeSpan.FromSeconds(5);
        small.Tick();
        var count = small.Decide(_now, actions);
        Assert.Equal(
            [(TransferActionKind.Cancel, silent), (TransferActionKind.Request, other)],
            actions.Take(count).Take(2).Select(a => (a.Kind, a.Holder)));
    }

    [Fact]
    public void Receivers_hear_what_was_asked_of_a_source_and_what_is_held()
    {
        var source = Source(1);
        _download.HolderUp(2, false);
        var actions = Decide();
        Assert.Equal(Requests(actions, source).Order(), Of(actions, TransferActionKind.AnnounceClaim).Order());
        var block = Block(source);
        _download.Arrived(source, block, true, _now);
        Assert.Equal([block], Of(Decide(), TransferActionKind.AnnounceHave));
    }

    [Fact]
    public void What_another_receiver_has_meanwhile_is_not_waited_for_at_the_source()
    {
        var source = Source(1);
        var receiver = _download.HolderUp(2, false);
        var block = Requests(Decide(), source)[0];
        _download.Has(receiver, block, _now);
        var request = new TransferAction(TransferActionKind.Request, receiver, block, false);
        var actions = Decide();
        Assert.Contains(new TransferAction(TransferActionKind.Cancel, source, block, false), actions);

        // The source may have sent it just now; when it would be here, the receiver is asked.
        Assert.DoesNotContain(request, actions);
        Assert.True(_download.Awaits(block));
        _now += TimeSpan.FromSeconds(1);
        Assert.Contains(request, Decide());
    }

    [Fact]
    public void What_was_taken_back_from_a_source_and_comes_all_the_same_is_kept_and_asked_of_nobody()
    {
        var source = Source(1);
        var receiver = _download.HolderUp(2, false);
        var block = Requests(Decide(), source)[0];
        _download.Has(receiver, block, _now);
        _ = Decide();
        Assert.True(_download.Arrived(source, block, true, _now));
        _now += TimeSpan.FromSeconds(1);
        Assert.DoesNotContain(Decide(), action => action.Kind == TransferActionKind.Request && action.Block == block);
        Assert.True(_download.Have.Contains(block));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_viewer_and_the_first_image_do_not_wait_for_what_a_source_may_have_sent(bool isFirst)
    {
        var download = new Download(new BlockMap([new TransferObject(default, 20 * 65_536, isFirst)]), 7, new DownloadOptions());
        var source = download.HolderUp(1, false);
        download.HasAll(source);
        var receiver = download.HolderUp(2, false);
        Span<TransferAction> actions = new TransferAction[100];
        download.Decide(_now, actions);
        var block = download.Holders[source]!.Requests[0].Block;
        download.Has(receiver, block, _now);
        if (!isFirst)
        {
            download.Decide(_now, actions);
            Assert.Equal(-1, download.Holders[receiver]!.IndexOf(block));
            download.Want([0]);
        }

        download.Decide(_now, actions);
        Assert.NotEqual(-1, download.Holders[receiver]!.IndexOf(block));
    }

    [Fact]
    public void What_is_left_to_another_who_asked_a_source_for_it_too_is_kept_if_it_comes_all_the_same()
    {
        // Of the first image, which is asked of others at once. A receiver whose line is a hundred times quicker owns it.
        var download = new Download(new BlockMap([new TransferObject(default, 65_536, true)]), 7, new DownloadOptions());
        var source = download.HolderUp(1, false);
        download.HasAll(source);
        Span<TransferAction> actions = new TransferAction[8];
        download.Decide(_now, actions);
        Assert.Equal(0, download.Holders[source]!.IndexOf(0));
        var receiver = download.HolderUp(2, false);
        download.UplinkIs(receiver, 100 * Download.UnknownUplink);
        download.Claimed(receiver, 0, true, _now);
        Assert.Equal(-1, download.Holders[source]!.IndexOf(0));
        Assert.True(download.Open.Contains(0));
        Assert.True(download.Lacks(0));
        Assert.False(download.Awaits(0));
        Assert.True(download.Arrived(source, 0, true, _now));
        Assert.True(download.Have.Contains(0));
        Assert.False(download.Open.Contains(0));
        Assert.False(download.Lacks(0));
    }

    [Fact]
    public void Nothing_is_taken_back_from_a_source_once_some_receiver_has_had_every_block()
    {
        var source = Source(1);
        var receiver = _download.HolderUp(2, false);
        var asked = Requests(Decide(), source);
        for (var block = 0; block < _download.Map.Blocks; block++)
        {
            _ = asked.Contains(block) || _download.Has(receiver, block, _now);
        }

        _download.Has(receiver, asked[0], _now);
        Assert.Contains(new TransferAction(TransferActionKind.Cancel, source, asked[0], false), Decide());
        _download.Has(receiver, asked[1], _now);
        Assert.DoesNotContain(Decide(), action => action.Kind == TransferActionKind.Cancel);

        // It has lost one again, which nobody else has: the source has something to send first.
        _download.Refused(receiver, asked[0], _now);
        var other = _download.HolderUp(3, false);
        var waiting = _download.Holders[source]!.Requests[^1].Block;
        _download.Has(other, waiting, _now);
        Assert.Contains(new TransferAction(TransferActionKind.Cancel, source, waiting, false), Decide());
    }

    [Fact]
    public void The_first_image_is_asked_of_other_receivers_urgently_and_of_sources_as_everything_else()
    {
        var download = new Download(
            new BlockMap([new TransferObject(default, 4 * 65_536, true), new TransferObject(default, 4 * 65_536, false)]), 7, new DownloadOptions());
        var (source, receiver) = (download.HolderUp(1, false), download.HolderUp(2, false));
        download.HasAll(source);
        for (var block = 2; block < 8; block++)
        {
            download.Has(receiver, block, _now);
        }

        var actions = new TransferAction[64];
        var requests = actions.Take(download.Decide(_now, actions)).Where(action => action.Kind == TransferActionKind.Request).ToArray();
        Assert.Equal([2, 3], requests.Where(request => request.Holder == receiver).Select(request => request.Block).Order());
        Assert.All(requests, request => Assert.Equal(request.Holder == receiver, request.IsUrgent));
        Assert.Equal([0, 1], requests.Where(request => request.Holder == source).Select(request => request.Block).Order());
    }

    [Fact]
    public void What_a_quick_near_holder_has_is_asked_of_no_other_until_it_is_gone_or_slow()
    {
        var (far, near) = (Source(1), _download.HolderUp(2, true));
        for (var block = 0; block < 31; block++)
        {
            _download.Has(near, block, _now);
        }

        // Far 100 kB/s, near 2 MB/s.
        var asked = Decide();
        _now += TimeSpan.FromSeconds(0.033);
        _download.Arrived(near, Requests(asked, near)[0], true, _now);
        _now += TimeSpan.FromSeconds(0.6);
        foreach (var block in Requests(asked, far))
        {
            _download.Arrived(far, block, true, _now);
        }

        _download.Arrived(near, Requests(asked, near)[1], true, _now);
        asked = Decide();
        Assert.NotEmpty(Requests(asked, near));
        Assert.NotEmpty(Requests(asked, far));
        Assert.All(Requests(asked, far), static block => Assert.True(block >= 31, $"{block} is at hand nearby"));

        _download.HolderDown(near, _now);
        foreach (var block in Requests(asked, far))
        {
            _now += TimeSpan.FromSeconds(0.6);
            _download.Arrived(far, block, true, _now);
        }

        Assert.Contains(Requests(Decide(), far), static block => block < 31);
    }

    [Fact]
    public void A_near_holder_that_is_no_quicker_takes_nothing_from_others()
    {
        var (far, near) = (Source(1), _download.HolderUp(2, true));
        _download.HasAll(near);
        for (var round = 0; round < 4; round++)
        {
            var asked = Decide();
            _now += TimeSpan.FromSeconds(0.3);
            foreach (var holder in new[] { far, near })
            {
                foreach (var block in Requests(asked, holder))
                {
                    _download.Arrived(holder, block, true, _now);
                }
            }
        }

        Assert.NotEmpty(Requests(Decide(), far));
    }

    [Fact]
    public void Near_holders_are_asked_before_those_behind_a_line()
    {
        var two = new Download(Map(1), 7, new DownloadOptions());
        var (far, near) = (two.HolderUp(1, false), two.HolderUp(2, true));
        two.HasAll(far);
        two.HasAll(near);
        var actions = new TransferAction[16];
        var count = two.Decide(_now, actions);
        Assert.All(actions.Take(count), a => Assert.Equal(near, a.Holder));
    }

    [Fact]
    public void A_paused_transfer_asks_for_nothing_and_keeps_what_comes()
    {
        var source = Source(1);
        var block = Requests(Decide(), source)[0];
        _download.IsPaused = true;
        Assert.True(_download.Arrived(source, block, true, _now));
        Assert.Empty(Requests(Decide(), source));
        _download.IsPaused = false;
        Assert.NotEmpty(Requests(Decide(), source));
    }

    [Fact]
    public void What_is_on_the_disk_already_is_not_asked_for()
    {
        for (var block = 0; block < _download.Map.Blocks - 1; block++)
        {
            _download.Resume(block);
        }

        var source = Source(1);
        Assert.Equal([_download.Map.Blocks - 1], Requests(Decide(), source));
    }

    [Fact]
    public void Blocks_that_do_not_exist_are_a_violation_and_strangers_are_not_heard()
    {
        var receiver = _download.HolderUp(1, false);
        Assert.False(_download.Has(receiver, _download.Map.Blocks, _now));
        Assert.False(_download.Has(receiver, -1, _now));
        Assert.False(_download.Claimed(receiver, int.MaxValue, true, _now));
        Assert.False(_download.Lacks(int.MaxValue));
        _download.HolderDown(17, _now);
        _download.Refused(17, 0, _now);
        Assert.True(_download.Has(17, 0, _now));
        Assert.Equal(0, _download.Copies(0));
    }

    [Fact]
    public void The_number_of_peers_is_bounded()
    {
        for (var i = 0; i < _download.Options.MaxHolders; i++)
        {
            Assert.Equal(i, _download.HolderUp((ulong)i, false));
        }

        Assert.Equal(-1, _download.HolderUp(1_000, false));
        _download.HolderDown(5, _now);
        Assert.Equal(5, _download.HolderUp(1_000, false));
    }

    [Fact]
    public void A_viewer_that_wants_everything_gets_the_first_64_MiB_urgently()
    {
        var large = new Download(Map(2_000), 7, new DownloadOptions());
        large.Want([.. Enumerable.Range(0, 2_000)]);
        Assert.Equal(Enumerable.Range(0, Download.MaxUrgent), large.Urgent.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_block_of_a_transfer_of_10_GB_costs_no_allocation(bool hasReceivers)
    {
        var large = new Download(new BlockMap([new TransferObject(default, 160_000 * 65_536L, false)]), 7, new DownloadOptions());
        int[] sources = [large.HolderUp(1, false), large.HolderUp(2, false), large.HolderUp(3, false)];
        foreach (var source in sources)
        {
            large.HasAll(source);
        }

        for (var i = 0; hasReceivers && i < 4; i++)
        {
            large.HolderUp((ulong)i + 10, false);
        }

        var actions = new TransferAction[256];
        var before = 0L;
        for (var block = 0; block < 20_000; block++)
        {
            before = block == 10_000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            large.Decide(_now, actions);
            _now += TimeSpan.FromMilliseconds(1);
            var holder = large.Holders[sources[block % 3]]!;
            Assert.True(large.Arrived(holder.Number, holder.Requests[0].Block, true, _now));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    private static BlockMap Map(int objects) => new([.. Enumerable.Range(0, objects).Select(_ => new TransferObject(default, 2 * 65_536, false))]);

    private int Source(ulong key)
    {
        var number = _download.HolderUp(key, false);
        _download.HasAll(number);
        return number;
    }

    private int Block(int holder) => _download.Holders[holder]!.Requests[0].Block;

    private List<TransferAction> Decide()
    {
        var actions = new TransferAction[256];
        return [.. actions.Take(_download.Decide(_now, actions))];
    }

    private static int[] Requests(IEnumerable<TransferAction> actions, int holder) =>
        [.. actions.Where(a => a.Kind == TransferActionKind.Request && a.Holder == holder).Select(a => a.Block)];

    private static int[] Of(IEnumerable<TransferAction> actions, TransferActionKind kind) => [.. actions.Where(a => a.Kind == kind).Select(a => a.Block)];
}
