using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Relay;
using Panal.Swarm.Tunnel;

namespace Panal.Swarm.Links;

/// <summary>Keeps one link to each of the nodes that it is told of, and takes those that members make to us.</summary>
public sealed partial class Links : ILinks, IAsyncDisposable
{
    /// <summary>More connections of one pair are closed, whoever decides (docs/formats/link.md, "One link a pair").</summary>
    private const int MostOfPair = 2;

    private readonly ILinkCredentials _credentials;
    private readonly ILinkWitness _witness;
    private readonly LinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Links> _logger;
    private readonly LinkHandshake _handshake;
    private readonly Keeper _keeper;
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, Member> _members = [];
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource _changed = NewChange();
    private long _cuts;
    private int _handshakes;
    private bool _isStopped;

    /// <param name="credentials">Who we are and whom we trust.</param>
    /// <param name="witness">Is told what happens.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public Links(ILinkCredentials credentials, ILinkWitness witness, LinkOptions options, TimeProvider time, ILogger<Links> logger)
    {
        _credentials = credentials;
        _witness = witness;
        _options = options;
        _time = time;
        _logger = logger;
        _handshake = new LinkHandshake(credentials, options, time);
        _keeper = new Keeper(this);
        Serve(new RelayedService(this));
        if (options.Relay.IsOffered)
        {
            Serve(new RelayService(this, options.Relay, time));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<NodeId> Linked
    {
        get
        {
            lock (_gate)
            {
                return LinkedNow();
            }
        }
    }

    /// <summary>Serves streams of one more protocol; before the first link stands.</summary>
    /// <exception cref="ArgumentException">The protocol is served already.</exception>
    public void Serve(ILinkService service) => _keeper.Add(service);

    /// <summary>Whom we want to be linked to; those who are not named are dialled no more, and their links stay until one side cuts them.</summary>
    public void SetPeers(IReadOnlyList<LinkPeer> peers)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            var wanted = peers.Where(p => p.Node != _credentials.Self).DistinctBy(p => p.Node).ToDictionary(p => p.Node);
            foreach (var member in _members.Values)
            {
                member.Wanted = wanted.GetValueOrDefault(member.Node);
                if (member.Wanted is null)
                {
                    member.Dialling?.Cancel();
                    member.Dialling = null;
                }
            }

            foreach (var peer in wanted.Values)
            {
                var member = MemberOf(peer.Node);
                member.Wanted = peer;
                if (member.Dialling is null)
                {
                    var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                    member.Dialling = ending;
                    Track(Task.Run(() => DialAlwaysAsync(member, ending), CancellationToken.None));
                }

                member.Wake();
            }

            Change();
        }
    }

