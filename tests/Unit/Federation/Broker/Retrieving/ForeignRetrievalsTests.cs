using Panal.Dicom;
using Panal.Unit.Archive;

namespace Panal.Unit.Federation.Broker.Retrieving;

public sealed class ForeignRetrievalsTests
{
    [Fact]
    public async Task An_image_that_is_asked_for_comes_and_the_rest_of_its_study_after_it()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3, series: 1);
        here.Add("1.1", instances: 3, series: 2);
        await here.SweepAsync();
        here.Archive.Log.Clear();

        Assert.True(await here.BringAsync("1.1.2.3"));
        Assert.True(await here.BringAsync("1.1.1.1"));

        await here.Retrievals.UnderWay;

        // The series that was asked for first, each once, and what is here is not asked for again.
        Assert.True(await here.BringAsync("1.1.2.3"));
        Assert.True(await here.BringAsync("1.1.1.3"));
        Assert.Equal(["retrieve SERIES", "retrieve SERIES"], here.Archive.Log.Where(static entry => entry.StartsWith("retrieve", StringComparison.Ordinal)));
        Assert.Equal((6L, 0L), (here.Brokers.Status("pacs").InstancesRetrieved, here.Brokers.Status("pacs").InstancesMissing));
        Assert.Equal("ONLINE", Assert.Single(here.Find("1.1")).GetString(Tags.InstanceAvailability));
        Assert.Empty(here.Catalogue.Conflicts(isOpenOnly: true, 0, 10));
        here.Catalogue.CheckIntegrity(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Many_who_ask_at_once_cost_one_retrieval_and_the_limit_holds()
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { MaximumRetrievals = 1 });
        for (var series = 1; series <= 4; series++)
        {
            here.Add("1.1", instances: 2, series: series);
        }

        await here.SweepAsync();
        here.Archive.Log.Clear();
        var asked = Enumerable.Range(1, 4).SelectMany(static series => new[] { $"1.1.{series}.1", $"1.1.{series}.2", $"1.1.{series}.2" });

        Assert.All(await Task.WhenAll(asked.Select(uid => here.BringAsync(uid).AsTask())), static came => Assert.True(came));

        await here.Retrievals.UnderWay;
        Assert.Equal(4, here.Archive.Log.Count(static entry => entry == "retrieve SERIES"));
        Assert.Equal(1, here.Archive.MostRetrievals);
    }

    [Fact]
    public async Task What_the_archive_lists_and_does_not_give_is_not_said_to_be_here()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        here.Archive.Withheld.Add("1.1.1.2");
        await here.SweepAsync();

        Assert.True(await here.BringAsync("1.1.1.3"));
        Assert.False(await here.BringAsync("1.1.1.2"));

        await here.Retrievals.UnderWay;
        var status = here.Brokers.Status("pacs");
        Assert.Equal(2, status.InstancesRetrieved);
        Assert.InRange(status.InstancesMissing, 1, 2);
        Assert.Equal("NEARLINE", Assert.Single(here.Find("1.1")).GetString(Tags.InstanceAvailability));
        // By name, after the series did not bring it.
        Assert.Contains("retrieve IMAGE", here.Archive.Log);

        // Whoever asks again later gets it if the archive gives it then.
        here.Archive.Withheld.Clear();
        Assert.True(await here.BringAsync("1.1.1.2"));
    }

    [Fact]
    public async Task An_archive_that_breaks_off_is_asked_again()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        await here.SweepAsync();
        here.Archive.FailingRetrievals = 1;
        Assert.True(await here.BringAsync("1.1.1.2"));

        here.Add("1.2", instances: 1);
        await here.SweepAsync();
        here.Archive.FailingRetrievals = 100;
        Assert.False(await here.BringAsync("1.2.1.1"));
    }

    [Fact]
    public async Task Images_come_by_DICOMweb_where_that_is_told()
    {
        await using var here = await BrokerNode.StartAsync(
            static definition => definition with { Retrieve = Panal.Archive.Retrieve.ForeignRetrieval.Wado, DicomWeb = "https://pacs.example/dicom-web" });
        here.Add("1.1", instances: 3);
        await here.SweepAsync();
        await here.Retrievals.ShareAsync(["1.1.1.2"], TestContext.Current.CancellationToken);
        Assert.True(here.Retrievals.IsHere("1.1.1.2"));
        Assert.True(await here.BringAsync("1.1.1.3"));
        Assert.Equal(2, here.Archive.Log.Count(static entry => entry == "https://pacs.example/dicom-web"));
    }

    [Fact]
    public async Task Shares_of_a_series_and_somebody_who_wants_all_of_it_bring_each_image_once()
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { MaximumRetrievals = 4 });
        here.Add("1.1", instances: 6);
        await here.SweepAsync();
        here.Archive.Log.Clear();

        await Task.WhenAll(
            here.Retrievals.ShareAsync(["1.1.1.1", "1.1.1.2"], TestContext.Current.CancellationToken),
            here.Retrievals.ShareAsync(["1.1.1.2", "1.1.1.3"], TestContext.Current.CancellationToken),
            here.BringAsync("1.1.1.6").AsTask());

        await here.Retrievals.UnderWay;
        Assert.Equal(6, here.Archive.Given);
        Assert.Equal((6L, 0L), (here.Brokers.Status("pacs").InstancesRetrieved, here.Brokers.Status("pacs").InstancesMissing));
    }

    [Fact]
    public async Task A_share_that_one_archive_does_not_give_is_asked_of_the_next()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 2);
        here.Archive.Withheld.Add("1.1.1.2");
        await here.SweepAsync();
        await here.Brokers.AddAsync(BrokerNode.Definition with { Name = "other", AeTitle = "OTHER", Source = Guid.NewGuid() }, TestContext.Current.CancellationToken);
        await here.Brokers.SweepAsync("other", isWhole: true, TestContext.Current.CancellationToken);

        await here.Retrievals.ShareAsync(["1.1.1.1", "1.1.1.2"], TestContext.Current.CancellationToken);

        Assert.Equal((true, false), (here.Retrievals.IsHere("1.1.1.1"), here.Retrievals.IsHere("1.1.1.2")));
        Assert.Equal(1, here.Brokers.Status("pacs").InstancesMissing);
        Assert.Equal(1, here.Brokers.Status("other").InstancesMissing);
    }

    [Fact]
    public async Task What_nobody_offers_does_not_come()
    {
        await using var here = await BrokerNode.StartAsync();
        await here.SweepAsync();
        Assert.False(await here.BringAsync("1.9"));
        await here.Local.StoreAsync(new Sample());
        Assert.True(await here.BringAsync(new Sample().SopInstanceUid));
        Assert.Empty(here.Catalogue.OffersOfInstance(new Sample().SopInstanceUid));
    }
}
