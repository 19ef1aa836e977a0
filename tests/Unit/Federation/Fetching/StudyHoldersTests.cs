using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Swarm.Transfers;
using Panal.Unit.Catalogue.Replication;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Fetching;

public sealed class StudyHoldersTests
{
    private static readonly Guid Centre = new("00000000-0000-4000-8000-000000000007");
    private static readonly Guid Replica = new("00000000-0000-4000-8000-000000000008");
    private static readonly Guid Clinic = new("00000000-0000-4000-8000-000000000009");

    [Fact]
    public async Task Who_holds_only_a_part_of_a_study_is_asked_for_it_and_does_not_share_out_what_is_new()
    {
        await using var here = await TemporaryCatalogue.CreateAsync();
        await here.Database.IdentifyAsync(new Guid("00000000-0000-4000-8000-000000000005"), 1, TestContext.Current.CancellationToken);
        await HoldsAsync(here, Centre, "1.1.1", "1.1.2");
        await HoldsAsync(here, Replica, "1.1.1", "1.1.2");
        await HoldsAsync(here, Clinic, "1.1.1");

        var holders = new StudyHolders(here.Database);
        Assert.Equivalent(new[] { new NodeId(Centre), new NodeId(Replica), new NodeId(Clinic) }, holders.HoldersOf(new TransferScope("1")), strict: true);
        Assert.Equivalent(new[] { new NodeId(Centre), new NodeId(Replica) }, holders.WholeHoldersOf(new TransferScope("1")), strict: true);
        Assert.Empty(holders.WholeHoldersOf(new TransferScope("2")));
    }

    private static async Task HoldsAsync(TemporaryCatalogue here, Guid node, params string[] instances)
    {
        await here.Database.SubscribeAsync(node, 1, TestContext.Current.CancellationToken);
        var step = new FeedStep(StateCodecTests.State("1", "Doe^Jane", instances), new FeedCursor(node, 1, 1, 1, 0, null), new FeedHead(1, Samples.Noon), false);
        await here.Database.ApplyAsync(node, step, TestContext.Current.CancellationToken);
    }
}