    /// <summary>Makes a connection that was accepted a link and keeps it until it has ended.</summary>
    /// <param name="transport">The raw connection; a <see cref="NetworkStream"/> lets its socket be tuned. It is closed.</param>
    /// <param name="remote">Where it comes from.</param>
    /// <param name="cancellationToken">Closes it in order.</param>
    public async Task AcceptAsync(Stream transport, EndPoint? remote, CancellationToken cancellationToken)
    {
        try
        {
            if (transport is NetworkStream { Socket: var socket })
            {
                LineSocket.Tune(socket);
                transport = new LineStream(socket, transport, _time);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The caller is gone already: the handshake says so.
        }

        await AcceptAsync(transport, remote, expected: null, relay: null, cancellationToken);
    }

    /// <inheritdoc cref="AcceptAsync(Stream, EndPoint?, CancellationToken)"/>
    public Task AcceptAsync(IDuplexPipe transport, EndPoint? remote, CancellationToken cancellationToken) =>
        AcceptAsync(new PipeStream(transport, owner: null), remote, expected: null, relay: null, cancellationToken);

    /// <summary>Closes every link to a node at once.</summary>
    /// <param name="node">To whom.</param>
    /// <param name="reason">What the node is told.</param>
    public void Cut(NodeId node, LinkCloseReason reason)
    {
        StandingLink[] standing;
        lock (_gate)
        {
            // A handshake that was judged before this must not become a link after it.
            _cuts++;
            standing = _members.TryGetValue(node, out var member) ? [.. member.Standing] : [];
        }

        foreach (var link in standing)
        {
            link.Link.Close(reason, $"cut: {reason}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ILinkStream> OpenAsync(NodeId peer, string protocol, LinkPriority priority, CancellationToken cancellationToken)
    {
        if (protocol.Length is 0 or > Wire.OpenFrame.LongestProtocolBytes)
        {
            throw new ArgumentException("A protocol has 1 to 32 characters.", nameof(protocol));
        }

        long? rounds = null;
        while (true)
        {
            Task changed;
            StandingLink? link;
            lock (_gate)
            {
                changed = _changed.Task;
                var member = _members.GetValueOrDefault(peer);
                link = member is null ? null : StandingLink.Best(member.Standing, _time);
                if (link is null)
                {
                    CheckReachable(member, peer, ref rounds);
                    member!.Wake();
                }
            }

            try
            {
                if (link is not null)
                {
                    return link.Link.Open(protocol, priority);
                }
            }
            catch (LinkException e) when (e.Reason is not LinkCloseReason.Quota && !_stopping.IsCancellationRequested)
            {
                // It ended just now: the next one is waited for.
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public LinkRoute? RouteTo(NodeId peer)
    {
        lock (_gate)
        {
            var best = _members.TryGetValue(peer, out var member) ? StandingLink.Best(member.Standing, _time) : null;
            return best is { Relay: null, Remote: IPEndPoint remote, Link.Line.LocalAddress: { } local }
                ? new LinkRoute(local, remote.Address, best.Link.Traffic.LeastRoundTrip)
                : null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyCollection<NodeId>> NextChangeAsync(IReadOnlyCollection<NodeId> known, CancellationToken cancellationToken)
    {
        var before = known.ToHashSet();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                var now = LinkedNow();
                if (!before.SetEquals(now))
                {
                    return now;
                }
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Every peer that is wanted or linked, in order of identity.</summary>
    public IReadOnlyList<LinkStatus> Status()
    {
        lock (_gate)
        {
            return [.. _members.Values.Where(m => m.Wanted is not null || m.Standing.Count > 0).OrderBy(m => m.Node).Select(StatusOf)];
        }
    }

    /// <summary>Ends dialling and every link in order.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
        }

        await _stopping.CancelAsync();
        do
        {
            lock (_gate)
            {
                running = [.. _running.Where(static t => !t.IsCompleted)];
                Change();
            }

            // What runs may have begun something more before it saw the end.
            await Task.WhenAll(running);
        }
        while (running.Length > 0);
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void CheckReachable(Member? member, NodeId peer, ref long? rounds)
    {
        if (_isStopped || member?.Wanted is not { } wanted)
        {
            throw new LinkException(_isStopped ? "This node stops." : $"{peer} is no peer of ours.");
        }

        rounds ??= member.FailedRounds;
        if (member.FailedRounds > rounds || (wanted.Addresses.Count == 0 && !member.IsDialling && !Relays(peer).Any()))
        {
            throw new LinkException($"{peer} cannot be reached: {member.LastFailure ?? "it has no address"}");
        }
    }

    private LinkStatus StatusOf(Member member)
    {
        var best = StandingLink.Best(member.Standing, _time);
        var status = new LinkStatus
        {
            Peer = member.Node,
            State = best is not null ? LinkState.Up : member.IsDialling ? LinkState.Dialling : LinkState.Down,
            LastFailure = member.LastFailure,
        };
        return best is null ? status : status with
        {
            Remote = best.Remote,
            Relay = best.Relay,
            IsDialledByUs = best.Link.IsDialler,
            Age = best.Link.Traffic.Age,
            RoundTrip = best.Link.Traffic.RoundTrip,
            SentBytes = best.Link.Traffic.SentBytes,
            ReceivedBytes = best.Link.Traffic.ReceivedBytes,
            SentPerSecond = best.Link.Traffic.SentPerSecond,
            ReceivedPerSecond = best.Link.Traffic.ReceivedPerSecond,
            Streams = best.Link.Streams,
        };
    }

    private HashSet<NodeId> LinkedNow() => [.. _members.Values.Where(m => m.Standing.Count > 0).Select(m => m.Node)];

    private Member MemberOf(NodeId node)
    {
        if (!_members.TryGetValue(node, out var member))
        {
            _members.Add(node, member = new Member(node));
        }

        return member;
    }

    /// <summary>Wakes everybody who waits for a change; called with the gate held.</summary>
    private void Change()
    {
        var changed = _changed;
        _changed = NewChange();
        changed.SetResult();
    }

    /// <summary>Keeps a task of ours until it ends, so that stopping waits for it; called with the gate held.</summary>
    private void Track(Task task)
    {
        _running.RemoveWhere(static t => t.IsCompleted);
        _running.Add(task);
    }

    /// <summary>Finds services for the links.</summary>
    private sealed class Keeper(Links links) : ILinkKeeper
    {
        private readonly Dictionary<string, ILinkService> _services = [];

        public void Add(ILinkService service)
        {
            lock (_services)
            {
                _services.Add(service.Protocol, service);
            }
        }

        public ILinkService? Find(string protocol)
        {
            lock (_services)
            {
                return _services.GetValueOrDefault(protocol);
            }
        }

        public StreamBuffers? Buffers(string protocol) =>
            protocol is RelayService.Name or RelayedService.Name ? RelayService.Buffers : null;

        public void Draining(Link link)
        {
            lock (links._gate)
            {
                links.Change();
            }
        }
    }
}
