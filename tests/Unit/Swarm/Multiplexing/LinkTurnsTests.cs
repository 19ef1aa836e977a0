using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Multiplexing;

public sealed class LinkTurnsTests
{
    private const int BlocksStream = 1;
    private const int RequestsStream = 3;
    private const double Rate = 100_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_on_a_stream_of_bulk_overtakes_the_blocks_that_wait_for_their_turns()
    {
        const int Bytes = 40_000;
        var time = new FakeTimeProvider();
        var uplink = new Uplink(Rate, time);
        var (one, other) = MemoryLine.Create(1 << 20);
        using var link = LinkPair.Make(one, isDialler: true, [], time: time);
        link.Share(uplink);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        await using var blocks = link.Open("blocks/1", LinkPriority.Bulk);
        await using var requests = link.Open("requests/1", LinkPriority.Bulk);
        await end.SendAsync(ScriptedEnd.Credit(BlocksStream, 1_000_000));
        await blocks.Output.WriteAsync(new byte[Bytes], Cancelled);
        var first = await NextDataAsync(end);
        Assert.Equal(BlocksStream, first.Stream);
        Assert.InRange(first.Bytes, uplink.TurnBytes / 2, uplink.TurnBytes);

        await requests.Output.WriteAsync(new byte[100], Cancelled);
        Assert.Equal((RequestsStream, 100), await NextDataAsync(end));

        // The rest comes turn by turn, each when the line has taken the one before.
        for (var left = Bytes - first.Bytes; left > 0;)
        {
            time.Advance(TimeSpan.FromSeconds(1.1 * uplink.TurnBytes / Rate));
            var next = await NextDataAsync(end);
            Assert.Equal(BlocksStream, next.Stream);
            Assert.InRange(next.Bytes, 1, uplink.TurnBytes);
            left -= next.Bytes;
        }

        link.Close(LinkCloseReason.Stopping, "the test ends");
        await other.DisposeAsync();
        await run;
    }

    private static async Task<(int Stream, int Bytes)> NextDataAsync(ScriptedEnd end)
    {
        while (await end.ReadAsync() is { } frame)
        {
            if (frame.Type == FrameType.Data)
            {
                return ((int)frame.Stream, frame.Payload.Length);
            }
        }

        throw new InvalidOperationException("The link has ended.");
    }
}
