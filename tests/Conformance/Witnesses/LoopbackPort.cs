using System.Net;
using System.Net.Sockets;

namespace Panal.Conformance.Witnesses;

/// <summary>TCP ports of the loopback interface.</summary>
internal static class LoopbackPort
{
    /// <summary>Returns a port that nobody listens on at this moment.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until somebody accepts connections on the port.</summary>
    /// <exception cref="TimeoutException">Nobody did within the limit.</exception>
    public static async Task WaitUntilOpenAsync(int port, TimeSpan limit, CancellationToken ct)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, ct);
                return;
            }
            catch (SocketException) when (TimeProvider.System.GetElapsedTime(start) < limit)
            {
                // A foreign server tells nobody that it listens: asking again is the only way to know.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
            }
            catch (SocketException refused)
            {
                throw new TimeoutException($"nobody listens on port {port}", refused);
            }
        }
    }
}
