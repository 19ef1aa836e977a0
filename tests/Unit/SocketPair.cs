using System.Net;
using System.Net.Sockets;

namespace Panal.Unit;

/// <summary>Two ends of a connection over the loopback.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket sender, Socket receiver) => (Sender, Receiver) = (sender, receiver);

    public Socket Sender { get; }

    public Socket Receiver { get; }

    public static async Task<SocketPair> CreateAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await receiver.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        return new SocketPair(await listener.AcceptAsync(TestContext.Current.CancellationToken), receiver);
    }

    public void Dispose()
    {
        Sender.Dispose();
        Receiver.Dispose();
    }
}
