using Panal.Catalogue;
using Panal.Federation.Placement;
using Panal.Federation.Recycling;
using Panal.Unit.Federation.Recycling;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Placement;

public sealed class CoverageSurveyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_instance_with_the_fewest_holders_counts_and_whoever_holds_all_is_named()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var clinic = await RecyclingNode.StartAsync(network);
        await StoreAsync(centre, "1.2.3", 1, 2);
        await StoreAsync(clinic, "1.2.3", 1);
        await StoreAsync(centre, "1.2.4", 1);
        await StoreAsync(clinic, "1.2.4", 1);
        await StoreAsync(clinic, "1.2.5", 1);
        await centre.MeetAsync(clinic);
        var all = centre.Survey.Below(int.MaxValue, Token).ToDictionary(static study => study.StudyInstanceUid);
        Assert.Equal((2L, 2L, 1), (all["1.2.3"].Instances, all["1.2.3"].HeldHere, all["1.2.3"].FewestHolders));
        Assert.Empty(all["1.2.3"].Whole);
        Assert.Equal((2, clinic.Id.Value), (all["1.2.4"].FewestHolders, Assert.Single(all["1.2.4"].Whole)));
        Assert.Equal((0L, 1), (all["1.2.5"].HeldHere, all["1.2.5"].FewestHolders));
        Assert.Equal(["CT"], all["1.2.5"].Modalities);
        Assert.Equal(["1.2.3", "1.2.5"], centre.Survey.Below(2, Token).Select(static study => study.StudyInstanceUid).Order(StringComparer.Ordinal));
        Assert.Equal(all["1.2.4"].FewestHolders, centre.Archive.Holdings.Catalogue.CoverageOf("1.2.4")!.FewestHolders);
        Assert.Null(centre.Archive.Holdings.Catalogue.CoverageOf("9.9"));
    }

    [Fact]
    public async Task Only_copies_that_are_read_back_right_are_verified()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var clinic = await RecyclingNode.StartAsync(network);
        await StoreAsync(centre, "1.2.3", 1, 2);
        await StoreAsync(clinic, "1.2.3", 1, 2);
        await centre.MeetAsync(clinic);
        var coverage = Assert.Single(centre.Survey.Below(int.MaxValue, Token));
        Assert.Equal([centre.Id, clinic.Id], (await centre.Survey.VerifyAsync(coverage, Token)).Verified);
        await clinic.Archive.FilesAsync();
        File.Delete(Directory.EnumerateFiles(clinic.Archive.VolumeRoot, "*.dcm", SearchOption.AllDirectories).First());
        var surveyed = await centre.Survey.VerifyAsync(coverage, Token);
        Assert.Equal([centre.Id], surveyed.Verified);
        Assert.Equal((1, 2), (surveyed.Holders, coverage.FewestHolders));
    }

    [Fact]
    public async Task A_study_that_is_placed_is_fetched_there_and_pinned()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var replica = await RecyclingNode.StartAsync(network);
        await StoreAsync(centre, "1.2.3", 1, 2, 3);
        await centre.MeetAsync(replica);
        Assert.Equal([(replica.Id, (PlacementAnswer?)PlacementAnswer.Begun)], await centre.Survey.PlaceAsync("1.2.3", [replica.Id], Token));
        await replica.FetchedAsync();
        Assert.Equal(["1.2.3"], replica.Held);
        Assert.Equal(centre.Id.ToString(), Assert.Single(replica.Pins.Pins).By);
        Assert.Equal([(replica.Id, (PlacementAnswer?)PlacementAnswer.Held)], await centre.Survey.PlaceAsync("1.2.3", [replica.Id], Token));
        replica.Keeps = false;
        var run = await replica.RecycleAsync(new RecyclingRules { HighMarkBytes = 0, LowMarkBytes = 0 });
        Assert.Equal((0, run.HeldBytes), (run.Studies, run.LeftBytes));

        Assert.Equal(PlacementAnswer.Unknown, (await centre.Survey.PlaceAsync("1.2.9", [replica.Id], Token))[0].Answer);
        replica.IsWilling = false;
        Assert.Equal(PlacementAnswer.Refused, (await centre.Survey.PlaceAsync("1.2.3", [replica.Id], Token))[0].Answer);
        network.Cut(replica.Id);
        Assert.Null((await centre.Survey.PlaceAsync("1.2.3", [replica.Id], Token))[0].Answer);
    }

    [Fact]
    public async Task A_node_keeps_for_others_what_they_may_store_there_wholly_and_nothing_else()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var replica = await RecyclingNode.StartAsync(network);
        await centre.StoreAsync("1.2.3", modality: "MR");
        await centre.StoreAsync("1.2.4", modality: "CT");
        await centre.MeetAsync(replica);
        replica.Filter = new FeedFilter { Selections = [new FeedSelection { Modalities = ["CT"] }] };

        Assert.Equal(PlacementAnswer.Refused, (await centre.Survey.PlaceAsync("1.2.3", [replica.Id], Token))[0].Answer);
        // What does not exist looks the same.
        Assert.Equal(PlacementAnswer.Refused, (await centre.Survey.PlaceAsync("1.2.9", [replica.Id], Token))[0].Answer);
        Assert.Equal(PlacementAnswer.Begun, (await centre.Survey.PlaceAsync("1.2.4", [replica.Id], Token))[0].Answer);
        await replica.FetchedAsync();

        Assert.Equal(["1.2.4"], replica.Held);
        Assert.Equal("1.2.4", Assert.Single(replica.Pins.Pins).StudyInstanceUid);
        Assert.Equal([false, false, true], replica.Trail.Select(static entry => entry.IsDone));
        Assert.Equal("have this node keep study 1.2.3: It may not store that here.", replica.Trail.First().Description);
    }

    [Fact]
    public async Task A_repair_brings_every_study_to_the_minimum_and_says_what_is_lacking()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var one = await RecyclingNode.StartAsync(network);
        await using var two = await RecyclingNode.StartAsync(network);
        RecyclingNode[] nodes = [centre, one, two];
        for (var study = 1; study <= 6; study++)
        {
            await StoreAsync(nodes[study % 2], $"1.2.{study}", 1);
        }

        await MeetAllAsync(nodes);
        Assert.Equal(new RepairReport(6, 6, 0), await centre.Survey.RepairAsync(2, Token));
        await FetchedAllAsync(nodes);
        await MeetAllAsync(nodes);
        Assert.Empty(centre.Survey.Below(2, Token));
        Assert.Equal(new RepairReport(0, 0, 0), await centre.Survey.RepairAsync(2, Token));

        // Where there are not enough nodes, as many as there are.
        Assert.Equal(new RepairReport(6, 6, 6), await centre.Survey.RepairAsync(4, Token));
        await FetchedAllAsync(nodes);
        await MeetAllAsync(nodes);
        Assert.All(centre.Survey.Below(int.MaxValue, Token), static study => Assert.Equal(3, study.FewestHolders));
    }

    private static async Task StoreAsync(RecyclingNode node, string study, params int[] numbers)
    {
        foreach (var number in numbers)
        {
            await node.StoreAsync(study, number);
        }
    }

    private static async Task MeetAllAsync(RecyclingNode[] nodes)
    {
        await nodes[0].MeetAsync(nodes[1]);
        await nodes[0].MeetAsync(nodes[2]);
        await nodes[1].MeetAsync(nodes[2]);
    }

    private static async Task FetchedAllAsync(RecyclingNode[] nodes)
    {
        foreach (var node in nodes)
        {
            await node.FetchedAsync();
        }
    }
}
