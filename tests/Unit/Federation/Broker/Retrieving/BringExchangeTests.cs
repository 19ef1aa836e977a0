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

        var came = new List<string>();
        Assert.True(await asking.AskAsync(Node, ["1.1.1.1", "1.1.1.2", "1.9.9"], came.Add, Token));

        Assert.Equal(["1.1.1.1"], came);
        Assert.NotNull(here.Catalogue.FindInstance("1.1.1.1")!.Copy);
    }

    [Fact]
    public async Task What_is_not_asked_for_stays_where_it_is()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 5);
        await here.SweepAsync();
        here.Archive.Log.Clear();
        var came = new List<string>();
        Assert.True(await Exchange(here, null, Exchange(here, FeedFilter.All, null)).AskAsync(Node, ["1.1.1.4", "1.1.1.2"], came.Add, Token));

        await here.Retrievals.UnderWay;
        Assert.Equal(["1.1.1.2", "1.1.1.4"], came.Order());
        Assert.Equal(["1.1.1.2", "1.1.1.4"], Enumerable.Range(1, 5).Select(static n => $"1.1.1.{n}").Where(here.Retrievals.IsHere));
        Assert.Equal(["retrieve IMAGE"], here.Archive.Log.Where(static entry => entry.StartsWith("retrieve", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_node_that_ends_the_stream_before_its_answer_has_failed()
    {
        await using var here = await BrokerNode.StartAsync();
        var deaf = new Pipe();
        await deaf.Writer.CompleteAsync();
        Assert.False(await Exchange(here, null, null).AskAsync(new Duplex(deaf.Reader, new Pipe().Writer), ["1.2"], static _ => { }, Token));
    }

    [Fact]
    public async Task More_than_a_share_or_something_else_ends_the_stream()
    {
        await using var here = await BrokerNode.StartAsync();
        var exchange = Exchange(here, FeedFilter.All, null);
        await Served(256);
        await Assert.ThrowsAsync<BringProtocolException>(() => Served(257));

        var other = new Pipe();
        BringFrame.Write(other.Writer, BringFrameKind.UnderWay, "");
        await other.Writer.CompleteAsync();
        await Assert.ThrowsAsync<BringProtocolException>(async () => await exchange.ServeAsync(new Duplex(other.Reader, new Pipe().Writer), Asker, Token));

        async Task Served(int frames)
        {
            var asked = new Pipe();
            for (var i = 0; i < frames; i++)
            {
                BringFrame.Write(asked.Writer, BringFrameKind.Share, "1.9.1");
            }

            await asked.Writer.CompleteAsync();
            await exchange.ServeAsync(new Duplex(asked.Reader, new Pipe().Writer), Asker, Token);
        }
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

        Assert.True(await Exchange(here, null, exchange).AskAsync(Node, ["1.1.1.1"], static _ => Assert.Fail("It came."), Token));
        Assert.Null(here.Catalogue.FindInstance("1.1.1.1")!.Copy);
    }

    [Fact]
    public async Task A_frame_is_read_back_and_one_that_is_cut_or_changed_is_never_taken_for_another()
    {
        var written = new ArrayBufferWriter<byte>();
        BringFrame.Write(written, BringFrameKind.Share, "1.2.840.10008.99");
        var bytes = written.WrittenSpan.ToArray();
        Assert.Equal(Convert.FromHexString("0510" + Convert.ToHexString("1.2.840.10008.99"u8)), bytes);
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
    [InlineData("0500")]
    [InlineData("0600")]
    [InlineData("0201")]
    [InlineData("0000")]
    [InlineData("0700")]
    [InlineData("0110")]
    [InlineData("0541")]
    public async Task Unknown_kinds_and_lengths_that_cannot_be_end_the_stream(string frame) =>
        await Assert.ThrowsAsync<BringProtocolException>(() => ReadAsync([.. Convert.FromHexString(frame), .. new byte[70]]));

    [Fact]
    public async Task A_UID_of_64_characters_is_the_longest()
    {
        var uid = "1." + new string('2', 62);
        var written = new ArrayBufferWriter<byte>();
        BringFrame.Write(written, BringFrameKind.Share, uid);
        Assert.Equal(uid, BringFrame.UidOf((await ReadAsync(written.WrittenSpan.ToArray()))!.Value.Content));
    }

    private static async Task<(BringFrameKind Kind, ReadOnlyMemory<byte> Content)?> ReadAsync(byte[] bytes) =>
        await BringFrame.ReadAsync(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), Token);

    private static BringExchange Exchange(BrokerNode node, FeedFilter? filter, BringExchange? other) => new(
        node.Retrievals, node.Catalogue, new Rights(filter), other is null ? null! : new MemoryLinks(Asker, Node, other), TimeProvider.System,
        NullLogger<BringExchange>.Instance);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Rights(FeedFilter? filter) : IFetchRights
    {
        public FeedFilter? FetchableBy(NodeId asker) => filter;
    }
}
