using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Panal.Node.Transport;

/// <summary>Lets Kestrel own raw doors: it asks this factory for every <see cref="RawTcpEndPoint"/>.</summary>
internal sealed class RawTcpListenerFactory(ConnectionLimiter limiter, TimeProvider time, ILogger<RawTcpListenerFactory> logger)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>Callers that may wait to be accepted; a burst of modalities after a power cut fits, and the kernel caps it.</summary>
    private const int Backlog = 512;

    public bool CanBind(EndPoint endpoint) => endpoint is RawTcpEndPoint;

    /// <exception cref="AddressInUseException">Another process listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var door = (RawTcpEndPoint)endpoint;
        var socket = new Socket(door.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (door.Address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(door.Address);
            socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            if (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new AddressInUseException(e.Message, e);
            }

            throw;
        }

        return ValueTask.FromResult<IConnectionListener>(new RawTcpListener(socket, door, limiter, time, logger));
    }
}
