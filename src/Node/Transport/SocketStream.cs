using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Panal.Node.Transport;

/// <summary>The bytes of one accepted socket; acknowledges at once whenever it has to wait for more.</summary>
/// <remarks>
/// Many modalities leave Nagle's algorithm on: the last small segment of a message is held back until what came before is
/// acknowledged, and a receiver that delays the acknowledgement costs 40 ms a message. The kernel drops the mode again by itself,
/// so it is asked for anew at each wait, and only then: while data is there, reads cost no second system call.
/// </remarks>
internal sealed class SocketStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
{
    private const int ProtocolTcp = 6;
    private const int TcpQuickAck = 12;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = base.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompleted)
        {
            AcknowledgeAtOnce();
        }

        return read;
    }

    private void AcknowledgeAtOnce()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var on = 1;
        try
        {
            Socket.SetRawSocketOption(ProtocolTcp, TcpQuickAck, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in on)));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection ended meanwhile; the pending read says so.
        }
    }
}
