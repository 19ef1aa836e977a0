using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Panal.Swarm.Links;
using Panal.Swarm.Serving;
using Panal.Swarm.Transfers.Exchange;
using Panal.Swarm.Transfers.Keeping;
using Panal.Volumes;
using Panal.Volumes.Files;

namespace Panal.Swarm.Transfers.Running;

/// <summary>All transfers of this node, and the serving of what it holds to others, over all links together (docs/formats/transfer.md).</summary>
public sealed partial class TransferService : ILinkService, IAsyncDisposable
{
    /// <summary>The protocol that it serves.</summary>
    public const string ProtocolName = "transfer/1";

    private readonly PartialFolder _folder;
    private readonly Lazy<NodeId> _self;
    private readonly long _origin;
    private readonly Lock _gate = new();
    private readonly Lock _opening = new();         // what begins while the folder is read is neither swept nor opened twice
    private readonly Dictionary<Guid, Transfer> _transfers = [];
    private readonly ITimer _timer;
    private readonly Lock _ticking = new();
    private TimeSpan _interval = Timeout.InfiniteTimeSpan;
    private TimeSpan _slowAt;
    private bool _isStopped;

    /// <param name="links">The links.</param>
    /// <param name="self">Says who we are; asked when the first transfer begins, since a node joins its network while it runs.</param>
    /// <param name="ports">What the house brings.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public TransferService(ILinks links, Func<NodeId> self, TransferPorts ports, TransferOptions options, TimeProvider time, ILogger<TransferService> logger)
        : this(links, self, ports, options, VolumeFiles.OfThisMachine, time, logger)
    {
    }

