using System.Net;
using System.Net.Sockets;

namespace Panal.Conformance.WireClient;

/// <summary>TCP ports of the loopback interface.</summary>
internal static class LoopbackPort
{
    // Below the range from which the system takes the ports of outgoing connections: nobody gets one of these unasked
    // between the moment when it was found free and the moment when the server opens it.
    private const int First = 20_000;
    private const int Count = 12_000;

    private static readonly TimeSpan OpenLimit = TimeSpan.FromMinutes(1);

    // Test processes side by side begin in different places.
    private static int last = Environment.ProcessId * 97 % Count;

    /// <summary>Returns a port that nobody listens on at this moment and that this process has not given before.</summary>
    /// <exception cref="InvalidOperationException">Every port of the range is taken.</exception>
    public static int Free()
    {
        for (int tried = 0; tried < Count; tried++)
        {
            int port = First + (Interlocked.Increment(ref last) % Count);
            if (CanListen(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"all ports from {First} to {First + Count - 1} are taken");
    }

    private static bool CanListen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Waits until somebody accepts connections on the port.</summary>
    /// <exception cref="TimeoutException">Nobody did within a minute.</exception>
    public static async Task WaitUntilOpenAsync(int port, CancellationToken ct)
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
            catch (SocketException) when (TimeProvider.System.GetElapsedTime(start) < OpenLimit)
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
