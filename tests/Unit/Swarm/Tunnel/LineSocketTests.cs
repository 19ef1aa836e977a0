using System.Net;
using System.Net.Sockets;
using Panal.Swarm.Tunnel;

namespace Panal.Unit.Swarm.Tunnel;

public sealed class LineSocketTests
{
    [Fact]
    public async Task What_is_lost_is_sent_again_without_ever_longer_waits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no such option");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = await LineSocket.ConnectAsync($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", TestContext.Current.CancellationToken);
        var value = new byte[4];

        // TCP_THIN_LINEAR_TIMEOUTS of linux/tcp.h.
        Assert.Equal(4, socket.GetRawSocketOption(6, 16, value));
        Assert.Equal(1, BitConverter.ToInt32(value));
    }
}
