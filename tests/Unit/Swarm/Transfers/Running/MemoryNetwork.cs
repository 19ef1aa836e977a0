using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Swarm;
using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Running;
using Panal.Volumes;
using Panal.Volumes.Files;

namespace Panal.Unit.Swarm.Transfers.Running;

/// <summary>Nodes that are linked in memory; every stream can be cut.</summary>
internal sealed class MemoryNetwork : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(NodeId Node, string Protocol), ILinkService> _services = new();
    private readonly ConcurrentBag<StreamPair> _streams = [];
    private readonly List<MemoryNode> _nodes = [];

    public MemoryNode AddNode(
        string? folder = null, Func<TransferOptions, TransferOptions>? change = null, IVolumeFiles? files = null, TimeProvider? time = null)
    {
        var node = new MemoryNode(this, NodeId.New(), folder, change, files ?? VolumeFiles.OfThisMachine, time ?? TimeProvider.System);
        _nodes.Add(node);
        return node;
    }

    public void Add(NodeId node, ILinkService service) => _services[(node, service.Protocol)] = service;

    /// <summary>Streams of transfers that were opened to a node.</summary>
    public int StreamsTo(NodeId node) => _streams.Count(pair => pair.Ours.Peer == node && pair.Ours.Protocol == TransferService.ProtocolName);

    /// <summary>Whether a node can be reached.</summary>
    public bool IsThere(NodeId node) => _services.Keys.Any(key => key.Node == node);

    public async Task<ILinkStream> OpenAsync(NodeId from, NodeId to, string protocol = TransferService.ProtocolName)
    {
        await Task.Yield();
        if (!_services.TryGetValue((to, protocol), out var service))
        {
            throw new LinkException("No link stands.");
        }

        var pair = new StreamPair(from, to, protocol);
        _streams.Add(pair);
        pair.Served = Task.Run(() => ServeAsync(pair, service), CancellationToken.None);
        return pair.Ours;
    }

    /// <summary>Better links to a node stand than those that its streams go over.</summary>
    public void Drain(NodeId node)
    {
        foreach (var pair in _streams.Where(pair => pair.Ours.Peer == node))
        {
            pair.Drain();
        }
    }

    /// <summary>A node is gone: its streams are cut and it is not reached any more.</summary>
    public void Cut(NodeId node)
    {
        foreach (var key in _services.Keys.Where(key => key.Node == node))
        {
            _services.TryRemove(key, out _);
        }

        foreach (var pair in _streams.Where(pair => pair.Ours.Peer == node || pair.Theirs.Peer == node))
        {
            pair.Cut();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var pair in _streams)
        {
            pair.Cut();
            await pair.Served;
            pair.Dispose();
        }
    }

    private static async Task ServeAsync(StreamPair pair, ILinkService service)
    {
        try
        {
            await service.ServeAsync(pair.Theirs, pair.Cutting);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
        {
            // What a service throws ends its stream.
        }

        await pair.Theirs.Output.CompleteAsync();
        await pair.Theirs.Input.CompleteAsync();
    }

    private sealed class StreamPair : IDisposable
    {
        private readonly Pipe _there = new(new PipeOptions(useSynchronizationContext: false)), _back = new(new PipeOptions(useSynchronizationContext: false));
        private readonly CancellationTokenSource _cut = new(), _draining = new();

        public StreamPair(NodeId from, NodeId to, string protocol)
        {
            Ours = new End(_back.Reader, _there.Writer, to, protocol, _draining.Token);
            Theirs = new End(_there.Reader, _back.Writer, from, protocol, _draining.Token);
        }

        public ILinkStream Ours { get; }

        public ILinkStream Theirs { get; }

        public Task Served { get; set; } = Task.CompletedTask;

        public CancellationToken Cutting => _cut.Token;

        public void Dispose()
        {
            _cut.Dispose();
            _draining.Dispose();
        }

        public void Drain() => _draining.Cancel();

        public void Cut()
        {
            _cut.Cancel();
            _back.Reader.CancelPendingRead();
            _there.Writer.CancelPendingFlush();
        }
    }

    private sealed record End(PipeReader Input, PipeWriter Output, NodeId Peer, string Protocol, CancellationToken Draining) : ILinkStream
    {
        public LinkPriority Priority => LinkPriority.Bulk;

        public bool IsBringing => false;

        public void Share(Uplink uplink)
        {
            // A line in memory has no queue.
        }

        public async ValueTask DisposeAsync()
        {
            await Input.CompleteAsync();
            await Output.CompleteAsync();
        }
    }
}

/// <summary>A node with an archive in memory.</summary>
internal sealed class MemoryNode : ILinks, IHeldObjects, IFinishedObjects, IHolderDirectory, IAsyncDisposable
{
    private readonly MemoryNetwork _network;
    private readonly Func<TransferOptions, TransferOptions>? _change;
    private readonly IVolumeFiles _files;
    private readonly TimeProvider _time;
    private readonly bool _ownsFolder;
    private TaskCompletionSource _nextRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MemoryNode(MemoryNetwork network, NodeId id, string? folder, Func<TransferOptions, TransferOptions>? change, IVolumeFiles files, TimeProvider time)
    {
        (_network, Id, _change, _files, _time) = (network, id, change, files, time);
        _ownsFolder = folder is null;
        Folder = folder ?? Directory.CreateTempSubdirectory("panal-unit-").FullName;
        Service = Start();
    }

