using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Panal.Node.Transport;

/// <summary>Accepts the connections of one raw door and closes at once those that are beyond the limits.</summary>
internal sealed class RawTcpListener : IConnectionListener
{
    /// <summary>How long accepting rests when the process has no file descriptor left.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listening;
    private readonly RawTcpEndPoint _door;
    private readonly ConnectionLimiter _limiter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _accepted;

    public RawTcpListener(Socket listening, RawTcpEndPoint door, ConnectionLimiter limiter, TimeProvider time, ILogger logger)
    {
        _listening = listening;
        _door = door;
        _limiter = limiter;
        _time = time;
        _logger = logger;
        EndPoint = new RawTcpEndPoint((IPEndPoint)listening.LocalEndPoint!, door.Protocol);
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listening.AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException e)
            {
                // A caller that is gone before it was accepted, or no file descriptor left: the door must stay open.
                Log.AcceptFailed(_logger, _door.Protocol, e.SocketErrorCode);
                if (e.SocketErrorCode is not SocketError.ConnectionReset)
                {
                    await Task.Delay(Rest, _time, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            if (TryAdmit(socket) is { } connection)
            {
                return connection;
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _listening.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _listening.Dispose();
        return ValueTask.CompletedTask;
    }

    private RawTcpConnection? TryAdmit(Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            var remote = Unmapped((IPEndPoint)socket.RemoteEndPoint!);
            if (!_limiter.TryEnter(remote.Address))
            {
                Log.ConnectionRefused(_logger, _door.Protocol, remote.Address, _limiter.Count);
                socket.Close(0);
                return null;
            }

            return new RawTcpConnection(socket, remote, _limiter, $"{_door.Protocol}-{++_accepted}", _door.Waits);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The caller was gone before it could be looked at.
            socket.Dispose();
            return null;
        }
    }

    /// <summary>On a door for both families IPv4 callers appear as ::ffff:a.b.c.d; rules are written as a.b.c.d.</summary>
    private static IPEndPoint Unmapped(IPEndPoint remote) =>
        remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
}
