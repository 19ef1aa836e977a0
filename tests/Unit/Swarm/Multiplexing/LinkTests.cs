using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using Panal.Swarm.Links;
using Panal.Swarm.Wire;

namespace Panal.Unit.Swarm.Multiplexing;

public sealed class LinkTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static Service Echo { get; } = new("echo/1", async (stream, cancellationToken) =>
    {
        await stream.Input.CopyToAsync(stream.Output, cancellationToken);
        await stream.Output.CompleteAsync();
    });

    [Theory]
    [InlineData(LinkPriority.Interactive, 0)]
    [InlineData(LinkPriority.Interactive, 1)]
    [InlineData(LinkPriority.Bulk, 65_537)]
    [InlineData(LinkPriority.Bulk, 3_000_001)]
    public async Task What_is_sent_comes_back_from_whichever_side_it_was_opened(LinkPriority priority, int length)
    {
        await using var pair = LinkPair.Create([Echo]);
        foreach (var link in new[] { pair.Dialler, pair.Acceptor })
        {
            await using var stream = link.Open("echo/1", priority);
            var sent = new byte[length];
            new Random(length).NextBytes(sent);
            var writing = WriteAsync(stream, sent);
            Assert.Equal(sent, await ReadToEndAsync(stream.Input));
            await writing;
        }

        Assert.Equal(0, pair.Dialler.BorrowedBytes);
        Assert.Equal(0, pair.Acceptor.BorrowedBytes);
    }

    [Fact]
    public async Task A_protocol_that_nobody_serves_ends_the_stream_with_a_reason_and_the_link_goes_on()
    {
        await using var pair = LinkPair.Create([Echo]);
        await using var stream = pair.Dialler.Open("unknown/1", LinkPriority.Interactive);
        var failure = await Assert.ThrowsAsync<LinkException>(async () => await stream.Input.ReadAsync(Cancelled));
        Assert.Equal(LinkCloseReason.NotServed, failure.Reason);
        await EchoesAsync(pair);
    }

    [Fact]
    public async Task A_service_that_throws_ends_its_stream_and_never_the_link()
    {
        await using var pair = LinkPair.Create([Echo, new Service("broken/1", (_, _) => throw new InvalidOperationException("on purpose"))]);
        await using var stream = pair.Dialler.Open("broken/1", LinkPriority.Interactive);
        var failure = await Assert.ThrowsAsync<LinkException>(async () => await stream.Input.ReadAsync(Cancelled));
        Assert.Equal(LinkCloseReason.Failed, failure.Reason);
        await EchoesAsync(pair);
    }

    [Fact]
    public async Task Disposing_without_completing_aborts_the_stream_at_the_other_end()
    {
        var seen = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = LinkPair.Create([Echo, new Service("wait/1", async (stream, cancellationToken) =>
        {
            try
            {
                await ReadToEndAsync(stream.Input);
            }
            catch (LinkException e)
            {
                seen.SetResult(e);
            }
        })]);
        var stream = pair.Dialler.Open("wait/1", LinkPriority.Bulk);
        await stream.Output.WriteAsync(new byte[10], Cancelled);
        await stream.DisposeAsync();
        Assert.Equal(LinkCloseReason.GivenUp, ((LinkException)await seen.Task.WaitAsync(Cancelled)).Reason);
        await EchoesAsync(pair);
    }

    [Fact]
    public async Task A_request_that_was_completed_arrives_whole_though_its_answer_is_given_up()
    {
        var request = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = LinkPair.Create([new Service("endless/1", async (stream, cancellationToken) =>
        {
            request.SetResult(await ReadToEndAsync(stream.Input));
            try
            {
                while (true)
                {
                    await stream.Output.WriteAsync(new byte[10_000], cancellationToken);
                }
            }
            catch (LinkException)
            {
                stopped.SetResult();
            }
        })]);
        var sent = new byte[500_000];
        new Random(1).NextBytes(sent);
        var stream = pair.Dialler.Open("endless/1", LinkPriority.Bulk);
        await WriteAsync(stream, sent);
        await stream.DisposeAsync();
        Assert.Equal(sent, await request.Task.WaitAsync(Cancelled));
        await stopped.Task.WaitAsync(Cancelled);
    }

    [Fact]
    public async Task A_closed_link_tells_the_peer_why_and_ends_every_stream_with_the_reason()
    {
        await using var pair = LinkPair.Create([Echo]);
        await using var stream = pair.Dialler.Open("echo/1", LinkPriority.Interactive);
        await stream.Output.WriteAsync(new byte[1], Cancelled);
        await stream.Input.ReadAtLeastAsync(1, Cancelled);
        pair.Acceptor.Close(LinkCloseReason.Revoked, "revoked in a test");
        Assert.Equal(LinkCloseReason.Revoked, (await pair.AcceptorEnd).Reason);
        var end = await pair.DiallerEnd;
        Assert.Equal(LinkCloseReason.Revoked, end.Reason);
        Assert.True(end.IsByPeer);
        stream.Input.AdvanceTo(default);
        Assert.Equal(LinkCloseReason.Revoked, Assert.Throws<LinkException>(() => pair.Dialler.Open("echo/1", LinkPriority.Bulk)).Reason);
    }

    [Fact]
    public async Task A_draining_link_lets_its_streams_end_and_then_closes()
    {
        await using var pair = LinkPair.Create([Echo]);
        await using var stream = pair.Dialler.Open("echo/1", LinkPriority.Interactive);
        await stream.Output.WriteAsync(new byte[1], Cancelled);
        await ReadAsync(stream, 1);
        Assert.False(stream.Draining.IsCancellationRequested);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var draining = stream.Draining.UnsafeRegister(static told => ((TaskCompletionSource)told!).SetResult(), told);
        pair.Acceptor.Drain(LinkCloseReason.Duplicate);
        Assert.True(pair.Acceptor.Draining.IsCancellationRequested);
        Assert.Equal(LinkCloseReason.Duplicate, Assert.Throws<LinkException>(() => pair.Acceptor.Open("echo/1", LinkPriority.Bulk)).Reason);
        await stream.Output.WriteAsync(new byte[2], Cancelled);
        await ReadAsync(stream, 2);
        await told.Task.WaitAsync(Cancelled);
        Assert.False(pair.AcceptorEnd.IsCompleted);
        await stream.Output.CompleteAsync();
        Assert.Empty(await ReadToEndAsync(stream.Input));
        Assert.Equal(LinkCloseReason.Duplicate, (await pair.AcceptorEnd).Reason);
        Assert.Equal(LinkCloseReason.Duplicate, (await pair.DiallerEnd).Reason);
    }

    [Fact]
    public async Task Where_both_ends_rest_one_of_them_asks_and_where_something_goes_both_do()
    {
        var time = new FakeTimeProvider();
        var (one, other) = MemoryLine.Create();
        using var link = LinkPair.Make(one, isDialler: true, [Echo], time: time);
        using var stop = new CancellationTokenSource();
        var run = link.RunAsync(static _ => { }, stop.Token);
        var end = new ScriptedEnd(other);
        await end.SendAsync(ScriptedEnd.Frame(7, 0, 0, (await end.ReadAsync())!.Value.Payload));
        await AskAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        await AskAsync();

        // It looks after 2.5 s, and has heard something half a second before; after 5 s too; after 7.5 s it has not for long.
        time.Advance(TimeSpan.FromSeconds(0.6));
        await AskAsync();
        time.Advance(TimeSpan.FromSeconds(2.5));
        time.Advance(TimeSpan.FromSeconds(2.5));
        var asked = (await end.ReadAsync())!.Value;
        Assert.Equal(FrameType.Ping, asked.Type);
        await end.SendAsync(ScriptedEnd.Frame(7, 0, 0, asked.Payload));

        await end.SendAsync(ScriptedEnd.Open(2, "echo/1"));
        await end.SendAsync(ScriptedEnd.Frame(2, 0, 2, new byte[2000]));
        while ((await end.ReadAsync())!.Value.Type != FrameType.Data)
        {
        }

        await AskAsync();
        time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.Equal(FrameType.Ping, (await end.ReadAsync())!.Value.Type);
        await stop.CancelAsync();
        await other.DisposeAsync();
        await run;

        // A ping of its own would come before the answer.
        async Task AskAsync()
        {
            await end.SendAsync(ScriptedEnd.Frame(6, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
            Assert.Equal(FrameType.Pong, (await end.ReadAsync())!.Value.Type);
        }
    }

    [Fact]
    public async Task A_draining_link_whose_streams_do_not_end_is_closed_when_its_time_is_over()
    {
        var options = new LinkOptions { PingInterval = TimeSpan.FromMilliseconds(20), DrainTimeout = TimeSpan.FromMilliseconds(1) };
        await using var pair = LinkPair.Create([Echo], options);
        await using var stream = pair.Dialler.Open("echo/1", LinkPriority.Interactive);
        await stream.Output.WriteAsync(new byte[1], Cancelled);
        await ReadAsync(stream, 1);
        pair.Acceptor.Drain(LinkCloseReason.Duplicate);
        Assert.Equal(LinkCloseReason.Duplicate, (await pair.AcceptorEnd).Reason);
        Assert.Equal(LinkCloseReason.Duplicate, (await pair.DiallerEnd).Reason);
        Assert.Equal(LinkCloseReason.Duplicate, (await Assert.ThrowsAsync<LinkException>(() => stream.Input.ReadAsync(Cancelled).AsTask())).Reason);
    }

    [Fact]
    public async Task A_peer_that_is_not_read_is_stopped_by_credit_and_memory_stays_within_the_window()
    {
        const int Credit = 65_536;
        var (held, isUsedUp) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var pair = LinkPair.Create([Echo, new Service("hold/1", async (peer, cancellationToken) =>
        {
            for (var arrived = 0L; arrived < Credit;)
            {
                // Looked at, not taken.
                var result = await peer.Input.ReadAsync(cancellationToken);
                arrived = result.Buffer.Length;
                peer.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }

            isUsedUp.SetResult();
            await held.Task.WaitAsync(cancellationToken);
        })]);
        await using var stream = pair.Dialler.Open("hold/1", LinkPriority.Bulk);
        var written = 0;
        while (true)
        {
            var write = stream.Output.WriteAsync(new byte[16_384], Cancelled).AsTask();
            await Task.WhenAny(write, isUsedUp.Task);
            if (!await EchoesWhileAsync(pair, write))
            {
                break;
            }

            written += 16_384;
        }

        // The opener's credit, and what waits for the line.
        Assert.InRange(written, Credit, Credit + 256 * 1024);
        held.SetResult();
    }

    [Fact]
    public async Task One_who_waits_for_the_rest_of_a_message_gets_it_though_less_than_half_a_window_was_consumed()
    {
        // The window is 16 KiB and cannot grow: 6,000 bytes consumed, then a message of 12,000 that is looked at whole.
        var options = new LinkOptions { FirstWindowBytes = 16_384, LongestWindowBytes = 16_384, WindowBudgetBytes = 0 };
        await using var pair = LinkPair.Create([new Service("two/1", async (stream, cancellationToken) =>
        {
            await stream.Output.WriteAsync(new byte[18_000], cancellationToken);
            await stream.Output.CompleteAsync();
        })], options);
        await using var stream = pair.Dialler.Open("two/1", LinkPriority.Interactive);
        var first = await stream.Input.ReadAtLeastAsync(6_000, Cancelled);
        stream.Input.AdvanceTo(first.Buffer.GetPosition(6_000));
        var second = await stream.Input.ReadAtLeastAsync(12_000, Cancelled);
        Assert.Equal(12_000, second.Buffer.Length);
        stream.Input.AdvanceTo(second.Buffer.End);
    }

    [Fact]
    public async Task More_streams_than_the_limit_are_refused()
    {
        var options = new LinkOptions { MaxStreams = 4 };
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var pair = LinkPair.Create([new Service("hold/1", (_, _) => held.Task)], options);
        var streams = Enumerable.Range(0, 4).Select(_ => pair.Dialler.Open("hold/1", LinkPriority.Interactive)).ToArray();
        Assert.Equal(LinkCloseReason.Quota, Assert.Throws<LinkException>(() => pair.Dialler.Open("hold/1", LinkPriority.Interactive)).Reason);
        held.SetResult();
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    private static async Task EchoesAsync(LinkPair pair)
    {
        await using var stream = pair.Dialler.Open("echo/1", LinkPriority.Interactive);
        await WriteAsync(stream, new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], await ReadToEndAsync(stream.Input));
    }

    /// <summary>Whether a write went through while something else made its whole way there and back several times.</summary>
    private static async Task<bool> EchoesWhileAsync(LinkPair pair, Task waiting)
    {
        for (var round = 0; round < 50 && !waiting.IsCompleted; round++)
        {
            await EchoesAsync(pair);
        }

        return waiting.IsCompleted;
    }

    internal static async Task WriteAsync(ILinkStream stream, ReadOnlyMemory<byte> bytes)
    {
        await stream.Output.WriteAsync(bytes, Cancelled);
        await stream.Output.CompleteAsync();
    }

    internal static async Task ReadAsync(ILinkStream stream, int length)
    {
        var result = await stream.Input.ReadAtLeastAsync(length, Cancelled);
        Assert.Equal(length, result.Buffer.Length);
        stream.Input.AdvanceTo(result.Buffer.End);
    }

    internal static async Task<byte[]> ReadToEndAsync(PipeReader reader)
    {
        var whole = new ArrayBufferWriter<byte>();
        while (true)
        {
            var result = await reader.ReadAsync(Cancelled);
            foreach (var part in result.Buffer)
            {
                whole.Write(part.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return whole.WrittenSpan.ToArray();
            }
        }
    }
}