    public NodeId Id { get; }

    public string Folder { get; }

    public TransferService Service { get; private set; }

    public ConcurrentDictionary<ContentHash, byte[]> Archive { get; } = new();

    public ConcurrentBag<ContentHash> Kept { get; } = [];

    public ConcurrentQueue<Exception> KeepFaults { get; } = [];

    /// <summary>Who may not see anything.</summary>
    public HashSet<NodeId> Hidden { get; } = [];

    public List<NodeId> Holders { get; } = [];

    /// <summary>Blocks of the archive that were read for others.</summary>
    public int Reads;

    /// <summary>Ends when a block is read for another.</summary>
    public Task NextReadAsync() => _nextRead.Task;

    /// <summary>An object comes into the archive by another way than a transfer.</summary>
    public void Store(ContentHash hash, byte[] bytes)
    {
        Archive[hash] = bytes;
        Change();
    }

    /// <summary>The archive lets an object go.</summary>
    public void Drop(ContentHash hash)
    {
        Archive.TryRemove(hash, out _);
        Change();
    }

    public IReadOnlyCollection<NodeId> Linked => Holders;

    /// <summary>Dies as with kill -9, for what the disk has to do with it, and comes again.</summary>
    public async Task RestartAsync()
    {
        _network.Cut(Id);
        await Service.DisposeAsync();
        Service = Start();
        Service.Start();
    }

    public async ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken) =>
        await _network.OpenAsync(Id, peer);

    public ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IReadOnlyList<NodeId> HoldersOf(TransferScope scope) => [.. Holders];

    public IReadOnlyList<NodeId> WholeHoldersOf(TransferScope scope) => [.. Holders];

    public ValueTask<IHeldScope?> FindAsync(NodeId peer, TransferScope scope, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IHeldScope?>(Hidden.Contains(peer) || scope.Name != "study" ? null : new Scope(this));

    public async ValueTask KeepAsync(TransferScope scope, TransferObject finished, Stream bytes, CancellationToken cancellationToken)
    {
        if (KeepFaults.TryDequeue(out var fault))
        {
            throw fault;
        }

        using var whole = new MemoryStream();
        await bytes.CopyToAsync(whole, cancellationToken);
        Assert.Equal(finished.Hash, ContentHash.Of(whole.ToArray()));
        Kept.Add(finished.Hash);
        Store(finished.Hash, whole.ToArray());
    }

    public async ValueTask KeepWholeAsync(TransferScope scope, IReadOnlyList<Stream> parts, CancellationToken cancellationToken)
    {
        if (KeepFaults.TryDequeue(out var fault))
        {
            throw fault;
        }

        using var whole = new MemoryStream();
        foreach (var part in parts)
        {
            await part.CopyToAsync(whole, cancellationToken);
        }

        var hash = ContentHash.Of(whole.ToArray());
        Kept.Add(hash);
        Store(hash, whole.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private TransferService Start()
    {
        var options = new TransferOptions
        {
            Folder = Path.Combine(Folder, "transfers"),
            ReserveBytes = 0,
            FirstRetry = TimeSpan.FromMilliseconds(20),
            LongestRetry = TimeSpan.FromMilliseconds(100),
            KeepRetry = TimeSpan.FromMilliseconds(20),
            DirectoryInterval = TimeSpan.FromMilliseconds(50),
        };
        var service = new TransferService(
            this, () => Id, new TransferPorts(this, this, this), _change?.Invoke(options) ?? options, _files, _time, NullLogger<TransferService>.Instance);
        _network.Add(Id, service);
        return service;
    }

    private void Change() =>
        Interlocked.Exchange(ref _nextChange, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private sealed class Scope(MemoryNode node) : IHeldScope
    {
        private Task _change = node._nextChange.Task;

        public async Task NextChangeAsync(CancellationToken cancellationToken)
        {
            await _change.WaitAsync(cancellationToken);
            _change = node._nextChange.Task;
        }

        public bool Holds(ContentHash hash, long lengthBytes) => node.Archive.TryGetValue(hash, out var bytes) && bytes.Length == lengthBytes;

        public IHeldObject? Open(ContentHash hash) => node.Archive.TryGetValue(hash, out var bytes) ? new Held(node, bytes) : null;
    }

    private sealed class Held(MemoryNode node, byte[] bytes) : IHeldObject
    {
        public int ReadAt(Span<byte> buffer, long offset)
        {
            Interlocked.Increment(ref node.Reads);
            Interlocked.Exchange(ref node._nextRead, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            var there = bytes.AsSpan((int)Math.Min(offset, bytes.Length));
            there = there[..Math.Min(there.Length, buffer.Length)];
            there.CopyTo(buffer);
            return there.Length;
        }

        public void Dispose()
        {
        }
    }
}
