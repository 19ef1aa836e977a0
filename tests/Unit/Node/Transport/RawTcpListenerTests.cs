using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Panal.Node.Transport;

namespace Panal.Unit.Node.Transport;

public sealed class RawTcpListenerTests
{
    [Fact]
    public async Task A_reader_gets_segments_of_up_to_256_KiB()
    {
        var largest = new TaskCompletionSource<long>();
        await using var server = await RawTcpServer.StartAsync(async connection =>
        {
            long most = 0;
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync();
                most = Math.Max(most, read.Buffer.First.Length);
                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    largest.SetResult(most);
                    return;
                }
            }
        });
        using var client = await ConnectAsync(server.Address);
        await client.SendAsync(new byte[16 * 1024 * 1024]);
        client.Shutdown(SocketShutdown.Send);
        Assert.InRange(await largest.Task, 4097, RawTcpConnection.SegmentLengthBytes);
    }

    [Fact]
    public async Task A_half_closed_connection_can_still_be_answered()
    {
        await using var server = await RawTcpServer.StartAsync(async connection =>
        {
            var read = await connection.Transport.Input.ReadAsync();
            while (!read.IsCompleted)
            {
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await connection.Transport.Input.ReadAsync();
            }

            await connection.Transport.Output.WriteAsync(read.Buffer.ToArray());
        });
        using var client = await ConnectAsync(server.Address);
        await client.SendAsync("all of it"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        var received = new byte[9];
        await ReceiveExactlyAsync(client, received);
        Assert.Equal("all of it"u8.ToArray(), received);
        Assert.Equal(0, await client.ReceiveAsync(received));
    }

    [Fact]
    public async Task An_aborted_connection_is_reset_and_gives_its_place_back()
    {
        var accepted = new TaskCompletionSource<ConnectionContext>();
        var ended = new TaskCompletionSource();
        await using var server = await RawTcpServer.StartAsync(async connection =>
        {
            accepted.SetResult(connection);
            try
            {
                await connection.Transport.Input.ReadAsync();
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                ended.SetResult();
            }
        });
        using var client = await ConnectAsync(server.Address);
        var connection = await accepted.Task;
        Assert.Equal(1, server.Limiter.Count);
        connection.Abort(new ConnectionAbortedException());
        await ended.Task;
        var error = await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(new byte[1]));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        await server.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, server.Limiter.Count);
    }

    [Fact]
    public async Task Five_thousand_connections_are_refused_beyond_the_limit_while_others_are_served()
    {
        var limiter = new ConnectionLimiter(100, 60);
        await using var server = await RawTcpServer.StartAsync(EchoAsync, limiter);
        var crowd = new List<Socket>();
        try
        {
            for (var i = 0; i < 60; i++)
            {
                crowd.Add(await ConnectAsync(server.Address));
                Assert.True(await IsEchoedAsync(crowd[^1]));
            }

            for (var i = 0; i < 5_000 - 60; i++)
            {
                Assert.True(await IsRefusedAsync(server.Address));
            }

            Assert.Equal(60, limiter.Count);
            Assert.Equal(4_940, limiter.Refused);
            using var other = await ConnectAsync(server.Address, IPAddress.Parse("127.0.0.2"));
            Assert.True(await IsEchoedAsync(other));
        }
        finally
        {
            crowd.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_so()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var factory = new RawTcpListenerFactory(
            new ConnectionLimiter(1, 1), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<RawTcpListenerFactory>.Instance);
        await Assert.ThrowsAsync<AddressInUseException>(
            async () => await factory.BindAsync(new RawTcpEndPoint((IPEndPoint)taken.LocalEndPoint!, "DICOM"), TestContext.Current.CancellationToken));
    }

    internal static async Task EchoAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var read = await input.ReadAsync();
            foreach (var segment in read.Buffer)
            {
                output.Write(segment.Span);
            }

            input.AdvanceTo(read.Buffer.End);
            await output.FlushAsync();
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    internal static async Task<Socket> ConnectAsync(IPEndPoint address, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(address);
        return socket;
    }

    internal static async Task ReceiveExactlyAsync(Socket socket, Memory<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var count = await socket.ReceiveAsync(buffer);
            Assert.NotEqual(0, count);
            buffer = buffer[count..];
        }
    }

    private static async Task<bool> IsRefusedAsync(IPEndPoint address)
    {
        try
        {
            using var socket = await ConnectAsync(address);
            return !await IsEchoedAsync(socket);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    internal static async Task<bool> IsEchoedAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync("?"u8.ToArray());
            return await socket.ReceiveAsync(new byte[1]) == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
