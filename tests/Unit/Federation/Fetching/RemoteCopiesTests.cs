using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Unit.Archive;
using Panal.Unit.Swarm.Transfers.Running;
using Panal.Volumes;

namespace Panal.Unit.Federation.Fetching;

public sealed class RemoteCopiesTests
{
    private static readonly string[] Accepted = [Uids.ExplicitVRLittleEndian];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_study_that_is_elsewhere_is_retrieved_and_stays_byte_for_byte()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        for (var i = 1; i <= 5; i++)
        {
            await holder.Archive.StoreAsync(new Sample { SopInstanceUid = $"1.2.3.4.{i}", Pixel = (byte)i, PixelBytes = 100_000 * i });
        }

        await clinic.FollowAsync(holder);
        var instances = Locate(clinic);
        Assert.Equal(5, instances.Count);
        Assert.All(instances, instance => Assert.Equal(OpenResult.HeldElsewhere, clinic.Retriever.Open(instance, Accepted).Result));
        foreach (var instance in instances)
        {
            Assert.True(await clinic.Retriever.BringAsync(instance, Token));
            await using var outgoing = clinic.Retriever.Open(instance, Accepted).Instance;
            await using var theirs = holder.Retriever.Open(instance with { Copy = holder.Archive.Holdings.Catalogue.FindInstance(instance.SopInstanceUid)!.Copy }, Accepted).Instance;
            Assert.Equal(await BytesAsync(theirs!), await BytesAsync(outgoing!));
        }

        // The whole file has the same hash, and the next subscriber hears that it is here too.
        Assert.Equal(Rows(holder), Rows(clinic));
        await holder.FollowAsync(clinic);
        Assert.Equal(5, Assert.Single(holder.Archive.Holdings.Catalogue.HoldersOfStudies(["1.2.3"], null)).Instances);

