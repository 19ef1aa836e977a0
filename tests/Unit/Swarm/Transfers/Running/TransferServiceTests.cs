using Microsoft.Extensions.Time.Testing;
using Panal.Swarm;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Exchange;
using Panal.Swarm.Transfers.Running;
using Panal.Unit.Volumes.Files;
using Panal.Volumes;

namespace Panal.Unit.Swarm.Transfers.Running;

public sealed class TransferServiceTests
{
    private static readonly TransferScope Study = new("study");
    private static readonly int[] Lengths = [0, 1, 65_535, 65_536, 65_537, 200_000, 5, 400_000];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_study_arrives_as_it_was_each_object_once_and_leaves_nothing_behind()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill(Lengths, source);
        receiver.Holders.Add(source.Id);

        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        foreach (var wanted in objects)
        {
            Assert.True(await transfer.WaitForAsync(wanted.Hash, Token));
        }

        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
        Assert.Equal((TransferState.Complete, objects.Length, transfer.Progress.LengthBytes), (transfer.Progress.State, transfer.Progress.KeptObjects, transfer.Progress.VerifiedBytes));
        Assert.Empty(receiver.Service.Transfers);

        // Its files go after it has said that it ended.
        await transfer.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(receiver.Folder, "transfers")));
    }

    [Fact]
    public async Task A_transfer_leaves_a_link_for_a_better_one_at_once_and_goes_on_there()
    {
        await using var network = new MemoryNetwork();

        // Only the better link makes it open another stream: after any other end it would wait for a day.
        var receiver = network.AddNode(change: static options => options with { FirstRetry = TimeSpan.FromDays(1), DirectoryInterval = TimeSpan.FromDays(1) });
        var time = new FakeTimeProvider();
        var source = network.AddNode(change: static options => options with { UplinkLimits = [.. Enumerable.Repeat(65_536.0, 24)] }, time: time);
        var objects = Fill(Lengths, source);
        receiver.Holders.Add(source.Id);
        var read = source.NextReadAsync();
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        await read.WaitAsync(Token);
        Assert.Equal(1, network.StreamsTo(source.Id));

        network.Drain(source.Id);
        while (!transfer.Ended.IsCompleted)
        {
            read = source.NextReadAsync();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(transfer.Ended, read).WaitAsync(Token);
        }

        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
        Assert.Equal(2, network.StreamsTo(source.Id));
    }

    [Fact]
    public async Task What_several_hold_together_arrives_from_all_of_them()
    {
        await using var network = new MemoryNetwork();
        var receiver = network.AddNode();
        var all = network.AddNode();
        var objects = Fill(Lengths, all);
        network.Cut(all.Id);
        for (var i = 0; i < 3; i++)
        {
            var part = network.AddNode();
            receiver.Holders.Add(part.Id);
            foreach (var held in objects.Where((_, index) => index % 3 == i))
            {
                part.Archive[held.Hash] = all.Archive[held.Hash];
            }
        }

        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        await transfer.Ended.WaitAsync(Token);
        Same(all, receiver, objects);
    }

    [Fact]
    public async Task Receivers_give_one_another_what_they_have_before_they_have_everything()
    {
        await using var network = new MemoryNetwork();
        var source = network.AddNode(change: options => options with { UplinkLimits = [.. Enumerable.Repeat(2_000_000.0, 24)] });
        MemoryNode[] receivers = [network.AddNode(), network.AddNode()];
        var objects = Fill([.. Enumerable.Repeat(300_000, 12)], source);
        var transfers = receivers.Select(receiver =>
        {
            receiver.Holders.Add(source.Id);
            return receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        }).ToArray();

        var exchanged = new long[2];
        while (!transfers.All(transfer => transfer.Ended.IsCompleted))
        {
            for (var i = 0; i < 2; i++)
            {
                exchanged[i] = Math.Max(exchanged[i], transfers[i].Progress.Holders.Where(holder => holder.Node == receivers[1 - i].Id).Sum(holder => holder.DeliveredBytes));
            }

            await Task.WhenAny(Task.WhenAll(transfers.Select(transfer => transfer.Ended)), source.NextReadAsync()).WaitAsync(Token);
        }

        Same(source, receivers[0], objects);
        Same(source, receivers[1], objects);
        Assert.True(exchanged.Sum() > 300_000, $"{exchanged[0]} and {exchanged[1]} bytes were exchanged");
    }

    [Fact]
    public async Task A_peer_that_receives_what_it_holds_hears_all_with_what_is_asked_of_it_and_once_more_at_the_end()
    {
        await using var network = new MemoryNetwork();
        var (source, part, receiver) = (network.AddNode(), network.AddNode(), network.AddNode());
        var objects = Fill([.. Enumerable.Repeat(100_000, 15)], source);
        part.Archive[objects[2].Hash] = source.Archive[objects[2].Hash];

        // The first block, of a first image, would be urgent.
        ScriptedHolder both = new(static (_, _, _) => { }, [2]), holder = new(static (_, _, _) => { });
        var (bothId, holderId) = (NodeId.New(), NodeId.New());
        network.Add(bothId, both);
        network.Add(holderId, holder);
        await using var listening = await ScriptedReceiver.OpenAsync(network, bothId, receiver.Id, Study.Name, objects);
        await listening.JoinedAsync();
        receiver.Holders.Add(bothId);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        await both.HearsAsync(TransferFrameKind.Request);
        receiver.Holders.Add(holderId);
        await both.HearsAsync(TransferFrameKind.Claim);
        receiver.Holders.Add(part.Id);
        await both.HearsAsync(TransferFrameKind.Have);
        await holder.HearsAsync(TransferFrameKind.Have);
        receiver.Holders.Add(source.Id);
        await transfer.Ended.WaitAsync(Token);

        // The transfer has ended, and with it the streams to the holders: the receiver hears of all once more, in one message.
        var blocks = new BlockMap(objects).Blocks;
        string[] words = [];
        while (words is not ["Have", .. var told] || told.Distinct().Count() < blocks)
        {
            words = (await listening.NextAsync()).Split(' ');
        }

        Assert.Contains(TransferFrameKind.Request, holder.Heard);
        Assert.DoesNotContain(TransferFrameKind.Claim, holder.Heard);
    }

    [Fact]
    public async Task A_peer_that_shows_nothing_hears_as_a_receiver_since_it_does_not_listen_as_a_holder()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill([.. Enumerable.Repeat(100_000, 15)], source);
        var silent = new ScriptedHolder(static (_, _, _) => { }, []);
        var silentId = NodeId.New();
        network.Add(silentId, silent);
        await using var listening = await ScriptedReceiver.OpenAsync(network, silentId, receiver.Id, Study.Name, objects);
        await listening.JoinedAsync();
        receiver.Holders.AddRange([silentId, source.Id]);
        await receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive)).Ended.WaitAsync(Token);
        var told = new HashSet<string>();
        while (told.Count < new BlockMap(objects).Blocks)
        {
            var words = (await listening.NextAsync()).Split(' ');
            told.UnionWith(words[0] == "Have" ? words[1..] : []);
        }

        Assert.DoesNotContain(TransferFrameKind.Have, silent.Heard);
        Assert.DoesNotContain(TransferFrameKind.Claim, silent.Heard);
    }

    [Fact]
    public async Task What_a_holder_gets_by_another_way_meanwhile_comes_without_beginning_anew()
    {
        await using var network = new MemoryNetwork();
        var (holder, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill(Lengths, holder);
        holder.Archive.TryRemove(objects[5].Hash, out var late);
        receiver.Holders.Add(holder.Id);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        foreach (var wanted in objects.Where((_, i) => i != 5))
        {
            Assert.True(await transfer.WaitForAsync(wanted.Hash, Token));
        }

        holder.Store(objects[5].Hash, late!);
        await transfer.Ended.WaitAsync(Token);
        Same(holder, receiver, objects);
        Assert.Equal(1, network.StreamsTo(holder.Id));
    }

    [Fact]
    public async Task A_receiver_hears_what_its_holder_gets_and_loses_and_what_it_may_see_later()
    {
        await using var network = new MemoryNetwork();
        var holder = network.AddNode();
        var objects = Fill([70_000, 5, 70_001], holder);
        await using var listener = await ScriptedReceiver.OpenAsync(network, NodeId.New(), holder.Id, "study", objects);
        Assert.Equal("HaveAll", await listener.NextAsync());
        var bytes = holder.Archive[objects[0].Hash];
        holder.Drop(objects[0].Hash);
        Assert.Equal("Refuse 0 1", await listener.NextAsync());
        holder.Store(objects[0].Hash, bytes);
        Assert.Equal("Have 0 1", await listener.NextAsync());

        var stranger = NodeId.New();
        holder.Hidden.Add(stranger);
        await using var waiting = await ScriptedReceiver.OpenAsync(network, stranger, holder.Id, "study", objects);
        await waiting.RequestAsync([0]);
        Assert.Equal("Refuse 0", await waiting.NextAsync());
        holder.Hidden.Remove(stranger);
        Assert.Equal("Have 0 1 2 3 4", await waiting.NextAsync());
    }

    [Fact]
    public async Task A_holder_that_is_cut_is_made_up_for_by_another()
    {
        await using var network = new MemoryNetwork();
        var slow = network.AddNode(change: options => options with { UplinkLimits = [.. Enumerable.Repeat(300_000.0, 24)] });
        var receiver = network.AddNode();
        var objects = Fill(Lengths, slow);
        receiver.Holders.Add(slow.Id);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        Assert.True(await transfer.WaitForAsync(objects[1].Hash, Token));

        var other = network.AddNode();
        foreach (var (hash, bytes) in slow.Archive)
        {
            other.Archive[hash] = bytes;
        }

        receiver.Holders.Add(other.Id);
        network.Cut(slow.Id);
        await transfer.Ended.WaitAsync(Token);
        Same(slow, receiver, objects);
    }

    [Fact]
    public async Task A_transfer_goes_on_after_a_restart_from_what_was_verified()
    {
        await using var network = new MemoryNetwork();
        var source = network.AddNode();
        var receiver = network.AddNode();
        var objects = Fill([.. Enumerable.Repeat(130_000, 10)], source);
        var half = objects[..5];
        var partial = network.AddNode();
        foreach (var held in half)
        {
            partial.Archive[held.Hash] = source.Archive[held.Hash];
        }

        receiver.Holders.Add(partial.Id);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        foreach (var held in half)
        {
            Assert.True(await transfer.WaitForAsync(held.Hash, Token));
        }

        receiver.Holders.Clear();
        receiver.Holders.Add(source.Id);
        await receiver.RestartAsync();
        var resumed = receiver.Service.Transfers.SingleOrDefault();
        if (resumed is not null)
        {
            Assert.Equal(transfer.Id, resumed.Id);
            await resumed.Ended.WaitAsync(Token);
        }

        Same(source, receiver, objects);

        // The half that was there: 3 blocks of 5 objects are read to build their trees and to be sent, of the others none.
        Assert.InRange(source.Reads, 15, 30);
    }

    [Fact]
    public async Task Nothing_false_is_kept_and_who_sends_it_is_not_asked_again()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(change: options => options with { UplinkLimits = [.. Enumerable.Repeat(1_000_000.0, 24)] }), network.AddNode());
        var objects = Fill([.. Enumerable.Repeat(200_000, 8)], source);
        var liar = new ScriptedHolder((stream, map, block) => ScriptedHolder.Send(stream, map, block, 0x5A));
        var liarId = NodeId.New();
        network.Add(liarId, liar);
        receiver.Holders.AddRange([liarId, source.Id]);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
        Assert.Equal(1, liar.Streams);
    }

    [Fact]
    public async Task A_holder_that_never_answers_costs_only_what_it_holds_back()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill(Lengths, source);
        var silent = NodeId.New();
        network.Add(silent, new ScriptedHolder(static (_, _, _) => { }));
        receiver.Holders.AddRange([silent, source.Id]);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
    }

    [Fact]
    public async Task Who_may_not_see_a_study_is_answered_as_if_it_did_not_exist()
    {
        await using var network = new MemoryNetwork();
        var source = network.AddNode();
        var objects = Fill(Lengths, source);
        var stranger = NodeId.New();
        source.Hidden.Add(stranger);

        var hidden = await ScriptedReceiver.AskAsync(network, stranger, source.Id, "study", objects, [0, 3]);
        var missing = await ScriptedReceiver.AskAsync(network, NodeId.New(), source.Id, "no-study", objects, [0, 3]);
        Assert.Equal([TransferFrameKind.Uplink, TransferFrameKind.Refuse], hidden);
        Assert.Equal(hidden, missing);
        Assert.Equal(0, source.Reads);
    }

    [Fact]
    public async Task What_is_not_held_is_refused_and_what_does_not_exist_ends_the_stream()
    {
        await using var network = new MemoryNetwork();
        var source = network.AddNode();
        var objects = Fill(Lengths, source);
        source.Archive.TryRemove(objects[^1].Hash, out _);
        var lastBlock = new BlockMap(objects).Blocks - 1;
        Assert.Equal(
            [TransferFrameKind.Uplink, TransferFrameKind.Have, TransferFrameKind.Refuse],
            await ScriptedReceiver.AskAsync(network, NodeId.New(), source.Id, "study", objects, [lastBlock]));
        Assert.DoesNotContain(
            TransferFrameKind.Block, await ScriptedReceiver.AskAsync(network, NodeId.New(), source.Id, "study", objects, [0, lastBlock + 1]));
    }

    [Fact]
    public async Task Bytes_that_rotted_on_a_holders_disk_are_refused_by_the_holder()
    {
        await using var network = new MemoryNetwork();
        var source = network.AddNode();
        var objects = Fill([100_000], source);
        source.Archive[objects[0].Hash][77_777] ^= 1;
        Assert.Equal(
            [TransferFrameKind.Uplink, TransferFrameKind.HaveAll, TransferFrameKind.Refuse],
            await ScriptedReceiver.AskAsync(network, NodeId.New(), source.Id, "study", objects, [1]));
    }

    [Fact]
    public async Task Without_room_on_the_disk_no_byte_is_asked_for()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode(change: options => options with { ReserveBytes = long.MaxValue / 2 }));
        var objects = Fill(Lengths, source);
        receiver.Holders.Add(source.Id);
        Assert.Throws<StorageFullException>(() => receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk)));
        Assert.Empty(receiver.Service.Transfers);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(receiver.Folder, "transfers")));
        Assert.Equal(0, source.Reads);
    }

    [Theory]
    [InlineData(".blocks")]
    [InlineData(".proofs")]
    public async Task A_disk_that_fills_up_half_way_hinders_a_transfer_until_there_is_room_again(string file)
    {
        const int HalfWay = 10;
        await using var network = new MemoryNetwork();
        var disk = new FaultyDisk();
        var (source, receiver) = (network.AddNode(), network.AddNode(folder: "/transfers-of-one", files: disk));
        var objects = Fill([.. Enumerable.Repeat(200_000, 8)], source);
        var (writes, isFull) = (0, true);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        disk.Fault = (operation, path) =>
        {
            if (operation != "write" || !path.EndsWith(file, StringComparison.Ordinal) || Interlocked.Increment(ref writes) <= HalfWay || !Volatile.Read(ref isFull))
            {
                return null;
            }

            // More than once: it is tried again.
            if (writes > HalfWay + 2)
            {
                full.TrySetResult();
            }

            return new StorageFullException("No room.");
        };
        receiver.Holders.Add(source.Id);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        await full.Task.WaitAsync(Token);
        Assert.False(transfer.Ended.IsCompleted);
        Assert.InRange(transfer.Progress.VerifiedBytes, 1, transfer.Progress.LengthBytes - 1);
        Volatile.Write(ref isFull, value: false);
        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
        Assert.Null(transfer.Progress.Problem);
    }

    [Fact]
    public async Task A_node_that_neither_brings_nor_serves_is_not_woken()
    {
        await using var network = new MemoryNetwork();
        var time = new CountedTime();
        network.AddNode(time: time);
        var before = time.Looks;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(before, time.Looks);
    }

    [Fact]
    public async Task A_clock_that_jumps_years_hinders_no_transfer()
    {
        await using var network = new MemoryNetwork();
        var clock = new JumpingClock();
        var (source, receiver) = (network.AddNode(change: options => options with { UplinkLimits = [.. Enumerable.Repeat(20_000_000.0, 24)] }, time: clock), network.AddNode(time: clock));
        var objects = Fill([.. Enumerable.Repeat(300_000, 40)], source);
        receiver.Holders.Add(source.Id);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Interactive));
        foreach (var (wanted, days) in objects.Zip([3_650, -7_300, 1, -1, 3_650, .. Enumerable.Repeat(0, 35)]))
        {
            Assert.True(await transfer.WaitForAsync(wanted.Hash, Token));
            clock.Jump(TimeSpan.FromDays(days) + TimeSpan.FromHours(5));
            Assert.True(transfer.Progress.TimeLeft is null || transfer.Progress.TimeLeft >= TimeSpan.Zero);
            Assert.True(transfer.Progress.BytesPerSecond >= 0);
        }

        await transfer.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
    }

    [Fact]
    public async Task An_archive_that_is_full_is_offered_the_object_again_and_one_that_refuses_it_is_not()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill([10, 20], source);
        receiver.KeepFaults.Enqueue(new StorageFullException("No room."));
        receiver.Holders.Add(source.Id);
        await receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk)).Ended.WaitAsync(Token);
        Same(source, receiver, objects);

        var other = Fill([30], source);
        receiver.KeepFaults.Enqueue(new InvalidDataException("No instance."));
        var transfer = receiver.Service.Begin(new TransferPlan(Study, other, TransferPriority.Bulk));
        Assert.False(await transfer.WaitForAsync(other[0].Hash, Token));
        Assert.Equal("No instance.", transfer.Progress.Problem);
    }

    [Fact]
    public async Task A_transfer_rests_while_it_is_paused_and_is_gone_when_it_is_cancelled()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill(Lengths, source);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        transfer.Pause();
        receiver.Holders.Add(source.Id);
        Assert.Equal(TransferState.Paused, transfer.Progress.State);
        transfer.Resume();
        Assert.True(await transfer.WaitForAsync(objects[7].Hash, Token));

        var lacking = new TransferObject(ContentHash.Of([9, 9]), 2, false);
        var waiting = receiver.Service.Begin(new TransferPlan(Study, [lacking], TransferPriority.Bulk));
        await waiting.CancelAsync();
        Assert.False(await waiting.WaitForAsync(lacking.Hash, Token));
        Assert.Equal(TransferState.Cancelled, waiting.Progress.State);
        await transfer.Ended.WaitAsync(Token);
        await transfer.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(receiver.Folder, "transfers")));
    }

    [Fact]
    public async Task A_pause_and_a_priority_hold_over_a_restart()
    {
        await using var network = new MemoryNetwork();
        var (source, receiver) = (network.AddNode(), network.AddNode());
        var objects = Fill(Lengths, source);
        var transfer = receiver.Service.Begin(new TransferPlan(Study, objects, TransferPriority.Bulk));
        await transfer.Replayed.WaitAsync(Token);
        transfer.Pause();
        transfer.SetPriority(TransferPriority.Interactive);
        receiver.Holders.Add(source.Id);
        await receiver.RestartAsync();
        var resumed = Assert.Single(receiver.Service.Transfers);
        await resumed.Replayed.WaitAsync(Token);
        Assert.Equal((TransferState.Paused, TransferPriority.Interactive), (resumed.Progress.State, resumed.Priority));
        Assert.Empty(receiver.Archive);
        resumed.Resume();
        await resumed.Ended.WaitAsync(Token);
        Same(source, receiver, objects);
    }

    /// <summary>A clock that knows how often it was looked at.</summary>
    private sealed class CountedTime : FakeTimeProvider
    {
        public int Looks { get; private set; }

        public override long GetTimestamp()
        {
            Looks++;
            return base.GetTimestamp();
        }
    }

    /// <summary>Somebody sets the clock of the machine; time that only grows is not touched by that.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _offsetTicks;

        public void Jump(TimeSpan by) => Interlocked.Add(ref _offsetTicks, by.Ticks);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _offsetTicks));
    }

    private static TransferObject[] Fill(int[] lengths, MemoryNode node)
    {
        var random = new Random(lengths.Length);
        return [.. lengths.Select((length, index) =>
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var hash = ContentHash.Of(bytes);
            node.Archive[hash] = bytes;
            return new TransferObject(hash, length, index == 0);
        })];
    }

    private static void Same(MemoryNode source, MemoryNode receiver, TransferObject[] objects)
    {
        foreach (var wanted in objects)
        {
            Assert.Equal(source.Archive[wanted.Hash], receiver.Archive[wanted.Hash]);
            Assert.Single(receiver.Kept, wanted.Hash);
        }
    }
}
