using Microsoft.Extensions.Logging.Abstractions;
using Panal.Federation.Placement;
using Panal.Federation.Recycling;
using Panal.Unit.Federation.Recycling;
using Panal.Unit.Swarm.Transfers.Running;

namespace Panal.Unit.Federation.Placement;

public sealed class WarmerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_studies_of_chosen_kinds_come_once_they_have_ceased_to_grow_and_never_again_after_they_were_dropped()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var replica = await RecyclingNode.StartAsync(network);
        var warmer = Make(replica, new PlacementOptions { WarmModalities = new HashSet<string>(["MR"]) });
        await centre.StoreAsync("1.2.3", 1, modality: "MR");
        await centre.StoreAsync("1.2.4", 1, modality: "CT");
        await replica.MeetAsync(centre);
        Assert.Equal(0, await warmer.WarmOnceAsync(Token));
        await centre.StoreAsync("1.2.3", 2, modality: "MR");
        await replica.MeetAsync(centre);
        Assert.Equal(0, await warmer.WarmOnceAsync(Token));
        Assert.Equal(1, await warmer.WarmOnceAsync(Token));
        await replica.FetchedAsync();
        Assert.Equal(["1.2.3"], replica.Held);

        replica.Clock.Now += TimeSpan.FromDays(2);
        await centre.MeetAsync(replica);
        Assert.Equal(1, (await replica.RecycleAsync(new RecyclingRules { HighMarkBytes = 0, LowMarkBytes = 0 })).Studies);
        Assert.Equal(0, await warmer.WarmOnceAsync(Token));
        var next = Make(replica, new PlacementOptions { WarmModalities = new HashSet<string>(["*"]) });
        Assert.Equal(0, await next.WarmOnceAsync(Token));
        Assert.Equal(1, await next.WarmOnceAsync(Token));
        await replica.FetchedAsync();
        Assert.Equal(["1.2.4"], replica.Held);
    }

    [Fact]
    public async Task Nothing_is_begun_outside_of_the_hours_or_beyond_the_budget()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var replica = await RecyclingNode.StartAsync(network);
        for (var study = 1; study <= 3; study++)
        {
            await centre.StoreAsync($"1.2.{study}", 1, pixelBytes: 100_000);
        }

        await replica.MeetAsync(centre);
        var hour = replica.Clock.GetLocalNow().Hour;
        var all = new PlacementOptions { WarmModalities = new HashSet<string>(["*"]) };
        var asleep = Make(replica, all with { WarmHours = new HourRange((hour + 1) % 24, hour) });
        Assert.Equal(0, await asleep.WarmOnceAsync(Token) + await asleep.WarmOnceAsync(Token));
        var poor = Make(replica, all with { WarmBytesPerHour = 150_000 });
        Assert.Equal(0, await poor.WarmOnceAsync(Token));
        Assert.Equal(2, await poor.WarmOnceAsync(Token));
        await replica.FetchedAsync();
        Assert.Equal(0, await poor.WarmOnceAsync(Token));
        Assert.Equal(2, replica.Held.Count);
    }

    [Fact]
    public async Task Earlier_studies_of_the_patient_are_fetched_when_one_is_opened()
    {
        await using var network = new MemoryNetwork();
        await using var centre = await RecyclingNode.StartAsync(network);
        await using var clinic = await RecyclingNode.StartAsync(network);
        for (var study = 1; study <= 4; study++)
        {
            await centre.StoreAsync($"1.2.{study}", 1);
        }

        await clinic.MeetAsync(centre);
        var warmer = Make(clinic, new PlacementOptions { Priors = 2 });
        Assert.Equal(2, await warmer.FetchPriorsOnceAsync("1.2.4", Token));
        await clinic.FetchedAsync();
        Assert.Equal(["1.2.2", "1.2.3"], clinic.Held.Order(StringComparer.Ordinal));
        Assert.Equal(0, await warmer.FetchPriorsOnceAsync("1.2.4", Token));
    }

    [Theory]
    [InlineData("22-6", 23, true)]
    [InlineData("22-6", 5, true)]
    [InlineData("22-6", 6, false)]
    [InlineData("22-6", 12, false)]
    [InlineData("8-18", 8, true)]
    [InlineData("8-18", 18, false)]
    [InlineData("0-24", 23, true)]
    public void Hours_may_go_over_midnight(string text, int hour, bool isIn)
    {
        Assert.True(HourRange.TryParse(text, out var range));
        Assert.Equal(isIn, range.Contains(hour));
    }

    [Theory]
    [InlineData("")]
    [InlineData("6")]
    [InlineData("6-6")]
    [InlineData("24-6")]
    [InlineData("1-25")]
    [InlineData("-1-5")]
    [InlineData("a-b")]
    public void What_are_no_hours_is_refused(string text) => Assert.False(HourRange.TryParse(text, out _));

    private static Warmer Make(RecyclingNode node, PlacementOptions options) =>
        new(node.Archive.Holdings.Catalogue, node.Node.Remote, node.Statistics, options, node.Clock, NullLogger<Warmer>.Instance);
}
