using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Panal.Dimse.Transport;

/// <summary>The bytes of one socket; acknowledges at once whenever more is awaited.</summary>
/// <remarks>
/// Many peers leave Nagle's algorithm on: the last small segment of a message is held back until what came before is acknowledged,
/// and a receiver that delays the acknowledgement costs 40 ms a message. The kernel leaves the mode by itself, above all after each
/// send, so it is asked for anew after a send and at each wait, and only then: while data is there, reads cost no such call.
/// </remarks>
public sealed class PromptSocketStream : NetworkStream
{
    private const int ProtocolTcp = 6;
    private const int TcpQuickAck = 12;

    private readonly ShortWaits? _waits;
    private bool _isReadable;       // found by a read of no bytes, for the one that follows it

    /// <param name="socket">A connected socket.</param>
    /// <param name="ownsSocket">Whether closing the stream closes the socket.</param>
    /// <param name="waits">Where a read may stay on its thread for a moment; null where it never does.</param>
    public PromptSocketStream(Socket socket, bool ownsSocket, ShortWaits? waits = null)
        : base(socket, ownsSocket)
    {
        _waits = waits;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_waits is not null && !cancellationToken.IsCancellationRequested)
        {
            _isReadable = _isReadable || IsReadable(cancellationToken);
            if (buffer.IsEmpty && _isReadable)
            {
                return new(0);
            }

            _isReadable = false;
        }

        var read = base.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompleted)
        {
            AcknowledgeAtOnce();
        }

        return read;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var write = base.WriteAsync(buffer, cancellationToken);
        if (!write.IsCompletedSuccessfully)
        {
            return FinishAsync(write);
        }

        AcknowledgeAtOnce();
        return default;
    }

    private async ValueTask FinishAsync(ValueTask write)
    {
        await write;
        AcknowledgeAtOnce();
    }

    private bool IsReadable(CancellationToken cancellationToken)
    {
        try
        {
            if (Socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            {
                return true;
            }

            AcknowledgeAtOnce();
            return _waits!.TryWait(Socket, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;       // The connection ended meanwhile; the read says so.
        }
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
