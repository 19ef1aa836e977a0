using System.Net;
using System.Net.Sockets;
using Panal.Conformance.WireClient;

namespace Panal.Cluster.Nodes;

/// <summary>The line in front of a port of a node: it can be cut and healed, made slow, and keeps all that passed over it.</summary>
internal sealed class LinkProxy : IAsyncDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly TcpListener listener;
    private readonly int target;
    private readonly CancellationTokenSource ending = new();
    private readonly MemoryStream passed = new();
    private readonly Lock gate = new();
    private readonly Task accepting;
    private CancellationTokenSource cut = new();
    private bool isCut;
    private (long Bytes, TaskCompletionSource Reached)? awaited;

    public LinkProxy(int targetPort)
    {
        target = targetPort;
        Port = LoopbackPort.Free();
        listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Bytes a second in each direction; 0 for as fast as it goes.</summary>
    public int BytesPerSecond { get; set; }

    /// <summary>What each piece takes to the other end.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Connections that stand.</summary>
    public int Connections { get; private set; }

    /// <summary>All that passed in both directions.</summary>
    public byte[] Passed
    {
        get
        {
            lock (gate)
            {
                return passed.ToArray();
            }
        }
    }

    /// <summary>Ends when so many bytes more have passed.</summary>
    public Task UntilPassedAsync(long moreBytes)
    {
        lock (gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = (passed.Length + moreBytes, reached);
            return reached.Task;
        }
    }

    /// <summary>Breaks what stands; what comes is closed at once.</summary>
    public void Cut()
    {
        lock (gate)
        {
            isCut = true;
            cut.Cancel();
        }
    }

    public void Heal()
    {
        lock (gate)
        {
            isCut = false;
            cut = new CancellationTokenSource();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        Cut();
        listener.Stop();
        await accepting;
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await listener.AcceptTcpClientAsync(ending.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test ends.
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient caller)
    {
        using var _ = caller;
        using var called = new TcpClient();
        CancellationToken ct;
        lock (gate)
        {
            if (isCut)
            {
                return;
            }

            ct = cut.Token;
            Connections++;
        }

        try
        {
            await called.ConnectAsync(IPAddress.Loopback, target, ct);
            await Task.WhenAny(CopyAsync(caller.GetStream(), called.GetStream(), ct), CopyAsync(called.GetStream(), caller.GetStream(), ct));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Cut, or nobody listens behind it.
        }
        finally
        {
            lock (gate)
            {
                Connections--;
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, CancellationToken ct)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            for (int length; (length = await from.ReadAsync(buffer, ct)) > 0;)
            {
                if (Latency > TimeSpan.Zero)
                {
                    await Task.Delay(Latency, TimeProvider.System, ct);
                }

                Keep(buffer.AsSpan(0, length));
                await to.WriteAsync(buffer.AsMemory(0, length), ct);
                if (BytesPerSecond > 0)
                {
                    // A slow line takes its time; nothing is asserted of how long.
                    await Task.Delay(TimeSpan.FromSeconds((double)length / BytesPerSecond), TimeProvider.System, ct);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Either side has gone.
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            passed.Write(bytes);
            if (awaited is { } wanted && passed.Length >= wanted.Bytes)
            {
                wanted.Reached.TrySetResult();
            }
        }
    }
}
