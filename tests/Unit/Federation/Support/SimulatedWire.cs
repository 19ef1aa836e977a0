using System.Buffers;
using System.IO.Pipelines;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Federation.Support;

/// <summary>
/// One stream between two simulated members, over a line that carries it in pieces of any size, lets others overtake it, and may break at
/// any byte; what was on the way is lost then, as with a connection.
/// </summary>
internal sealed class SimulatedWire : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Pipe _thereSent = new(), _thereGot = new(), _backSent = new(), _backGot = new();
    private readonly Random _random;
    private readonly int _breaksAfter;
    private int _carried;

    /// <param name="seed">Decides the pieces, and whether and where it breaks by itself.</param>
    public SimulatedWire(NodeId opener, NodeId server, string protocol, LinkPriority priority, int seed)
    {
        Members = (opener, server);
        _random = new Random(seed);
        _breaksAfter = _random.Next(4) == 0 ? _random.Next(1, 4000) : int.MaxValue;
        Opened = new End(_backGot.Reader, _thereSent.Writer, server, protocol, priority, Cut);
        Served = new End(_thereGot.Reader, _backSent.Writer, opener, protocol, priority, Cut);
        Carrying = Task.WhenAll(
            Task.Run(() => CarryAsync(_thereSent.Reader, _thereGot.Writer), CancellationToken.None),
            Task.Run(() => CarryAsync(_backSent.Reader, _backGot.Writer), CancellationToken.None));
    }

    public (NodeId Opener, NodeId Server) Members { get; }

    public ILinkStream Opened { get; }

    public ILinkStream Served { get; }

    public CancellationToken Cutting => _cut.Token;

    /// <summary>Ends when nothing is carried any more.</summary>
    public Task Carrying { get; }

    public void Cut() => _cut.Cancel();

    public void Dispose() => _cut.Dispose();

    private async Task CarryAsync(PipeReader from, PipeWriter to)
    {
        Exception? broken = null;
        try
        {
            while (true)
            {
                ReadResult read = await from.ReadAsync(_cut.Token);
                int length, turns;
                bool breaks;
                lock (_random)
                {
                    length = (int)Math.Min(read.Buffer.Length, _random.Next(1, 2000));
                    turns = _random.Next(3);
                    _carried += length;
                    breaks = _carried > _breaksAfter;
                }

                for (; turns > 0; turns--)
                {
                    // Streams that are carried elsewhere go first.
                    await Task.Yield();
                }

                if (breaks)
                {
                    Cut();
                }

                foreach (ReadOnlyMemory<byte> segment in read.Buffer.Slice(0, length))
                {
                    to.Write(segment.Span);
                }

                bool isEnd = read.IsCompleted && length == read.Buffer.Length;
                from.AdvanceTo(read.Buffer.GetPosition(length));
                FlushResult flushed = await to.FlushAsync(_cut.Token);
                if (isEnd || flushed.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            broken = new LinkException("The link was cut.");
        }

        await from.CompleteAsync(broken);
        await to.CompleteAsync(broken);
    }

    private sealed record End(PipeReader Input, PipeWriter Output, NodeId Peer, string Protocol, LinkPriority Priority, Action Cut) : ILinkStream
    {
        public async ValueTask DisposeAsync()
        {
            // Whoever ended its direction in order lets what it said arrive; everybody else breaks off.
            await Output.CompleteAsync();
            await Input.CompleteAsync();
        }
    }
}