        // Never twice.
        Assert.Null(await clinic.Remote.FetchStudyAsync("1.2.3", TransferPriority.Bulk, Token));
        Assert.Equal((await holder.Archive.FilesAsync()).Values.Select(Convert.ToHexString).Order(), (await clinic.Archive.FilesAsync()).Values.Select(Convert.ToHexString).Order());
    }

    [Fact]
    public async Task What_several_hold_is_fetched_from_all_and_asked_for_once()
    {
        await using var network = new MemoryNetwork();
        await using var one = await FetchingNode.StartAsync(network);
        await using var other = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await one.Archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.1", PixelBytes = 300_000 });
        await other.Archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.2", PixelBytes = 300_000 });
        await clinic.FollowAsync(one);
        await clinic.FollowAsync(other);
        var brought = await Task.WhenAll(Locate(clinic).SelectMany(instance => Enumerable.Repeat(instance, 3)).Select(instance => clinic.Retriever.BringAsync(instance, Token).AsTask()));
        Assert.Equal([true, true, true, true, true, true], brought);
        Assert.Equal(2, (await clinic.Archive.FilesAsync()).Count);
    }

    [Fact]
    public async Task What_this_node_may_not_see_does_not_come()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await holder.Archive.StoreAsync(new Sample());
        await holder.Archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.5.1", SeriesInstanceUid = "1.2.3.5", Modality = "MR" });
        await clinic.FollowAsync(holder);
        holder.Filter = new FeedFilter { Selections = [new FeedSelection { Modalities = ["CT"] }] };
        var instances = Locate(clinic);
        var allowed = Assert.Single(instances, instance => instance.SopInstanceUid == "1.2.3.4.5");
        Assert.True(await clinic.Retriever.BringAsync(allowed, Token));
        Assert.False(await clinic.Retriever.BringAsync(Assert.Single(instances, instance => instance != allowed), Token));
        Assert.Single(await clinic.Archive.FilesAsync());
    }

    [Fact]
    public async Task Nobody_waits_for_ever_for_what_nobody_brings()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await holder.Archive.StoreAsync(new Sample());
        await clinic.FollowAsync(holder);
        network.Cut(holder.Id);
        Assert.False(await clinic.Retriever.BringAsync(Assert.Single(Locate(clinic)), Token));

        // It is still wanted, and comes when the holder does.
        network.Add(holder.Id, holder.Transfers);
        var transfer = Assert.Single(clinic.Transfers.Transfers);
        await transfer.Ended.WaitAsync(Token);
        Assert.True(await clinic.Retriever.BringAsync(Assert.Single(Locate(clinic)), Token));
    }

    [Fact]
    public async Task What_comes_into_the_archive_of_a_holder_and_leaves_it_while_a_transfer_runs_is_told()
    {
        await using var network = new MemoryNetwork();
        await using var one = await FetchingNode.StartAsync(network);
        await using var other = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        var late = new Sample { SopInstanceUid = "1.2.3.4.2", Pixel = 2, PixelBytes = 100_000 };
        await one.Archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.1", PixelBytes = 100_000 });
        await one.Archive.StoreAsync(late);
        await other.Archive.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.1", PixelBytes = 100_000 });
        await clinic.FollowAsync(one);
        await clinic.FollowAsync(other);

        // Who alone held the second image is gone; then a modality sends it to the other one.
        network.Cut(one.Id);
        var transfer = (await clinic.Remote.FetchStudyAsync("1.2.3", TransferPriority.Interactive, Token))!;
        var rows = clinic.Archive.Holdings.Catalogue;
        Assert.True(await transfer.WaitForAsync(new ContentHash(Assert.Single(rows.HoldersOfInstance("1.2.3.4.1"), holder => holder.Node == other.Id.Value).Hash.Span), Token));
        await other.Archive.StoreAsync(late);
        await transfer.Ended.WaitAsync(Token);
        Assert.Equal(1, network.StreamsTo(other.Id));
        Assert.Equal(2, (await clinic.Archive.FilesAsync()).Count);

        // And deletes it: whoever has a stream hears of that too.
        var wanted = new TransferObject(new ContentHash(rows.FindInstance("1.2.3.4.2")!.Copy!.Hash.Span), rows.FindInstance("1.2.3.4.2")!.Copy!.LengthBytes, IsFirstOfSeries: false);
        await using var listener = await ScriptedReceiver.OpenAsync(network, clinic.Id, other.Id, "1.2.3", [wanted]);
        Assert.Equal("HaveAll", await listener.NextAsync());
        await other.Archive.Holdings.Catalogue.DeleteAsync(["1.2.3.4.2"], Token);
        Assert.Equal("Refuse 0 1", await listener.NextAsync());
    }

    [Fact]
    public async Task A_content_that_another_node_holds_under_a_UID_that_is_here_comes_when_it_is_wanted_and_stays_a_version()
    {
        await using var network = new MemoryNetwork();
        await using var holder = await FetchingNode.StartAsync(network);
        await using var clinic = await FetchingNode.StartAsync(network);
        await holder.Archive.StoreAsync(new Sample { Pixel = 1, PixelBytes = 100_000 });
        await clinic.Archive.StoreAsync(new Sample { Pixel = 2, PixelBytes = 100_000 });
        await clinic.FollowAsync(holder);
        var rows = clinic.Archive.Holdings.Catalogue;
        var conflict = Assert.Single(rows.Conflicts(isOpenOnly: true, 0, 10));
        var other = Assert.Single(rows.HoldersOfInstance(conflict.Subject));
        Assert.Equal((ConflictDecision.HeldElsewhere, true), (conflict.Decision, conflict.ContentHash.Span.SequenceEqual(other.Hash.Span)));

        // A holder that is away brings nothing now; what was begun goes on when it is back.
        network.Cut(holder.Id);
        Assert.True(await rows.WantContentAsync(conflict.Id, Token));
        Assert.False(await clinic.Remote.BringContentAsync("1.2.3", other, Token));
        network.Add(holder.Id, holder.Transfers);
        Assert.True(await clinic.Remote.BringContentAsync("1.2.3", other, Token));

        conflict = Assert.Single(rows.Conflicts(isOpenOnly: true, 0, 10));
        Assert.Equal((ConflictDecision.KeptBoth, 1), (conflict.Decision, conflict.Version));
        Assert.Equal(Panal.Archive.Conflicts.ContentChoice.Chosen, await new Panal.Archive.Conflicts.ContentChooser(rows, clinic.Archive.Holdings.Volumes).ChooseLaterAsync(conflict, Token));
        Assert.True(rows.FindInstance(conflict.Subject)!.Copy!.Hash.Span.SequenceEqual(other.Hash.Span));
        Assert.Equal(2, (await clinic.Archive.FilesAsync()).Count);
    }

    private static IReadOnlyList<InstanceReference> Locate(FetchingNode node)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
        identifier.Set(Tags.StudyInstanceUID, "1.2.3");
        return node.Retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, false), Token);
    }

    private static IEnumerable<string> Rows(FetchingNode node) => node.Archive.Holdings.Catalogue
        .Locate(new RetrieveKeys { StudyInstanceUids = ["1.2.3"] }, Token)
        .Select(row => $"{row.SopInstanceUid} {Convert.ToHexString(row.Copy!.Hash.Span)} {row.Copy.LengthBytes} {row.Copy.DataSetOffsetBytes}");

    private static async Task<byte[]> BytesAsync(OutgoingInstance instance)
    {
        using var bytes = new MemoryStream();
        await instance.DataSet.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }
}
