using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Wire;
using Panal.Unit.Swarm.Support;

namespace Panal.Unit.Swarm.Multiplexing;

/// <summary>What a member may not do ends its link with a reason.</summary>
public sealed class HostilePeerTests
{
    public static TheoryData<string, LinkCloseReason> Violations => new()
    {
        { "unknown type", LinkCloseReason.UnknownType },
        { "oversized", LinkCloseReason.Oversized },
        { "malformed", LinkCloseReason.Malformed },
        { "data for no stream", LinkCloseReason.Stream },
        { "credit for no stream", LinkCloseReason.Stream },
        { "end for no stream of ours", LinkCloseReason.Stream },
        { "open of our parity", LinkCloseReason.Stream },
        { "open twice", LinkCloseReason.Stream },
        { "open backwards", LinkCloseReason.Stream },
        { "more than credit", LinkCloseReason.Credit },
        { "credit beyond", LinkCloseReason.Credit },
        { "data after end", LinkCloseReason.Stream },
        { "end twice", LinkCloseReason.Stream },
        { "refusals without end", LinkCloseReason.Quota },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_violation_closes_the_link_with_its_reason(string name, LinkCloseReason reason)
    {
        // A short line: what is refused waits for us to read. A peer that takes nothing is told nothing either.
        var (one, other) = MemoryLine.Create(4096);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var link = LinkPair.Make(one, isDialler: false, [new Service("hold/1", (_, cancellationToken) => held.Task.WaitAsync(cancellationToken))]);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        var sending = SendAsync(end, name);
        if (name != "refusals without end")
        {
            Assert.Equal(reason, await end.GoAwayAsync());
        }

        await sending;
        await other.DisposeAsync();
        var ended = await run;
        Assert.Equal((reason, true, false), (ended.Reason, ended.IsViolation, ended.IsByPeer));
        Assert.Equal(0, link.Streams);
    }

    [Fact]
    public async Task Whatever_bytes_arrive_the_link_ends_in_order_or_goes_on()
    {
        const int Seed = 7701;
        var random = new Random(Seed);
        byte[] valid =
        [
            .. ScriptedEnd.Open(1, "echo/1"), .. ScriptedEnd.Frame(2, 0, 1, new byte[300]), .. ScriptedEnd.Credit(1, 5_000), .. ScriptedEnd.Frame(6, 0, 0, new byte[8]),
            .. ScriptedEnd.Open(3, "none/1"), .. ScriptedEnd.Frame(4, 0, 1), .. ScriptedEnd.Open(5, "echo/1", isBulk: true), .. ScriptedEnd.Frame(5, 0, 5, 15, 0),
            .. ScriptedEnd.Frame(7, 0, 0, new byte[8]), .. ScriptedEnd.Frame(8, 0, 0, 0, 0),
        ];
        for (var at = 0; at < valid.Length; at += at is > 40 and < 320 ? 37 : 1)
        {
            // Cut here; one byte flipped here; and random bytes from here on.
            await RunAsync(valid.AsMemory(0, at));
            var flipped = valid.ToArray();
            flipped[at] ^= (byte)(1 << random.Next(8));
            await RunAsync(flipped);
            random.NextBytes(flipped.AsSpan(at));
            await RunAsync(flipped);
        }
    }

    [Fact]
    public async Task A_flood_of_pings_is_answered_without_a_queue()
    {
        var (one, other) = MemoryLine.Create(4096);
        using var link = LinkPair.Make(one, isDialler: false, []);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        var ping = ScriptedEnd.Frame(6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
        for (var round = 0; round < 5_000; round++)
        {
            // Nothing is read: the link must neither block nor collect answers.
            await end.SendAsync(ping);
        }

        await end.SendAsync(ScriptedEnd.Frame(6, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9));
        var answers = 0;
        while (true)
        {
            var frame = (await end.ReadAsync())!.Value;
            answers += frame.Type == FrameType.Pong ? 1 : 0;
            if (frame.Type == FrameType.Pong && frame.Payload[0] == 9)
            {
                break;
            }
        }

        Assert.InRange(answers, 1, 5_001);
        await other.DisposeAsync();
        Assert.Equal(LinkCloseReason.Tunnel, (await run).Reason);
    }

    [Fact]
    public async Task A_peer_that_falls_silent_is_given_up_within_ten_seconds()
    {
        var time = new FakeTimeProvider();
        var (one, other) = MemoryLine.Create();
        using var link = LinkPair.Make(one, isDialler: true, [], time: time);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        var asked = (await end.ReadAsync())!.Value;
        time.Advance(TimeSpan.FromMilliseconds(80));
        await end.SendAsync(ScriptedEnd.Frame(7, 0, 0, asked.Payload));
        await end.SendAsync(ScriptedEnd.Frame(6, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        Assert.Equal(FrameType.Pong, (await end.ReadAsync())!.Value.Type);
        Assert.Equal(TimeSpan.FromMilliseconds(80), link.Traffic.RoundTrip);
        for (var second = 0; second < 10 && !link.IsDraining; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(LinkCloseReason.Silent, await end.GoAwayAsync());
        await other.DisposeAsync();
        Assert.Equal(LinkCloseReason.Silent, (await run).Reason);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_peer_that_takes_nothing_is_given_up_although_it_talks()
    {
        var time = new FakeTimeProvider();
        var (one, other) = MemoryLine.Create(4096);
        using var link = LinkPair.Make(one, isDialler: true, [], time: time);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        await using var stream = link.Open("bulk/1", LinkPriority.Bulk);
        await stream.Output.WriteAsync(new byte[50_000], TestContext.Current.CancellationToken);
        while (!link.IsDraining)
        {
            await end.SendAsync(ScriptedEnd.Frame(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
            while (link.Traffic.Silence > TimeSpan.Zero && !link.IsDraining)
            {
                await Task.Yield();
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }

            time.Advance(TimeSpan.FromSeconds(1));
        }

        // The farewell is waited for in vain; its time may begin a moment after the drain.
        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        Assert.Equal(LinkCloseReason.Silent, (await run).Reason);
    }

    private static async Task RunAsync(ReadOnlyMemory<byte> bytes)
    {
        var (one, other) = MemoryLine.Create();
        var echo = new Service("echo/1", (stream, cancellationToken) => stream.Input.CopyToAsync(stream.Output, cancellationToken));
        using var link = LinkPair.Make(one, isDialler: false, [echo]);
        var run = link.RunAsync(static _ => { }, CancellationToken.None);
        var end = new ScriptedEnd(other);
        await end.SendAsync(bytes);
        await other.DisposeAsync();
        var ended = await run;
        Assert.True(Enum.IsDefined(ended.Reason) || ended.IsByPeer);
        Assert.Equal(0, link.Streams);
    }

    private static async Task SendAsync(ScriptedEnd end, string name)
    {
        byte[][] frames = name switch
        {
            "unknown type" => [ScriptedEnd.Frame(9, 0, 1)],
            "oversized" => [[0xF9, 0x3F, 2, 0, 1, 0, 0, 0]],
            "malformed" => [ScriptedEnd.Frame(6, 0, 0, 1)],
            "data for no stream" => [ScriptedEnd.Frame(2, 0, 7, 1)],
            "credit for no stream" => [ScriptedEnd.Credit(7, 1)],
            "end for no stream of ours" => [ScriptedEnd.Frame(4, 0, 2)],
            "open of our parity" => [ScriptedEnd.Open(2, "hold/1")],
            "open twice" => [ScriptedEnd.Open(3, "hold/1"), ScriptedEnd.Open(3, "hold/1")],
            "open backwards" => [ScriptedEnd.Open(3, "hold/1"), ScriptedEnd.Open(1, "hold/1")],
            "more than credit" => [ScriptedEnd.Open(1, "hold/1"), .. Enumerable.Repeat(ScriptedEnd.Frame(2, 0, 1, new byte[16_000]), 5)],
            "credit beyond" => [ScriptedEnd.Open(1, "hold/1"), ScriptedEnd.Credit(1, 16_777_216)],
            "data after end" => [ScriptedEnd.Open(1, "hold/1"), ScriptedEnd.Frame(4, 0, 1), ScriptedEnd.Frame(2, 0, 1, 1)],
            "end twice" => [ScriptedEnd.Open(1, "hold/1"), ScriptedEnd.Frame(4, 0, 1), ScriptedEnd.Frame(4, 0, 1)],
            _ => [[.. Enumerable.Range(0, 20_000).SelectMany(i => ScriptedEnd.Open(1 + 2 * (uint)i, "none/1"))]],
        };
        try
        {
            foreach (var frame in frames)
            {
                await end.SendAsync(frame);
            }
        }
        catch (IOException)
        {
            // Closed already.
        }
    }
}
