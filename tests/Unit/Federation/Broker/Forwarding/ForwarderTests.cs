using Panal.Catalogue;
using Panal.Federation.Broker;
using Panal.Federation.Broker.Forwarding;
using Panal.Unit.Archive;

namespace Panal.Unit.Federation.Broker.Forwarding;

public sealed class ForwarderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_stored_here_goes_on_to_the_archive_and_what_came_from_there_does_not()
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { Forward = true });
        here.Add("1.1", instances: 1);
        await here.SweepAsync();
        using var forwarder = here.CreateForwarder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = forwarder.RunAsync(stop.Token);

        Assert.True(await here.BringAsync("1.1.1.1"));
        await here.Local.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.1" });
        await here.Local.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.2" });
        await here.UntilAsync(static status => status is { InstancesForwarded: 2, ForwardsWaiting: 0 });

        Assert.Equal(["1.2.3.4.1", "1.2.3.4.2"], here.Archive.Stored.Order());
        Assert.Contains("commit", here.Archive.Log);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_the_archive_did_not_take_or_lost_is_sent_again()
    {
        await using var here = await BrokerNode.StartAsync();
        await here.SweepAsync();
        await here.Local.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.1" });
        await here.Local.StoreAsync(new Sample { SopInstanceUid = "1.2.3.4.2" });
        here.Archive.Loses!.Add("1.2.3.4.2");
        here.Archive.RefusesStorage = true;
        using var forwarder = here.CreateForwarder();
        Assert.Equal(2, await forwarder.ForwardStudyAsync("pacs", "1.2.3", Token));
        var job = Assert.Single(here.Catalogue.Jobs(ForwardJob.Kind, DateTimeOffset.MaxValue, JobState.Waiting, 10));
        Assert.Equal(Panal.Archive.Jobs.JobStep.Retry, await forwarder.RunAsync(job.Payload, Token));

        here.Archive.RefusesStorage = false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = forwarder.RunAsync(stop.Token);
        await here.UntilAsync(static status => status is { InstancesForwarded: 3, ForwardsWaiting: 0 });
        Assert.Equal(["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.2"], here.Archive.Stored.Order());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_study_that_is_not_here_or_an_unknown_archive_is_refused()
    {
        await using var here = await BrokerNode.StartAsync();
        await here.SweepAsync();
        using var forwarder = here.CreateForwarder();
        await Assert.ThrowsAsync<BrokerException>(() => forwarder.ForwardStudyAsync("pacs", "1.2.3", Token));
        await Assert.ThrowsAsync<BrokerException>(() => forwarder.ForwardStudyAsync("other", "1.2.3", Token));
        Assert.Throws<InvalidDataException>(() => ForwardJob.Read("{}"u8.ToArray()));
        Assert.Throws<InvalidDataException>(() => ForwardJob.Read("{"u8.ToArray()));
    }
}
