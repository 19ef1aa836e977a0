using System.Diagnostics;
using System.Net.Sockets;

namespace Panal.Unit.Node.Transport;

/// <summary>What the transport costs; measured while nothing else runs.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class RawTcpConnectionTests
{
    private static readonly byte[] Answer = new byte[100];

    [Fact]
    public async Task What_is_sent_comes_back_unchanged_at_more_than_40_megabytes_a_second()
    {
        const int total = 64 * 1024 * 1024;
        await using var server = await RawTcpServer.StartAsync(RawTcpListenerTests.EchoAsync);
        using var client = await RawTcpListenerTests.ConnectAsync(server.Address);
        var sent = new byte[1024 * 1024];
        Random.Shared.NextBytes(sent);
        var received = new byte[sent.Length];
        var since = Stopwatch.GetTimestamp();
        for (var done = 0; done < total; done += sent.Length)
        {
            var writing = client.SendAsync(sent);
            await RawTcpListenerTests.ReceiveExactlyAsync(client, received);
            await writing;
        }

        Assert.True(sent.AsSpan().SequenceEqual(received));
        // Each byte crosses twice; an idle machine is twenty times faster, so only a lost fast path breaks this.
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, 2 * total / 40e6);
    }

    [Fact]
    public async Task A_sender_with_Nagle_on_does_not_wait_for_a_delayed_acknowledgement()
    {
        const int rounds = 50;
        await using var server = await RawTcpServer.StartAsync(async connection =>
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAtLeastAsync(2 * Answer.Length);
                if (read.Buffer.Length < 2 * Answer.Length)
                {
                    return;
                }

                connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(2 * Answer.Length));
                await connection.Transport.Output.WriteAsync(Answer);
            }
        });
        using var client = await RawTcpListenerTests.ConnectAsync(server.Address);
        client.NoDelay = false;
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < rounds; i++)
        {
            // Command and data set in two small writes: the second waits for the acknowledgement of the first.
            await client.SendAsync(new byte[Answer.Length]);
            await client.SendAsync(new byte[Answer.Length]);
            await RawTcpListenerTests.ReceiveExactlyAsync(client, new byte[Answer.Length]);
        }

        // 40 ms each with delayed acknowledgements: two seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, rounds * 0.02);
    }

    [Fact]
    public async Task Idle_connections_hold_no_buffers()
    {
        const int connections = 200;
        await using var server = await RawTcpServer.StartAsync(RawTcpListenerTests.EchoAsync);
        var idle = new List<Socket>();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < connections; i++)
        {
            idle.Add(await RawTcpListenerTests.ConnectAsync(server.Address));
            Assert.True(await RawTcpListenerTests.IsEchoedAsync(idle[^1]));
        }

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / connections;
        idle.ForEach(s => s.Dispose());
        // Less than nothing is possible: what earlier tests left may go in between.
        Assert.InRange(each, long.MinValue, 32 * 1024);
    }
}
