using Panal.Archive.Retrieve;
using Panal.Archive.Search;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Recycling;
using Panal.Unit.Archive;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Recycling;

public sealed class RecyclerTests
{
    private static readonly RecyclingRules Full = new() { HighMarkBytes = 0, LowMarkBytes = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_keeper_confirms_is_dropped_stays_known_and_comes_again_when_it_is_asked_for()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await FillAsync(centre, replica);
        var files = await centre.Archive.FilesAsync();
        var steps = new List<RecyclingStep>();

        var dry = await replica.RecycleAsync(Full, steps, isDryRun: true);
        Assert.Equal((RecyclingOutcome.WouldDrop, 3L), (Assert.Single(steps).Outcome, steps[0].Instances));
        Assert.Equal((0L, 1), (dry.LeftBytes, dry.Studies));
        Assert.Equal(["1.2.3"], replica.Held);
        Assert.Empty(replica.History.Newest(10));

        steps.Clear();
        var run = await replica.RecycleAsync(Full, steps);
        Assert.Equal(RecyclingOutcome.Dropped, Assert.Single(steps).Outcome);
        Assert.Equal(run.HeldBytes, steps[0].LengthBytes);
        Assert.Empty(replica.Held);
        Assert.Empty(await replica.Archive.FilesAsync());
        var entry = Assert.Single(replica.History.Newest(10));
        Assert.Equal(("1.2.3", 3, RecyclingReason.Capacity, centre.Id), (entry.StudyInstanceUid, entry.Instances, entry.Reason, Assert.Single(entry.Keepers)));
        Assert.Empty(replica.Archive.Holdings.Catalogue.Jobs(Recycler.JobKind, DateTimeOffset.MaxValue, JobState.Waiting, 1));

        // The rows are there, and the others hear that the bytes are not.
        Assert.Equal(3, replica.Archive.Holdings.Catalogue.Counts().Instances);
        await centre.Node.FollowAsync(replica.Node);
        Assert.Empty(centre.Archive.Holdings.Catalogue.HoldersOfStudies(["1.2.3"], null));
        foreach (var instance in Locate(replica, "1.2.3"))
        {
            Assert.True(await replica.Retriever.BringAsync(instance, Token));
        }

        Assert.Equal(files.Values.Select(Convert.ToHexString).Order(), (await replica.Archive.FilesAsync()).Values.Select(Convert.ToHexString).Order());
    }

    [Fact]
    public async Task Nothing_is_dropped_that_no_keeper_holds_whole_and_right()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var other = await RecyclingNode.StartAsync(network);
        await FillAsync(other, replica);

        // It holds all of it, and recycles itself.
        other.Keeps = false;
        Assert.Equal(RecyclingOutcome.NotConfirmed, await DropAsync(replica));

        // It keeps, and its disk has lost one of them, which the catalogue of nobody says.
        other.Keeps = true;
        var file = Directory.EnumerateFiles(other.Archive.VolumeRoot, "*.dcm", SearchOption.AllDirectories).First();
        var bytes = await File.ReadAllBytesAsync(file, Token);
        var damaged = bytes.ToArray();
        damaged[^100] ^= 1;
        await File.WriteAllBytesAsync(file, damaged, Token);
        Assert.Equal(RecyclingOutcome.NotConfirmed, await DropAsync(replica));
        Assert.Equal(3, (await replica.Archive.FilesAsync()).Count);

