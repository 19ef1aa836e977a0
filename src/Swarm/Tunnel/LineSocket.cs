using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Panal.Swarm.Links;

namespace Panal.Swarm.Tunnel;

/// <summary>TCP connections as links want them: written late, and dead when nobody acknowledges.</summary>
internal static class LineSocket
{
    private const int SocketLevel = 1;
    private const int SocketMaxPacingRate = 47;
    private const int ProtocolTcp = 6;
    private const int TcpInfo = 11;
    private const int TcpQuickAcknowledgements = 12;
    private const int TcpThinLinearTimeouts = 16;
    private const int TcpUserTimeout = 18;
    private const int TcpNotSentLowWaterMark = 25;

    /// <summary>What the kernel holds beyond what is under way, until the pace of the line is known; the rest waits where urgent frames can overtake it.</summary>
    private const int NotSentBytes = 16 * 1024;

    private const int UserTimeoutMilliseconds = 10_000;

    // Of struct tcp_info (Linux, include/uapi/linux/tcp.h), which only grows.
    private const int SegmentsOutOffset = 136;
    private const int DataSegmentsOutOffset = 156;
    private const int RetransmittedBytesOffset = 208;

    private const int LossWeight = 3;

    /// <summary>Connects to one of the addresses of a host, in the order in which they are given.</summary>
    /// <param name="address"><c>host:port</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">Nobody accepts.</exception>
    /// <exception cref="FormatException">It is no address.</exception>
    public static async Task<Socket> ConnectAsync(string address, CancellationToken cancellationToken)
    {
        var colon = address.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(address.AsSpan(colon + 1), out var port) || port == 0)
        {
            throw new FormatException($"{address} is not host:port.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var host = address[..colon].Trim('[', ']');
            await (IPAddress.TryParse(host, out var ip) ? socket.ConnectAsync(ip, port, cancellationToken) : socket.ConnectAsync(host, port, cancellationToken));
            Tune(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sets what can be set; what the system lacks is left out. On a line that is full of blocks for others a ping, a request or its answer is often lost; sent
    /// again after ever longer waits, it would be missing for so long that the link is taken for dead.
    /// </summary>
    public static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        if (OperatingSystem.IsLinux())
        {
            Set(socket, ProtocolTcp, TcpUserTimeout, UserTimeoutMilliseconds);
            Set(socket, ProtocolTcp, TcpThinLinearTimeouts, 1);
            Set(socket, ProtocolTcp, TcpNotSentLowWaterMark, NotSentBytes);
        }
    }

    /// <summary>Lets the kernel hold so much beyond what is under way, in bytes: little on a slow line, more on one that would run dry.</summary>
    public static void HoldUnsent(Socket socket, int bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            Set(socket, ProtocolTcp, TcpNotSentLowWaterMark, bytes);
        }
    }

    /// <summary>
    /// Asks the kernel not to acknowledge each of the next sixteen segments by itself, which it does whenever a connection begins again after a rest; it forgets
    /// this when an acknowledgement was due.
    /// </summary>
    public static void AcknowledgeLate(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            Set(socket, ProtocolTcp, TcpQuickAcknowledgements, 0);
        }
    }

    /// <summary>Lets the kernel send no quicker than this, in bytes a second.</summary>
    public static void Pace(Socket socket, double bytesPerSecond)
    {
        if (OperatingSystem.IsLinux())
        {
            Set(socket, SocketLevel, SocketMaxPacingRate, (int)Math.Clamp(bytesPerSecond, 1, int.MaxValue));
        }
    }

    /// <summary>
    /// What leaves a line beside what is written to a connection, in bytes so far: segments without data, and what was sent again. That was lost, mostly in a full queue of
    /// the own modem, and counts so much that the queue runs empty. Null where the system does not say.
    /// </summary>
    public static long? UnaskedBytes(Socket socket)
    {
        Span<byte> info = stackalloc byte[RetransmittedBytesOffset + sizeof(ulong)];
        try
        {
            if (!OperatingSystem.IsLinux() || socket.GetRawSocketOption(ProtocolTcp, TcpInfo, info) < info.Length)
            {
                return null;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }

        // Both count modulo 2³², and what they count together is small.
        var withoutData = BitConverter.ToUInt32(info[SegmentsOutOffset..]) - BitConverter.ToUInt32(info[DataSegmentsOutOffset..]);
        return withoutData * (long)Uplink.SegmentHeaderBytes + LossWeight * BitConverter.ToInt64(info[RetransmittedBytesOffset..]);
    }

    private static void Set(Socket socket, int level, int option, int value)
    {
        try
        {
            socket.SetRawSocketOption(level, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The link works without it, only less well.
        }
    }
}
