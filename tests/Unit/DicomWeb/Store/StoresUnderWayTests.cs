using Panal.Archive.Ingest;
using Panal.Dicom;
using Panal.DicomWeb.Store;

namespace Panal.Unit.DicomWeb.Store;

public sealed class StoresUnderWayTests
{
    private static readonly FileIdentity Identity = new("1.2", "1.2.3", TransferSyntax.ExplicitVrLittleEndian);

    private readonly List<IngestResult> _told = [];

    [Fact]
    public async Task Some_are_under_way_at_a_time_and_they_are_told_of_in_their_order()
    {
        var underWay = new StoresUnderWay(TellAsync);
        var first = new TaskCompletionSource<IngestOutcome>();
        await underWay.AddAsync(Identity, first.Task);
        for (var number = 2; number < StoresUnderWay.Limit; number++)
        {
            await underWay.AddAsync(Identity, Task.FromResult(new IngestOutcome(IngestResult.AlreadyThere)));
        }

        Assert.Empty(_told);
        var full = underWay.AddAsync(Identity, Task.FromResult(new IngestOutcome(IngestResult.KeptBoth))).AsTask();
        Assert.False(full.IsCompleted);
        first.SetResult(new IngestOutcome(IngestResult.Stored));
        await full;
        Assert.Equal([IngestResult.Stored], _told);
        await underWay.EndAsync();
        Assert.Equal((StoresUnderWay.Limit, IngestResult.KeptBoth), (_told.Count, _told[^1]));
    }

    [Fact]
    public async Task One_that_fails_does_not_keep_the_others_from_being_waited_for()
    {
        var underWay = new StoresUnderWay(TellAsync);
        await underWay.AddAsync(Identity, Task.FromResult(new IngestOutcome(IngestResult.Stored)));
        var failing = new TaskCompletionSource<IngestOutcome>();
        await underWay.AddAsync(Identity, failing.Task);
        await underWay.AddAsync(Identity, Task.FromResult(new IngestOutcome(IngestResult.AlreadyThere)));
        failing.SetException(new IOException("The line broke"));
        await Assert.ThrowsAsync<IOException>(async () => await underWay.EndAsync());
        Assert.Equal([IngestResult.Stored, IngestResult.AlreadyThere], _told);
    }

    private async ValueTask TellAsync(StoreUnderWay stored) => _told.Add((await stored.Outcome).Result);
}
