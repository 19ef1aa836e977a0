using System.Buffers;
using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Federation.Feed;
using Panal.Unit.Catalogue.Replication;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Federation.Feed;

public sealed class FeedSourceTests
{
    private static readonly Guid Centre = new("00000000-0000-4000-8000-000000000007");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copies_of_what_others_hold_can_wait_and_what_nobody_else_holds_or_is_gone_cannot()
    {
        await using TemporaryCatalogue there = await TemporaryCatalogue.CreateAsync();
        await there.Database.SubscribeAsync(Centre, 0, Ct);
        var known = StateCodecTests.State("1", "Doe^Jane", "1.1.1", "1.1.2");
        await there.Database.ApplyAsync(Centre, new FeedStep(known, new FeedCursor(Centre, 1, 1, 1, 0, null), new FeedHead(1, Samples.Noon), false), Ct);
        var line = new ArrayBufferWriter<byte>();
        var source = Follow(there, line);
        Assert.True(source.HasOnlyCopies());

        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), Ct);
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2"), Ct);
        Assert.True(source.HasOnlyCopies());
        await there.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.3"), Ct);
        Assert.False(source.HasOnlyCopies());

        Assert.True(source.TryNext(line));
        Assert.True(source.HasOnlyCopies());
        await there.Database.DeleteAsync(["1.1.1"], Ct);
        Assert.False(source.HasOnlyCopies());
        Assert.True(source.TryNext(line));
        Assert.False(source.TryNext(line));
    }

    private static FeedSource Follow(TemporaryCatalogue there, ArrayBufferWriter<byte> line)
    {
        var source = new FeedSource(there.Database, FeedFilter.All);
        var hello = new ArrayBufferWriter<byte>();
        FeedMessages.WriteOpening(hello, FeedFrameKind.Hello, FeedMode.Feed, there.Database.OwnHead(FeedFilter.All));
        source.Answer(hello.WrittenSpan[FeedFrame.HeaderBytes..], line);
        return source;
    }
}
