using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Catalogue;
using Panal.Federation.Broker.Retrieving;
using Panal.Federation.Fetching;
using Panal.Swarm;
using Panal.Unit.Federation.Feed;

namespace Panal.Unit.Federation.Broker.Retrieving;

public sealed class BringExchangeTests
{
    private static readonly NodeId Asker = NodeId.New();
    private static readonly NodeId Node = NodeId.New();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_gets_what_another_asks_for_from_the_archive_behind_it()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 2);
        here.Archive.Withheld.Add("1.1.1.2");
        await here.SweepAsync();
        var exchange = Exchange(here, FeedFilter.All, null);
        var asking = Exchange(here, null, exchange);

        Assert.True(await asking.AskAsync(Node, "1.1.1.1", Token));
        Assert.NotNull(here.Catalogue.FindInstance("1.1.1.1")!.Copy);
        Assert.False(await asking.AskAsync(Node, "1.1.1.2", Token));
        Assert.False(await asking.AskAsync(Node, "1.9.9", Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_node_may_not_fetch_it_does_not_get(bool isNobody)
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 1);
        await here.SweepAsync();
        var exchange = Exchange(here, isNobody ? null : new FeedFilter { Selections = [new FeedSelection { Modalities = ["MR"] }] }, null);

        Assert.False(await Exchange(here, null, exchange).AskAsync(Node, "1.1.1.1", Token));
        Assert.Null(here.Catalogue.FindInstance("1.1.1.1")!.Copy);
    }

    [Fact]
    public async Task A_frame_is_read_back_and_one_that_is_cut_or_changed_is_never_taken_for_another()
    {
        var written = new ArrayBufferWriter<byte>();
        BringFrame.Write(written, BringFrameKind.Want, "1.2.840.10008.99");
        var bytes = written.WrittenSpan.ToArray();
        Assert.Equal(Convert.FromHexString("0110" + Convert.ToHexString("1.2.840.10008.99"u8)), bytes);
        Assert.Equal("1.2.840.10008.99", BringFrame.UidOf((await ReadAsync(bytes))!.Value.Content));
        Assert.Null(await ReadAsync([]));
        for (var length = 1; length < bytes.Length; length++)
        {
            await Assert.ThrowsAsync<BringProtocolException>(() => ReadAsync(bytes[..length]));
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            var flipped = bytes.ToArray();
            flipped[at] ^= 0x80;
            await Assert.ThrowsAsync<BringProtocolException>(async () => BringFrame.UidOf((await ReadAsync(flipped))!.Value.Content));
        }
    }

    [Theory]
    [InlineData("0100")]
    [InlineData("0201")]
    [InlineData("0000")]
    [InlineData("0500")]
    [InlineData("0141")]
    public async Task Unknown_kinds_and_lengths_that_cannot_be_end_the_stream(string frame) =>
        await Assert.ThrowsAsync<BringProtocolException>(() => ReadAsync([.. Convert.FromHexString(frame), .. new byte[70]]));

    [Fact]
    public async Task A_UID_of_64_characters_is_the_longest()
    {
        var uid = "1." + new string('2', 62);
        var written = new ArrayBufferWriter<byte>();
        BringFrame.Write(written, BringFrameKind.Want, uid);
        Assert.Equal(uid, BringFrame.UidOf((await ReadAsync(written.WrittenSpan.ToArray()))!.Value.Content));
    }

    private static async Task<(BringFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(byte[] bytes) =>
        await BringFrame.ReadAsync(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), Token);

    private static BringExchange Exchange(BrokerNode node, FeedFilter? filter, BringExchange? other) => new(
        node.Retrievals, node.Catalogue, new Rights(filter), other is null ? null! : new MemoryLinks(Asker, Node, other), TimeProvider.System,
        NullLogger<BringExchange>.Instance);

    private sealed class Rights(FeedFilter? filter) : IFetchRights
    {
        public FeedFilter? FetchableBy(NodeId asker) => filter;
    }
}
