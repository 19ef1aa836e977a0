using Panal.Catalogue;
using Panal.Federation.Recycling;
using Panal.Unit.Archive;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Recycling;

/// <summary>What a person deletes: with a copy elsewhere, and the last one.</summary>
public sealed class DeletionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_another_node_keeps_goes_here_and_stays_known()
    {
        await using var network = new MemoryNetwork();
        await using var here = await RecyclingNode.StartAsync(network);
        await using var keeper = await RecyclingNode.StartAsync(network);
        await FillAsync(here);
        await FillAsync(keeper);
        await here.MeetAsync(keeper);

        var outlook = await here.Recycler.LookAtDeletionAsync("1.2.3", Token);
        Assert.Equal((DeletionOutcome.Released, 2, keeper.Id), (outlook.Outcome, outlook.Instances, Assert.Single(outlook.Keepers)));
        Assert.Equal(["1.2.3"], here.Held);

        Assert.Equal(DeletionOutcome.Released, (await here.Recycler.DeleteStudyAsync("1.2.3", evenLastCopy: false, Token)).Outcome);
        Assert.Empty(here.Held);
        Assert.Empty(await here.Archive.FilesAsync());
        Assert.Equal(2, here.Archive.Holdings.Catalogue.Counts().Instances);
        Assert.Empty(Jobs(here));
        Assert.Equal(DeletionOutcome.NotHere, (await here.Recycler.DeleteStudyAsync("1.2.3", evenLastCopy: true, Token)).Outcome);
        Assert.Equal(2, (await keeper.Archive.FilesAsync()).Count);
    }

    [Fact]
    public async Task The_last_copy_goes_only_when_that_is_meant_and_then_wholly()
    {
        await using var network = new MemoryNetwork();
        await using var here = await RecyclingNode.StartAsync(network);
        await using var other = await RecyclingNode.StartAsync(network);
        await FillAsync(here);
        await here.StoreAsync("1.2.4");
        await FillAsync(other);
        // It holds all of it and recycles itself: it is no keeper.
        other.Keeps = false;
        await here.MeetAsync(other);
        Assert.Equal(DeletionOutcome.LastCopy, (await here.Recycler.DeleteStudyAsync("1.2.3", evenLastCopy: false, Token)).Outcome);
        Assert.Equal(3, (await here.Archive.FilesAsync()).Count);

        var deletion = await here.Recycler.DeleteStudyAsync("1.2.4", evenLastCopy: true, Token);
        Assert.Equal((DeletionOutcome.Deleted, 1), (deletion.Outcome, deletion.Instances));
        Assert.Equal(["1.2.3"], here.Held);
        Assert.Equal(2, (await here.Archive.FilesAsync()).Count);
        Assert.Null(here.Archive.Holdings.Catalogue.FindInstance("1.2.4.1.1"));
        Assert.Empty(Jobs(here));

        // What is deleted is heard of by the others, and may come again.
        await here.StoreAsync("1.2.4");
        Assert.Equal(["1.2.3", "1.2.4"], here.Held.Order());
    }

    [Fact]
    public async Task What_is_pinned_stays_and_contents_that_nobody_else_has_count_as_the_last_copy()
    {
        await using var network = new MemoryNetwork();
        await using var here = await RecyclingNode.StartAsync(network);
        await using var keeper = await RecyclingNode.StartAsync(network);
        await FillAsync(here);
        await FillAsync(keeper);
        await here.MeetAsync(keeper);
        Assert.True(here.Pins.Add("1.2.3", Pin.Local));
        Assert.Equal(DeletionOutcome.Pinned, (await here.Recycler.DeleteStudyAsync("1.2.3", evenLastCopy: true, Token)).Outcome);
        here.Pins.Remove("1.2.3");

        await here.StoreAsync("1.2.3", 3, pixelBytes: 9999);
        Assert.Equal(DeletionOutcome.LastCopy, (await here.Recycler.DeleteStudyAsync("1.2.3", evenLastCopy: false, Token)).Outcome);
        Assert.Equal(3, (await here.Archive.FilesAsync()).Count);
    }

    [Fact]
    public async Task A_crash_between_rows_and_bytes_of_a_deletion_leaves_files_that_the_next_run_deletes()
    {
        await using var network = new MemoryNetwork();
        await using var here = await RecyclingNode.StartAsync(network);
        await FillAsync(here);
        await here.Archive.FilesAsync();
        var (job, copies) = await here.Archive.Holdings.Catalogue.DeleteAsync(["1.2.3.1.1", "1.2.3.1.2", "nobody"], Recycler.JobKind, Token);
        Assert.NotNull(job);
        Assert.Equal(["1.2.3.1.1", "1.2.3.1.2"], copies.Select(static copy => copy.SopInstanceUid));
        Assert.Equal(2, (await here.Archive.FilesAsync()).Count);
        await here.Recycler.FinishAsync(Token);
        Assert.Empty(await here.Archive.FilesAsync());
        Assert.Null((await here.Archive.Holdings.Catalogue.DeleteAsync(["nobody"], Recycler.JobKind, Token)).Job);
    }

    private static IReadOnlyList<Job> Jobs(RecyclingNode node) => node.Archive.Holdings.Catalogue.Jobs(Recycler.JobKind, DateTimeOffset.MaxValue, JobState.Waiting, 1);

    private static async Task FillAsync(RecyclingNode node)
    {
        await node.StoreAsync("1.2.3", 1);
        await node.StoreAsync("1.2.3", 2);
        await node.Archive.FilesAsync();
    }
}