        // It cannot be reached.
        network.Cut(other.Id);
        Assert.Equal(RecyclingOutcome.NotConfirmed, await DropAsync(replica));
        Assert.Equal(["1.2.3"], replica.Held);
    }

    [Fact]
    public async Task As_many_keepers_as_demanded_must_confirm()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var second = await RecyclingNode.StartAsync(network);
        await FillAsync(centre, replica);
        var two = Full with { Keepers = 2 };
        Assert.Equal(RecyclingOutcome.NotConfirmed, await DropAsync(replica, two));
        await FillAsync(second);
        await replica.MeetAsync(second);
        Assert.Equal(RecyclingOutcome.Dropped, await DropAsync(replica, two));
    }

    [Fact]
    public async Task What_is_pinned_or_opened_stays_and_another_content_under_the_same_UID_too()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await FillAsync(centre, replica);
        Assert.True(replica.Pins.Add("1.2.3", Pin.Local));
        var run = await replica.RecycleAsync(Full);
        Assert.Equal((0, 0), (run.Studies, run.NotSafe));
        replica.Pins.Remove("1.2.3");
        (await OpenAsync(replica, Locate(replica, "1.2.3")[0])).Dispose();
        run = await replica.RecycleAsync(Full);
        Assert.Equal((0, 0), (run.Studies, run.NotSafe));

        replica.Clock.Now += TimeSpan.FromHours(2);
        await replica.StoreAsync("1.2.3", 2, pixelBytes: 9999);
        await replica.MeetAsync(centre);
        var conflicting = await replica.Archive.Holdings.Catalogue.ReleaseAsync(
            [new HeldContent("1.2.3.1.1", new byte[32], 1)], Recycler.JobKind, Token);
        Assert.Null(conflicting.Job);
        Assert.Equal(RecyclingOutcome.Dropped, await DropAsync(replica));
    }

    [Fact]
    public async Task A_retrieval_that_had_located_an_instance_before_it_was_dropped_is_told_that_it_is_elsewhere()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await FillAsync(centre, replica);
        await replica.Archive.FilesAsync();
        var located = Locate(replica, "1.2.3");
        Assert.All(located, static instance => Assert.True(instance.IsHeldHere));
        Assert.Equal(RecyclingOutcome.Dropped, await DropAsync(replica));
        Assert.Equal(OpenResult.HeldElsewhere, replica.Retriever.Open(located[0], [Uids.ExplicitVRLittleEndian]).Result);
        Assert.Null(replica.Retriever.OpenFile(located[1]));
    }

    [Fact]
    public async Task A_crash_between_rows_and_bytes_leaves_files_that_the_next_run_deletes_and_none_that_came_again()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await using var centre = await RecyclingNode.StartAsync(network);
        await FillAsync(centre, replica);
        var catalogue = replica.Archive.Holdings.Catalogue;
        Assert.Equal(3, (await replica.Archive.FilesAsync()).Count);
        var contents = catalogue.Locate(new RetrieveKeys { StudyInstanceUids = ["1.2.3"] }, Token)
            .Select(static row => new HeldContent(row.SopInstanceUid, row.Copy!.Hash, row.Copy.LengthBytes)).ToList();

        // As far as a run comes that is killed then: the rows and the job are committed.
        var (job, copies) = await catalogue.ReleaseAsync(contents, Recycler.JobKind, Token);
        Assert.NotNull(job);
        Assert.Equal(3, copies.Count);
        Assert.Equal(3, (await replica.Archive.FilesAsync()).Count);
        Assert.Empty(replica.Held);

        // One comes again before the next run: its file has another name, since the old one is still there.
        Assert.True(await replica.Retriever.BringAsync(Locate(replica, "1.2.3")[0], Token));
        foreach (var instance in Locate(replica, "1.2.3"))
        {
            Assert.True(await replica.Retriever.BringAsync(instance, Token));
        }

        Assert.Equal(6, (await replica.Archive.FilesAsync()).Count);
        await replica.Recycler.FinishAsync(Token);
        Assert.Equal(3, (await replica.Archive.FilesAsync()).Count);
        Assert.All(Locate(replica, "1.2.3"), instance => Assert.NotNull(replica.Retriever.OpenFile(instance)));
        Assert.Empty(catalogue.Jobs(Recycler.JobKind, DateTimeOffset.MaxValue, JobState.Waiting, 1));

        // A job that is done twice, as after a crash behind the bytes, does no harm.
        foreach (var copy in copies)
        {
            Assert.False(await replica.Archive.Ingester.DeleteReleasedAsync(copy, Token));
        }

        Assert.Equal(3, (await replica.Archive.FilesAsync()).Count);
    }

    [Fact]
    public async Task A_file_that_a_row_names_again_stays()
    {
        await using var network = new MemoryNetwork();
        await using var replica = await RecyclingNode.StartAsync(network);
        await replica.StoreAsync("1.2.3");
        var copy = replica.Archive.Holdings.Catalogue.FindInstance("1.2.3.1.1")!.Copy!;
        Assert.False(await replica.Archive.Ingester.DeleteReleasedAsync(new ReleasedCopy("1.2.3.1.1", copy.VolumeId, copy.Path, copy.LengthBytes), Token));
        Assert.Single(await replica.Archive.FilesAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Under_random_histories_every_instance_is_whole_somewhere_that_keeps_it(int seed)
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var one = await RecyclingNode.StartAsync(network);
        await using var two = await RecyclingNode.StartAsync(network);
        RecyclingNode[] nodes = [centre, one, two];
        var random = new Random(seed);
        (one.Keeps, two.Keeps) = (false, false);
        var stored = new HashSet<string>(StringComparer.Ordinal);
        for (var step = 0; step < 25; step++)
        {
            var node = nodes[random.Next(nodes.Length)];
            switch (random.Next(4))
            {
                case 0:
                    var (study, number) = ($"1.2.{random.Next(4)}", random.Next(1, 4));
                    await node.StoreAsync(study, number);
                    stored.Add($"{study}.1.{number}");
                    break;
                case 1:
                    await centre.MeetAsync(one);
                    await centre.MeetAsync(two);
                    await one.MeetAsync(two);
                    break;
                case 2:
                    // The node that keeps begins to recycle, and another keeps instead.
                    var keeper = random.Next(nodes.Length);
                    for (var i = 0; i < nodes.Length; i++)
                    {
                        nodes[i].Keeps = i == keeper;
                    }

                    break;
                default:
                    if (!node.Keeps)
                    {
                        await node.RecycleAsync(Full);
                    }

                    break;
            }

            foreach (var uid in stored)
            {
                Assert.True(Array.Exists(nodes, n => n.Archive.Holdings.Catalogue.FindInstance(uid) is { Copy: not null }), $"seed {seed}, step {step}: {uid} is nowhere");
            }
        }
    }

    private static async Task<RecyclingOutcome> DropAsync(RecyclingNode node, RecyclingRules? rules = null)
    {
        var steps = new List<RecyclingStep>();
        await node.RecycleAsync(rules ?? Full, steps);
        return Assert.Single(steps).Outcome;
    }

    private static async Task FillAsync(params RecyclingNode[] nodes)
    {
        foreach (var node in nodes)
        {
            for (var number = 1; number <= 3; number++)
            {
                await node.StoreAsync("1.2.3", number);
            }

            await node.Archive.FilesAsync();
        }

        if (nodes is [var one, var other])
        {
            await one.MeetAsync(other);
        }
    }

    private static async Task<StoredFile> OpenAsync(RecyclingNode node, InstanceReference instance)
    {
        Assert.True(await node.Retriever.BringAsync(instance, Token));
        return node.Retriever.OpenFile(instance)!;
    }

    private static IReadOnlyList<InstanceReference> Locate(RecyclingNode node, string study)
    {
        var identifier = new DataSet();
        identifier.Set(Tags.QueryRetrieveLevel, "STUDY");
        identifier.Set(Tags.StudyInstanceUID, study);
        return node.Retriever.Locate(new RetrieveRequest(InformationModel.StudyRoot, identifier, false), Token);
    }
}