    internal TransferService(
        ILinks links, Func<NodeId> self, TransferPorts ports, TransferOptions options, IVolumeFiles files, TimeProvider time, ILogger<TransferService> logger)
    {
        (Links, Options, Time, Logger) = (links, options, time, logger);
        _self = new Lazy<NodeId>(self, LazyThreadSafetyMode.PublicationOnly);
        (Held, Finished, Directory) = ports;
        _queue = new ServeQueue(options.UplinkBytesPerSecond);
        _lines = new NodeLines(options, links, new LocalNetworks(time).Now, time);
        _folder = new PartialFolder(files, options.Folder, options.ReserveBytes);
        _origin = time.GetTimestamp();
        _limitTimer = time.CreateTimer(static service => ((TransferService)service!).Dispatch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer = time.CreateTimer(static service => ((TransferService)service!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        TransferMetrics.Served(0);
    }

    /// <inheritdoc/>
    public string Protocol => ProtocolName;

    /// <summary>The transfers under way, in no order.</summary>
    public IReadOnlyList<Transfer> Transfers
    {
        get
        {
            lock (_gate)
            {
                return [.. _transfers.Values];
            }
        }
    }

    /// <summary>Whether something is brought now.</summary>
    public bool IsBringing => Transfers.Any(static transfer => transfer.IsBusy);

    internal ILinks Links { get; }

    internal NodeId Self => _self.Value;

    internal ulong Key => KeyOf(Self);

    internal IHeldObjects Held { get; }

    internal IFinishedObjects Finished { get; }

    internal IHolderDirectory Directory { get; }

    internal TransferOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal ServedObjects Served { get; } = new();

    /// <summary>Whether a peer is on our own network.</summary>
    internal bool IsNear(NodeId peer) => _lines.IsNear(peer);

    /// <summary>The line that leads to a peer.</summary>
    internal Serving.ServedLine LineTo(NodeId peer) => _lines.LineTo(peer);

    /// <summary>Time that only grows.</summary>
    internal TimeSpan Now => Time.GetElapsedTime(_origin);

    /// <summary>Goes on with the transfers that were under way when the node stopped or died.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public void Start()
    {
        lock (_opening)
        {
            foreach (var partial in _folder.OpenAll(id => Find(id) is not null))
            {
                Run(new Transfer(this, partial));
            }
        }
    }

    /// <summary>Begins to bring objects.</summary>
    /// <exception cref="StorageFullException">There is no room for them, or there are too many transfers.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    /// <exception cref="ArgumentException">There are no objects, too many or too long ones.</exception>
    public Transfer Begin(TransferPlan plan)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            if (_transfers.Count >= Options.MaxTransfers)
            {
                throw new StorageFullException("There are too many transfers at once.");
            }
        }

        lock (_opening)
        {
            var transfer = new Transfer(this, _folder.Create(Guid.NewGuid(), plan));
            Run(transfer);
            return transfer;
        }
    }

    /// <summary>Transfers of a scope that are under way.</summary>
    public IReadOnlyList<Transfer> Find(TransferScope scope) => [.. Transfers.Where(transfer => transfer.Plan.Scope == scope)];

    /// <summary>The transfer of this identity; null if it is not under way.</summary>
    public Transfer? Find(Guid id)
    {
        lock (_gate)
        {
            return _transfers.GetValueOrDefault(id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ServeAsync(ILinkStream stream, CancellationToken cancellationToken) =>
        await new CustomerSession(this, stream).RunAsync(cancellationToken);

    /// <summary>Stops all transfers; what is verified stays on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
        }

        await _timer.DisposeAsync();
        await _limitTimer.DisposeAsync();
        await Task.WhenAll(Transfers.Select(static transfer => transfer.DisposeAsync().AsTask()));
        Served.Dispose();
    }

    /// <summary>64 bits of an identity, for hashing.</summary>
    internal static ulong KeyOf(NodeId node)
    {
        Span<byte> bytes = stackalloc byte[NodeId.LengthBytes];
        node.CopyTo(bytes);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>A transfer has verified what it had: receivers that wait for the same hear of it.</summary>
    internal void Begun(Transfer transfer)
    {
        foreach (var customer in CustomersOf(transfer.Plan.Scope))
        {
            customer.Attach(transfer);
            transfer.Introduce(customer);
        }

        Balance();
    }

    /// <summary>A transfer is complete or cancelled.</summary>
    internal void Ended(Transfer transfer)
    {
        lock (_gate)
        {
            TransferMetrics.UnderWay.Add(_transfers.Remove(transfer.Id) ? -1 : 0);
        }

        Balance();
    }

    /// <summary>Shares the holders among the transfers: those that somebody waits for, while they can go on; else all.</summary>
    internal void Balance()
    {
        var transfers = Transfers;
        var busy = transfers.Where(static transfer => transfer.IsBusy).ToList();
        var isInteractive = busy.Exists(static transfer => transfer.Priority == TransferPriority.Interactive);
        var sharers = busy.Count(transfer => !isInteractive || transfer.Priority == TransferPriority.Interactive);
        foreach (var transfer in transfers)
        {
            transfer.Share(sharers, isInteractive && transfer.Priority == TransferPriority.Bulk);
        }
    }

    private void Run(Transfer transfer)
    {
        lock (_gate)
        {
            _transfers.Add(transfer.Id, transfer);
        }

        TransferMetrics.UnderWay.Add(1);
        Pace();
        transfer.Start();
    }

    /// <summary>Ticks as often as there is somebody to tell something to: a node at rest is not woken.</summary>
    private void Pace()
    {
        lock (_ticking)
        {
            var interval = HasCustomers ? Options.AnnounceInterval : Transfers.Count > 0 ? Announcing.OfHoldings : Timeout.InfiniteTimeSpan;
            if (interval != _interval)
            {
                _interval = interval;
                _timer.Change(interval, interval);
            }
        }
    }

    private void Tick()
    {
        var now = Now;
        var isSlow = now - _slowAt >= Announcing.OfHoldings - Options.AnnounceInterval / 2;
        _slowAt = isSlow ? now : _slowAt;
        foreach (var transfer in Transfers)
        {
            transfer.Tick(isSlow);
        }

        WakeCustomers();
        Dispatch();
        Pace();
    }
}
