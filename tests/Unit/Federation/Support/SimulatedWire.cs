using System.Buffers;
using System.IO.Pipelines;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Federation.Support;

/// <summary>
/// One stream between two simulated members. What a side says stays where it is until the simulation carries it; when the stream is cut,
/// what was on the way is lost, as with a connection.
/// </summary>
internal sealed class SimulatedWire : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly Lock _gate = new();
    private readonly Direction _there = new(), _back = new();

    public SimulatedWire(NodeId opener, NodeId server, string protocol, LinkPriority priority)
    {
        Members = (opener, server);
        Opened = new End(_back.Arrived.Reader, _there.Said.Writer, server, protocol, priority);
        Served = new End(_there.Arrived.Reader, _back.Said.Writer, opener, protocol, priority);
    }

    public (NodeId Opener, NodeId Server) Members { get; }

    public ILinkStream Opened { get; }

    public ILinkStream Served { get; }

    public CancellationToken Cutting => _cut.Token;

    public bool IsOver => _there.IsOver && _back.IsOver;

    /// <summary>Whether something is on its way in the direction.</summary>
    public bool HasWaiting(bool isBack) => (isBack ? _back : _there).HasWaiting();

    /// <summary>Lets some of what was said arrive, and what comes of it come to rest.</summary>
    /// <param name="isBack">From who serves to who opened.</param>
    /// <param name="share">Of what is on its way, above 0 to 1.</param>
    public Task CarryAsync(bool isBack, double share) => Stillness.AfterAsync((isBack ? _back : _there).CarryAsync(share));

    public void Cut()
    {
        lock (_gate)
        {
            if (!_cut.IsCancellationRequested)
            {
                _cut.Cancel();
                _there.Break();
                _back.Break();
            }
        }
    }

    public void Dispose() => _cut.Dispose();

    private sealed class Direction
    {
        // Whoever speaks waits when much is on its way; what has arrived waits for whoever listens, however much it is.
        public Pipe Said { get; } = new();

        public Pipe Arrived { get; } = new(new PipeOptions(pauseWriterThreshold: 0));

        public bool IsOver { get; private set; }

        public bool HasWaiting()
        {
            if (IsOver)
            {
                return false;
            }

            try
            {
                if (!Said.Reader.TryRead(out ReadResult read))
                {
                    return false;
                }

                Said.Reader.AdvanceTo(read.Buffer.Start);
                return true;
            }
            catch (LinkException)
            {
                return true;
            }
        }

        public async ValueTask CarryAsync(double share)
        {
            try
            {
                if (IsOver || !Said.Reader.TryRead(out ReadResult read))
                {
                    return;
                }

                long length = Math.Min(read.Buffer.Length, (long)Math.Ceiling(read.Buffer.Length * share));
                foreach (ReadOnlyMemory<byte> segment in read.Buffer.Slice(0, length))
                {
                    Arrived.Writer.Write(segment.Span);
                }

                bool isEnd = read.IsCompleted && length == read.Buffer.Length;
                Said.Reader.AdvanceTo(read.Buffer.GetPosition(length));
                if ((await Arrived.Writer.FlushAsync()).IsCompleted || isEnd)
                {
                    End(null);
                }
            }
            catch (LinkException broken)
            {
                End(broken);
            }
        }

        public void Break() => End(new LinkException("The link was cut."));

        private void End(LinkException? broken)
        {
            IsOver = true;
            Said.Reader.Complete(broken);
            Arrived.Writer.Complete(broken);
        }
    }

    private sealed record End(PipeReader Input, PipeWriter Output, NodeId Peer, string Protocol, LinkPriority Priority) : ILinkStream
    {
        public CancellationToken Draining => CancellationToken.None;

        public bool IsBringing => false;

        public void Share(Uplink uplink)
        {
            // A line in memory has no queue.
        }

        public async ValueTask DisposeAsync()
        {
            // Whoever ended its direction in order lets what it said arrive; everybody else breaks off.
            await Output.CompleteAsync(new LinkException("The stream was aborted."));
            await Input.CompleteAsync();
        }
    }
}
