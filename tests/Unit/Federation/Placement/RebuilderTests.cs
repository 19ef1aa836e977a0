using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Placement;
using Panal.Unit.Federation.Recycling;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Placement;

public sealed class RebuilderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_centre_is_filled_from_those_who_hold_it_together_and_a_restart_goes_on()
    {
        await using var network = new MemoryNetwork();
        await using var one = await RecyclingNode.StartAsync(network);
        await using var two = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        for (var study = 1; study <= 12; study++)
        {
            await (study % 2 == 0 ? one : two).StoreAsync($"1.2.{study}", 1);
            await (study % 3 == 0 ? one : two).StoreAsync($"1.2.{study}", 2);
        }

        await centre.MeetAsync(one);
        await centre.MeetAsync(two);
        using (var before = Make(centre))
        {
            Assert.Equal(new RebuildProgress(false, 12, 0, 24, 0, 0, 0, 0), before.Look() with { BytesPerSecond = 0 });
            before.Start();
        }

        // Another process finds that it is under way.
        using var rebuilder = Make(centre);
        Assert.True(rebuilder.Look().IsRunning);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = rebuilder.RunAsync(stop.Token);
        for (var pass = rebuilder.NextEndAsync(); rebuilder.Look().IsRunning; pass = rebuilder.NextEndAsync())
        {
            await (await Task.WhenAny(running, pass));
        }

        Assert.Equal(new RebuildProgress(false, 12, 12, 24, 24, 0, 0, 0), rebuilder.Look() with { BytesPerSecond = 0 });
        Assert.Equal(24, (await centre.Archive.FilesAsync()).Count);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_nobody_who_is_linked_holds_is_told_and_stopping_ends_it()
    {
        await using var network = new MemoryNetwork();
        await using var one = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await one.StoreAsync("1.2.3");
        await centre.MeetAsync(one);
        network.Cut(one.Id);
        using var rebuilder = Make(centre);
        rebuilder.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pass = rebuilder.NextEndAsync();
        var running = rebuilder.RunAsync(stop.Token);
        await pass.WaitAsync(Token);
        Assert.Equal((true, 1L, 0L), (rebuilder.Look().IsRunning, rebuilder.Look().UnreachableStudies, rebuilder.Look().WholeStudies));
        rebuilder.Stop();
        Assert.False(rebuilder.Look().IsRunning);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Of_whom_does_not_let_it_replicate_nothing_is_taken_and_that_is_told_and_audited()
    {
        await using var network = new MemoryNetwork();
        await using var one = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await one.StoreAsync("1.2.3", modality: "CT");
        await one.StoreAsync("1.2.4", modality: "MR");
        one.Filter = new FeedFilter { Selections = [new FeedSelection { Modalities = ["MR"] }] };
        await centre.MeetAsync(one);
        using var rebuilder = Make(centre);
        rebuilder.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pass = rebuilder.NextEndAsync();
        var running = rebuilder.RunAsync(stop.Token);
        await pass.WaitAsync(Token);

        Assert.Equal((1L, 0L, 1L), (rebuilder.Look().RefusedStudies, rebuilder.Look().UnreachableStudies, rebuilder.Look().WholeStudies));
        Assert.Equal(["1.2.4"], centre.Held);
        Assert.Contains(("have copies of study 1.2.3, to keep them: It may not replicate that.", false), one.Trail);
        Assert.Contains(("have copies of studies, to keep them", true), one.Trail);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Rebuilder Make(RecyclingNode node) => new(
        node.Archive.Holdings.Catalogue, node.Node.Remote, node.Node.Transfers, node.Node, node.Desk, new PlacementOptions { RebuildAtOnce = 3 }, node.Folder, TimeProvider.System,
        NullLogger<Rebuilder>.Instance);
}
