using Panal.Archive.Compaction;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Federation.Fetching;
using Panal.Imaging;
using Panal.Imaging.Compact.Stages;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Unit.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Unit.Federation.Fetching;

public sealed class StagedFetchingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_image_can_be_looked_at_before_any_is_whole_and_is_kept_when_it_is()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await CompactStudies.StoreAsync(holder, 5);
        var received = await CompactStudies.ReceivedAsync(holder);
        await CompactStudies.CompactAsync(holder);
        await clinic.FollowAsync(holder);
        holder.LongestServedBytes = StagesOf(holder).Max(static stages => stages[0].LengthBytes);

        var transfer = (await clinic.Remote.FetchStudyAsync("1.2.3", TransferPriority.Interactive, Token))!;
        for (var i = 1; i <= 5; i++)
        {
            var stages = await clinic.Remote.BringStagesAsync(Reference(clinic, i), Token);
            var preview = StagedFile.Read(Assert.Single(stages) is var one ? [one] : []).Preview(ImageLimits.Default);
            Assert.Equal((1, 6), (preview.Layers, preview.AllLayers));
        }

        Assert.Equal((5, 5, 0), (transfer.Progress.Objects, transfer.Progress.ViewableObjects, transfer.Progress.KeptObjects));
        Assert.Empty(await clinic.Archive.FilesAsync());
        Assert.All(received.Keys, uid => Assert.Null(clinic.Archive.Holdings.Catalogue.FindInstance(uid)!.Copy));

        // The rest comes from another holder, which was fetched from meanwhile.
        await using var other = await FetchingNode.StartAsync(network);
        await CompactStudies.StoreAsync(other, 5);
        await CompactStudies.CompactAsync(other);
        await clinic.FollowAsync(other);
        transfer.Meet([other.Id]);
        await transfer.Ended.WaitAsync(Token);
        Assert.Equal((5, 5, 5), (transfer.Progress.Objects, transfer.Progress.ViewableObjects, transfer.Progress.KeptObjects));
        Assert.Equal(received, await CompactStudies.ReceivedAsync(clinic));
        Assert.Equal(StagesOf(holder).SelectMany(static stages => stages), StagesOf(clinic).SelectMany(static stages => stages));
        Assert.Empty(await clinic.Remote.BringStagesAsync(Reference(clinic, 1), Token));
    }

    [Fact]
    public void The_first_stages_of_all_images_come_before_the_next_ones_and_whole_files_last()
    {
        var lacking = Enumerable.Range(0, 4).Select(i => new TransferObject(ContentHash.Of([(byte)i]), 500, i == 0)).ToArray();
        var compact = new Dictionary<ContentHash, CompactOffer>
        {
            [lacking[0].Hash] = Offer(0, 3),
            [lacking[1].Hash] = Offer(1, 0),
            [lacking[3].Hash] = Offer(3, 3),
        };
        var order = RemoteCopies.InStages(lacking, compact).ToArray();
        Assert.Equal([10, 40, 11, 41, 12, 20, 500, 42], order.Select(static one => one.LengthBytes));
        Assert.Equal([true, false, false, false, false, false, false, false], order.Select(static one => one.IsFirstOfSeries));
        Assert.Equal(4, new BlockMap(order).Wholes);

        static CompactOffer Offer(int i, int stages) => new(
            ContentHash.Of([(byte)i]), ContentHash.Of([9, (byte)i]), 10 + (10 * i),
            [.. Enumerable.Range(0, stages).Select(n => new CompactStage(ContentHash.Of([8, (byte)i, (byte)n]), 10 + (10 * i) + n))]);
    }

    private static List<IReadOnlyList<CompactStage>> StagesOf(FetchingNode node) =>
        [.. node.Archive.Holdings.Catalogue.Locate(new RetrieveKeys { StudyInstanceUids = ["1.2.3"] }, Token).Select(static row => CompactStages.Of(row.Copy!.Compact!))];

    private static InstanceReference Reference(FetchingNode node, int number) =>
        node.Archive.Holdings.Catalogue.FindInstance($"1.2.3.4.{number}") is { } row
            ? new InstanceReference(row.SopClassUid, row.SopInstanceUid, row.TransferSyntaxUid, row.StudyInstanceUid, row.PatientId, row.Copy)
            : throw new InvalidOperationException("The clinic does not know of it.");
}
