using System.IO.Pipelines;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Federation.Feed;

/// <summary>Links in memory to one peer that serves one protocol; each stream can be cut.</summary>
internal sealed class MemoryLinks(NodeId self, NodeId peer, ILinkService service) : ILinks
{
    private readonly List<MemoryStreamPair> _streams = [];

    public IReadOnlyCollection<NodeId> Linked => [peer];

    /// <summary>Priorities of the streams that were opened, in their order.</summary>
    public List<LinkPriority> Priorities { get; } = [];

    public ValueTask<ILinkStream> OpenAsync(NodeId wanted, string protocol, LinkPriority priority, CancellationToken cancellationToken)
    {
        Assert.Equal((peer, service.Protocol), (wanted, protocol));
        var pair = new MemoryStreamPair(self, peer, protocol, priority);
        lock (_streams)
        {
            _streams.Add(pair);
            Priorities.Add(priority);
        }

        pair.Served = Task.Run(() => ServeAsync(pair), CancellationToken.None);
        return ValueTask.FromResult<ILinkStream>(pair.Ours);
    }

    public ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Cuts all streams.</summary>
    public void Cut()
    {
        lock (_streams)
        {
            foreach (MemoryStreamPair pair in _streams)
            {
                pair.Cut();
            }
        }
    }

    public Task EndAsync() => Task.WhenAll(_streams.Select(pair => pair.Served));

    private async Task ServeAsync(MemoryStreamPair pair)
    {
        try
        {
            await service.ServeAsync(pair.Theirs, pair.Cutting);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
        {
            // What a service throws ends its stream.
        }

        pair.Cut();
    }

    private sealed class MemoryStreamPair : IDisposable
    {
        private readonly Pipe _there = new(), _back = new();
        private readonly CancellationTokenSource _cut = new();

        public MemoryStreamPair(NodeId self, NodeId peer, string protocol, LinkPriority priority)
        {
            Ours = new End(_back.Reader, _there.Writer, peer, protocol, priority, Cut);
            Theirs = new End(_there.Reader, _back.Writer, self, protocol, priority, Cut);
        }

        public ILinkStream Ours { get; }

        public ILinkStream Theirs { get; }

        public Task Served { get; set; } = Task.CompletedTask;

        public CancellationToken Cutting => _cut.Token;

        public void Dispose() => _cut.Dispose();

        public void Cut()
        {
            _cut.Cancel();
            _back.Writer.CancelPendingFlush();
            _back.Writer.Complete(new LinkException("The link was cut."));
            _there.Writer.Complete(new LinkException("The link was cut."));
        }
    }

    private sealed record End(PipeReader Input, PipeWriter Output, NodeId Peer, string Protocol, LinkPriority Priority, Action Cut) : ILinkStream
    {
        public CancellationToken Draining => CancellationToken.None;

        public bool IsBringing => false;

        public void Share(Uplink uplink)
        {
            // A line in memory has no queue.
        }

        public ValueTask DisposeAsync()
        {
            Cut();
            return ValueTask.CompletedTask;
        }
    }
}
