using Panal.Catalogue;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class ChangeFeedTests
{
    [Fact]
    public async Task Sequences_have_no_gaps_whatever_callers_do_at_once()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        const int Callers = 8, Each = 100;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                string uid = $"1.{caller}.1.{i}";
                await catalogue.Database.AddAsync(Samples.Instance($"1.{caller}", $"1.{caller}.1", uid), CancellationToken.None);
                if (i % 10 == 0)
                {
                    await catalogue.Database.DeleteAsync([uid], CancellationToken.None);
                }
            }
        })));

        IReadOnlyList<Change> changes = catalogue.Database.Changes(0, int.MaxValue);
        Assert.Equal(Callers * Each * 11 / 10, changes.Count);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(i => (long)i), changes.Select(change => change.Sequence));
        Assert.Equal(changes.Count, catalogue.Database.LastSequence());
        Assert.Equal(Callers * Each * 9 / 10, catalogue.Database.Counts().Instances);
        // An instance is added before it is deleted.
        foreach (IGrouping<string, Change> of in changes.GroupBy(change => change.SopInstanceUid))
        {
            Assert.Equal(ChangeKind.InstanceAdded, of.First().Kind);
        }
    }

    [Fact]
    public async Task A_reader_that_follows_the_feed_sees_each_change_once_and_finds_its_row()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        const int Total = 400;
        Task writing = Task.Run(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
            {
                for (int i = 0; i < Total / 4; i++)
                {
                    await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", $"1.1.{caller}.{i}"), CancellationToken.None);
                }
            })));
        });
        var seen = new List<long>();
        while (seen.Count < Total)
        {
            foreach (Change change in catalogue.Database.Changes(seen.Count == 0 ? 0 : seen[^1], 50))
            {
                Assert.NotNull(catalogue.Database.FindInstance(change.SopInstanceUid));
                seen.Add(change.Sequence);
            }

            await Task.Yield();
        }

        await writing;
        Assert.Equal(Enumerable.Range(1, Total).Select(i => (long)i), seen);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_no_gap_and_spoils_no_other()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord good = Samples.Instance("1", "1.1", "1.1.1");
        // A hash that is not there cannot be stored: NOT NULL refuses a null path.
        InstanceRecord bad = Samples.Instance("1", "1.1", "1.1.2");
        bad = bad with { Copy = bad.Copy with { Path = null! } };
        Task<AddOutcome>[] adds = [.. ((InstanceRecord[])[good, bad, Samples.Instance("1", "1.1", "1.1.3"), bad, Samples.Instance("2", "2.1", "2.1.1")])
            .Select(record => Task.Run(async () => await catalogue.Database.AddAsync(record, CancellationToken.None)))];
        await Task.WhenAll(adds.Select(add => add.ContinueWith(_ => { }, TaskScheduler.Default)));

        Assert.Equal(2, adds.Count(add => add.IsFaulted));
        Assert.Equal([1, 2, 3], catalogue.Database.Changes(0, 10).Select(change => change.Sequence));
        Assert.Equal(new CatalogueCounts(1, 2, 2, 3, 3000), catalogue.Database.Counts());
    }
}
