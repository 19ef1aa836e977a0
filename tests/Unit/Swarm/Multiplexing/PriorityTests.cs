using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Wire;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>What goes first, seen in the order of bytes on a line that takes no more.</summary>
public sealed class PriorityTests
{
    private const int LineBytes = 16 * 1024;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_interactive_frame_overtakes_bulk_that_waits_for_a_saturated_line()
    {
        var time = new FakeTimeProvider();
        var (one, other) = MemoryLine.Create(LineBytes);
        using var link = LinkPair.Make(one, isDialler: true, [], time: time);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        await using var bulk = link.Open("bulk/1", LinkPriority.Bulk);
        await bulk.Output.FlushAsync(Cancelled);
        Assert.Equal(FrameType.Ping, (await end.ReadAsync())!.Value.Type);
        Assert.Equal((FrameType.Open, 1u), Head(await end.ReadAsync()));
        await end.SendAsync(ScriptedEnd.Credit(1, 8_000_000));
        var flood = FloodAsync(bulk);

        // The line is slow: each batch takes 100 ms, so that the link learns to write little at once.
        for (var frame = 0; frame < 60; frame++)
        {
            Assert.Equal((FrameType.Data, 1u), Head(await end.ReadAsync()));
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await using var asked = link.Open("search/1", LinkPriority.Interactive);
        await asked.Output.WriteAsync("who"u8.ToArray(), Cancelled);

        // What the line held, the batch in flight, and no more; twice, as the opening may have left before there were bytes.
        var (opening, before) = await NextOfAsync(end, 3);
        Assert.InRange(before, 0, LineBytes + 2 * LinePace.LeastBytes);
        Assert.Equal(FrameType.Open, opening.Type);
        (var question, before) = await NextOfAsync(end, 3);
        Assert.InRange(before, 0, LineBytes + 2 * LinePace.LeastBytes);
        Assert.Equal("who"u8.ToArray(), question.Payload);

        link.Close(LinkCloseReason.Stopping, "the test ends");
        await other.DisposeAsync();
        await flood;
        await run;
    }

    [Fact]
    public async Task Streams_of_one_class_take_turns_frame_by_frame()
    {
        var (one, other) = MemoryLine.Create(LineBytes);
        using var link = LinkPair.Make(one, isDialler: true, []);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        var streams = new[] { link.Open("a/1", LinkPriority.Interactive), link.Open("b/1", LinkPriority.Interactive), link.Open("c/1", LinkPriority.Interactive) };
        // All is written before anything is read: the order is the link's alone, whoever gets processor time.
        foreach (var stream in streams)
        {
            await stream.Output.WriteAsync(new byte[60_000], Cancelled);
        }

        var bytes = new Dictionary<uint, int> { [1] = 0, [3] = 0, [5] = 0 };
        while (bytes.Values.Sum() < 120_000)
        {
            var frame = (await end.ReadAsync())!.Value;
            if (frame.Type == FrameType.Data)
            {
                bytes[frame.Stream] += frame.Payload.Length;
            }
        }

        // The first may have had the line for themselves until it was full; without turns the last would have nothing yet.
        Assert.All(bytes.Values, sum => Assert.InRange(sum, 15_000, 60_000));
        link.Close(LinkCloseReason.Stopping, "the test ends");
        await other.DisposeAsync();
        await run;
    }

    [Fact]
    public void The_pace_follows_the_line_between_its_bounds()
    {
        var time = new FakeTimeProvider();
        var pace = new LinePace(time);
        for (var write = 0; write < 10; write++)
        {
            pace.Took(pace.BatchBytes, time.GetTimestamp());
        }

        Assert.Equal(LinePace.MostBytes, pace.BatchBytes);
        var begun = time.GetTimestamp();
        time.Advance(TimeSpan.FromMilliseconds(40));
        pace.Took(LinePace.MostBytes, begun);
        Assert.Equal(LinePace.MostBytes / 2, pace.BatchBytes);
        begun = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(1));
        pace.Took(64 * 1024, begun);
        Assert.Equal(LinePace.LeastBytes, pace.BatchBytes);
    }

    /// <summary>The next frame of a stream, and how many bytes of others came before it.</summary>
    private static async Task<((FrameType Type, uint Stream, byte[] Payload) Frame, int BytesBefore)> NextOfAsync(ScriptedEnd end, uint stream)
    {
        var before = 0;
        while (true)
        {
            var frame = (await end.ReadAsync())!.Value;
            if (frame.Stream == stream)
            {
                return (frame, before);
            }

            before += frame.Payload.Length;
        }
    }

    private static (FrameType, uint) Head((FrameType Type, uint Stream, byte[])? frame) => (frame!.Value.Type, frame.Value.Stream);

    private static async Task FloodAsync(LinkStream stream)
    {
        try
        {
            while (true)
            {
                await stream.Output.WriteAsync(new byte[20_000], Cancelled);
            }
        }
        catch (LinkException)
        {
            // The link was closed.
        }
    }
}
