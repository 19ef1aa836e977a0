using Panal.Swarm.Picking;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;

namespace Panal.Unit.Swarm.Picking;

/// <summary>Each rule by itself, on a transfer of ten objects of four blocks, two of them the first of a series.</summary>
public sealed class DeciderTests
{
    private const int ObjectBlocks = 4;

    private readonly Download _download = new(Map(), 99, new DownloadOptions());

    [Fact]
    public void Deadlines_keep_the_viewers_order_and_take_only_what_is_open_and_offered()
    {
        var holder = Receiver(1, 20, 8, 9, 11);
        _download.Want([5, 2]);
        Assert.Equal([20, 8, 9, 11], Choose(new Deadlines(), holder, 9));
        Assert.Equal([20, 8], Choose(new Deadlines(), holder, 2));
    }

    [Fact]
    public void Deadlines_leave_a_block_to_a_holder_that_delivers_it_sooner()
    {
        var (slow, fast) = (Receiver(1, 20), Receiver(2, 20));
        Deliver(slow, 10_000);
        Deliver(fast, 1_000_000);
        _download.Want([5]);
        Assert.Empty(Choose(new Deadlines(), slow, 4));
        Assert.Equal([20], Choose(new Deadlines(), fast, 4));
    }

    [Fact]
    public void A_lone_receiver_asks_for_fresh_blocks_in_reading_order()
    {
        var source = Source(1);
        Assert.Equal([0, 1, 2, 3, 4], Choose(new FreshFirst(), source, 5));
        Assert.Equal([0, 1, 2, 3, 20, 21, 22, 23], Choose(new FreshFirst(_download.FirstImages), source, 40));
    }

    [Fact]
    public void Fresh_blocks_are_those_that_nobody_holds_or_claims_and_ours_come_first()
    {
        var source = Source(1);
        var other = Receiver(2, 0, 1);
        _download.Claimed(other.Number, 2, true, TimeSpan.Zero);
        var chosen = Choose(new FreshFirst(), source, 40);
        Assert.Equal(Enumerable.Range(3, 37), chosen.Order());
        var owned = chosen.TakeWhile(b => (_download.OwnedWord(0) >> b & 1) != 0).ToArray();
        Assert.InRange(owned.Length, 8, 30);
        Assert.Equal(owned.Order(), owned);
        Assert.Equal(chosen.Skip(owned.Length).OrderDescending(), chosen.Skip(owned.Length));
    }

    [Fact]
    public void A_claim_is_taken_over_only_when_it_is_old_and_the_block_still_nowhere()
    {
        var source = Source(1);
        var other = Receiver(2);
        _download.Claimed(other.Number, 5, true, TimeSpan.Zero);
        _download.Claimed(other.Number, 6, true, TimeSpan.Zero);
        _download.Has(other.Number, 6, TimeSpan.Zero);
        Assert.Empty(Choose(new StaleClaims(), source, 4, _download.Options.ClaimLife));
        Assert.Equal([5], Choose(new StaleClaims(), source, 4, _download.Options.ClaimLife + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Among_receivers_the_rarest_block_is_asked_for_first()
    {
        var all = Receiver(1, [.. Enumerable.Range(0, 40)]);
        Receiver(2, [.. Enumerable.Range(0, 39)]);
        Receiver(3, [.. Enumerable.Range(0, 38)]);
        Assert.Equal([39, 38], Choose(new RarestFirst(), all, 2));
        Assert.Equal(40, Choose(new RarestFirst(), all, 64).Distinct().Count());
        Assert.Equal([0, 1, 2, 3, 20, 21, 22, 23], Choose(new RarestFirst(_download.FirstImages), all, 64).Order());
    }

    [Fact]
    public void First_parts_come_first_then_what_is_looked_at_then_the_other_parts_in_their_order()
    {
        // Three wholes of three parts, stage after stage, of one block each; the last parts have two.
        var map = new BlockMap([.. Enumerable.Range(0, 9).Select(i => new TransferObject(default, i < 6 ? 7_000 : 100_000, i == 0) { Part = new TransferPart(i % 3, (byte)(i / 3), 3) })]);
        var download = new Download(map, 99, new DownloadOptions { MinRequests = 12 });
        download.Want([1, 4, 7]);
        download.HasAll(download.HolderUp(1, false));
        Span<TransferAction> actions = stackalloc TransferAction[64];
        var requests = actions[..download.Decide(TimeSpan.Zero, actions)].ToArray();
        Assert.Equal([1, 0, 2, 4, 8, 9, 3, 5, 6, 7, 10, 11], requests.Select(static request => request.Block));
        Assert.Equal([1, 4, 8, 9], requests.Where(static request => request.IsUrgent).Select(static request => request.Block));
    }

    [Fact]
    public void Of_short_blocks_as_many_are_asked_for_as_the_line_carries_meanwhile()
    {
        var map = new BlockMap([.. Enumerable.Range(0, 200).Select(i => new TransferObject(default, i < 100 ? 6_000 : 60_000, i == 0) { Part = new TransferPart(i % 100, (byte)(i / 100), 2) })]);
        var download = new Download(map, 99, new DownloadOptions());
        var number = download.HolderUp(1, false);
        download.HasAll(number);
        Deliver(download.Holders[number]!, 100_000);
        Span<TransferAction> actions = stackalloc TransferAction[64];

        // Half a second of 100 kB/s in blocks of 6 kB.
        Assert.Equal(9, download.Decide(TimeSpan.FromSeconds(1), actions));
    }

    private static BlockMap Map() => new([.. Enumerable.Range(0, 10).Select(i => new TransferObject(default, ObjectBlocks * 65_536, i % 5 == 0))]);

    private int[] Choose(IDecider decider, Holder holder, int most, TimeSpan now = default)
    {
        Span<int> blocks = stackalloc int[most];
        return blocks[..decider.Choose(_download, holder, now, blocks)].ToArray();
    }

    private Holder Source(ulong key)
    {
        var number = _download.HolderUp(key, false);
        _download.HasAll(number);
        return _download.Holders[number]!;
    }

    private Holder Receiver(ulong key, params int[] blocks)
    {
        var number = _download.HolderUp(key, false);
        foreach (var block in blocks)
        {
            Assert.True(_download.Has(number, block, TimeSpan.Zero));
        }

        return _download.Holders[number]!;
    }

    private static void Deliver(Holder holder, int bytes)
    {
        holder.Rate.Start(TimeSpan.Zero);
        holder.Rate.Add(bytes, TimeSpan.FromSeconds(1));
        holder.Rate.Stop();
    }
}
