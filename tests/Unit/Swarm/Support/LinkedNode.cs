using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Support;

/// <summary>A node with nothing but links: listens on a loopback port and answers on <c>echo/1</c>.</summary>
internal sealed class LinkedNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _accepted = [];
    private readonly Task _accepting;

    public LinkedNode(Network.Credentials credentials, LinkOptions? options = null, TimeProvider? time = null)
    {
        Credentials = credentials;
        Links = new Panal.Swarm.Links.Links(credentials, Witness, options ?? new LinkOptions { FirstBackOff = TimeSpan.FromMilliseconds(20) }, time ?? TimeProvider.System, NullLogger<Panal.Swarm.Links.Links>.Instance);
        Links.Serve(new Multiplexing.Service("echo/1", async (stream, cancellationToken) =>
        {
            await stream.Input.CopyToAsync(stream.Output, cancellationToken);
            await stream.Output.CompleteAsync();
        }));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Network.Credentials Credentials { get; }

    public Witness Witness { get; } = new();

    public Panal.Swarm.Links.Links Links { get; }

    public NodeId Id => Credentials.Self;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public LinkPeer AsPeer(bool mayRelay = false) => new(Id, [$"127.0.0.1:{Port}"], mayRelay);

    public LinkPeer AsUnreachablePeer() => new(Id, [], MayRelay: false);

    /// <summary>Sends bytes to a peer and awaits the same.</summary>
    public async Task EchoAsync(NodeId peer, int length = 100_000)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        await using var stream = await Links.OpenAsync(peer, "echo/1", LinkPriority.Bulk, TestContext.Current.CancellationToken);
        Assert.Equal(peer, stream.Peer);
        var writing = Multiplexing.LinkTests.WriteAsync(stream, bytes);
        Assert.Equal(bytes, await Multiplexing.LinkTests.ReadToEndAsync(stream.Input));
        await writing;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Links.DisposeAsync();
        await Task.WhenAll(_accepted);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                _accepted.Add(Links.AcceptAsync(new NetworkStream(socket, ownsSocket: true), socket.RemoteEndPoint, _stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The node stops.
        }
    }
}
