using Panal.Catalogue;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

public sealed class CopyAndJobTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Copies_come_and_go_but_never_the_last_one()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord record = Samples.Instance("1", "1.1", "1.1.1");
        await catalogue.Database.AddAsync(record, None);
        CopyRecord second = record.Copy with { VolumeId = 2, State = CopyState.Nearline };

        Assert.True(await catalogue.Database.AddCopyAsync("1.1.1", second, isDurable: true, None));
        Assert.False(await catalogue.Database.AddCopyAsync("nobody", second, isDurable: false, None));
        Assert.True(await catalogue.Database.RemoveCopyAsync("1.1.1", 0, 1, None));
        Assert.False(await catalogue.Database.RemoveCopyAsync("1.1.1", 0, 1, None));
        Assert.False(await catalogue.Database.RemoveCopyAsync("1.1.1", 0, 2, None));
        Assert.Equal([second], catalogue.Database.FindInstance("1.1.1")!.Copies);
        Assert.Equal(3, catalogue.Database.LastSequence());
    }

    [Fact]
    public async Task Verification_is_kept_and_only_a_new_state_is_a_change()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        Assert.Equal(1, await catalogue.Database.SetCopyStatesAsync(
            [new CopyStateChange("1.1.1", 1, CopyState.Staged, Samples.Noon), new CopyStateChange("nobody", 1, CopyState.Online, null)], isDurable: false, None));
        Assert.Equal(1, catalogue.Database.LastSequence());
        Assert.Equal(1, await catalogue.Database.SetCopyStatesAsync([new CopyStateChange("1.1.1", 1, CopyState.Damaged, null)], isDurable: true, None));
        CopyRecord copy = catalogue.Database.FindInstance("1.1.1")!.Copy!;
        Assert.Equal((CopyState.Damaged, Samples.Noon), (copy.State, copy.VerifiedAt));
        Assert.Equal(ChangeKind.CopiesChanged, catalogue.Database.Changes(1, 1).Single().Kind);
    }

    [Fact]
    public async Task Deleting_tells_which_files_can_go()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord first = Samples.Instance("1", "1.1", "1.1.1"), second = Samples.Instance("1", "1.1", "1.1.2");
        await catalogue.Database.AddAsync(first, None);
        await catalogue.Database.AddAsync(second, None);
        Assert.Equal([first.Copy], await catalogue.Database.DeleteAsync(["1.1.1", "nobody"], None));
        Assert.Null(catalogue.Database.FindInstance("1.1.1"));
        // The same instance may come again.
        Assert.Equal(AddResult.Added, (await catalogue.Database.AddAsync(first, None)).Result);
    }

    [Fact]
    public async Task Jobs_survive_and_are_given_out_when_due()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        long later = await catalogue.Database.EnqueueJobAsync("commit", "t2", new byte[] { 2 }, Samples.Noon.AddHours(1), None);
        long now = await catalogue.Database.EnqueueJobAsync("commit", "t1", new byte[] { 1 }, Samples.Noon, None);
        await catalogue.Database.EnqueueJobAsync("route", "t1", ReadOnlyMemory<byte>.Empty, Samples.Noon, None);
        await catalogue.ReopenAsync();

        Job job = Assert.Single(catalogue.Database.Jobs("commit", Samples.Noon, JobState.Waiting, 10));
        Assert.Equal((now, "t1", 0), (job.Id, job.Key, job.Attempts));
        Assert.Equal([1], job.Payload.ToArray());
        Assert.True(await catalogue.Database.UpdateJobAsync(job with { Attempts = 1, DueAt = Samples.Noon.AddMinutes(1), Payload = new byte[] { 9 } }, None));
        Assert.Empty(catalogue.Database.Jobs("commit", Samples.Noon, JobState.Waiting, 10));
        Assert.Equal([now, later], catalogue.Database.Jobs("commit", Samples.Noon.AddHours(2), JobState.Waiting, 10).Select(due => due.Id));
        Assert.True(await catalogue.Database.UpdateJobAsync(job with { State = JobState.Failed }, None));
        Assert.Single(catalogue.Database.Jobs("commit", Samples.Noon, JobState.Failed, 10));
        Assert.Equal(["commit", "route", "commit"], catalogue.Database.Jobs(10).Select(any => any.Kind));
        Assert.Equal((now, JobState.Failed), catalogue.Database.Jobs(1) is [var first] ? (first.Id, first.State) : default);

        Assert.Equal(now, await catalogue.Database.EnqueueJobAsync("commit", "t1", new byte[] { 3 }, Samples.Noon, None));
        Assert.Equal([3], Assert.Single(catalogue.Database.Jobs("commit", Samples.Noon, JobState.Waiting, 10)).Payload.ToArray());
        Assert.True(await catalogue.Database.RemoveJobAsync(now, None));
        Assert.False(await catalogue.Database.RemoveJobAsync(now, None));
        Assert.False(await catalogue.Database.UpdateJobAsync(job, None));
    }
}
