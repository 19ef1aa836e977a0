using System.Net;
using System.Net.Sockets;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Relay;
using Panal.Swarm.Tunnel;

namespace Panal.Swarm.Links;

/// <summary>How links come to be, and which of a pair stays.</summary>
public sealed partial class Links
{
    /// <summary>Accepts on behalf of a listener or of a relay.</summary>
    internal async Task AcceptAsync(Stream transport, EndPoint? remote, NodeId? expected, NodeId? relay, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _handshakes) > _options.MaxHandshakes)
        {
            Interlocked.Decrement(ref _handshakes);
            await transport.DisposeAsync();
            Refused(remote, LinkCloseReason.Quota, "too many handshakes are under way");
            return;
        }

        var cuts = Interlocked.Read(ref _cuts);
        EstablishedTunnel tunnel;
        try
        {
            tunnel = await _handshake.AcceptAsync(transport, expected, cancellationToken);
        }
        catch (LinkRefusedException refusal)
        {
            if (refusal.Reason != LinkCloseReason.Stopping)
            {
                Refused(remote, refusal.Reason, refusal.Message);
            }

            return;
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }

        await Stand(tunnel, isDialler: false, remote, relay, cuts, cancellationToken);
    }

    /// <summary>Who could relay to a node: direct peers of ours that may, in an order of its own for each pair, so that relays share the work.</summary>
    internal IEnumerable<NodeId> Relays(NodeId target) => _members.Values
        .Where(m => m.Node != target && m.Wanted is { MayRelay: true } && m.Standing.Any(s => s.Relay is null && !s.Link.IsDraining))
        .Select(m => m.Node)
        .OrderBy(n => HashCode.Combine(n, target));

    /// <summary>Opens a stream on a direct link that stands; null if there is none.</summary>
    internal LinkStream? TryOpenDirect(NodeId peer, string protocol, StreamBuffers buffers)
    {
        StandingLink? link;
        lock (_gate)
        {
            link = _members.TryGetValue(peer, out var member) ? StandingLink.Best(member.Standing.Where(s => s.Relay is null), _time) : null;
        }

        try
        {
            return link?.Link.Open(protocol, LinkPriority.Bulk, buffers);
        }
        catch (LinkException)
        {
            return null;
        }
    }

    /// <summary>Whether a stream is on a direct link: relays are not chained.</summary>
    internal bool IsDirect(LinkStream stream)
    {
        lock (_gate)
        {
            return _members.TryGetValue(stream.Peer, out var member) && member.Standing.Any(s => s.Link == stream.Link && s.Relay is null);
        }
    }

    private async Task DialAlwaysAsync(Member member, CancellationTokenSource ending)
    {
        using (ending)
        {
            var stop = ending.Token;
            var rounds = 0;
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    rounds = await DialRoundAsync(member, stop) ? 0 : rounds + 1;
                    await RestAsync(member, rounds, stop);
                }
                catch (OperationCanceledException)
                {
                    // The end.
                }
            }
        }
    }

    /// <summary>Tries every way to a member once; true if nothing more is to be wished.</summary>
    private async Task<bool> DialRoundAsync(Member member, CancellationToken stop)
    {
        LinkPeer? wanted;
        bool isLinked;
        lock (_gate)
        {
            wanted = member.Wanted;
            isLinked = member.Standing.Any(s => !s.Link.IsDraining);
            if (wanted is null || member.Standing.Any(s => s.Relay is null && !s.Link.IsDraining))
            {
                return true;
            }

            member.IsDialling = !isLinked;
        }

        var failure = "it has no address, and nobody relays to it";
        var isMade = false;
        foreach (var address in wanted.Addresses)
        {
            failure = await DialAsync(member.Node, address, stop);
            isMade = failure is null;
            if (isMade)
            {
                break;
            }
        }

        if (!isMade && !isLinked)
        {
            NodeId[] relays;
            lock (_gate)
            {
                relays = [.. Relays(member.Node)];
            }

            var direct = failure;
            foreach (var relay in relays)
            {
                var through = await DialThroughAsync(member.Node, relay, stop);
                isMade = through is null;
                failure = wanted.Addresses.Count > 0 ? $"{direct}; {through}" : through;
                if (isMade)
                {
                    break;
                }
            }
        }

        lock (_gate)
        {
            member.IsDialling = false;
            if (!isMade)
            {
                member.FailedRounds++;
                member.LastFailure = failure;
            }

            Change();
            return isMade && member.Standing.Any(s => s.Relay is null);
        }
    }

    /// <summary>Waits with back-off; while a direct link stands, until something changes.</summary>
    private async Task RestAsync(Member member, int rounds, CancellationToken stop)
    {
        Task woken;
        lock (_gate)
        {
            woken = member.BeginRest();
            if (rounds == 0 && !member.Standing.Any(s => s.Relay is null && !s.Link.IsDraining) && member.Wanted is not null)
            {
                // It ended in between.
                rounds = 1;
            }
        }

        if (rounds == 0)
        {
            await woken.WaitAsync(stop);
            return;
        }

        // At least this, whoever wakes us: a caller in a loop must not make us hammer a peer.
        await Task.Delay(Jittered(_options.FirstBackOff), _time, stop);
        using var resting = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var most = Math.Min(_options.LongestBackOff / _options.FirstBackOff, Math.Pow(2, Math.Min(rounds, 30)));
        await Task.WhenAny(Task.Delay(Jittered(_options.FirstBackOff * most), _time, resting.Token), woken);
        await resting.CancelAsync();
    }

    /// <summary>Half of it at random, so that many who lost the same peer do not come back together.</summary>
    private static TimeSpan Jittered(TimeSpan pause) => pause * (0.5 + Random.Shared.NextDouble() / 2);

    /// <summary>Dials one address; null if a link stands, else why not.</summary>
    private async Task<string?> DialAsync(NodeId peer, string address, CancellationToken stop)
    {
        var cuts = Interlocked.Read(ref _cuts);
        try
        {
            Socket socket;
            using (var timeout = new CancellationTokenSource(_options.ConnectTimeout, _time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop))
            {
                socket = await LineSocket.ConnectAsync(address, either.Token);
            }

            var remote = socket.RemoteEndPoint;
            return await DialOverAsync(new LineStream(socket, owner: null, _time), peer, remote, relay: null, cuts, stop);
        }
        catch (Exception e) when (e is SocketException or FormatException or IOException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            var message = e is OperationCanceledException ? "no answer in time" : e.Message;
            Log.DialFailed(_logger, peer, address, message);
            return message;
        }
    }

    private async Task<string?> DialThroughAsync(NodeId peer, NodeId relay, CancellationToken stop)
    {
        var cuts = Interlocked.Read(ref _cuts);
        try
        {
            using var timeout = new CancellationTokenSource(_options.HandshakeTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
            if (TryOpenDirect(relay, RelayService.Name, RelayService.Buffers) is not { } stream)
            {
                return $"the link to the relay {relay} has ended";
            }

            if (await RelayService.AskAsync(stream, peer, either.Token) is var answer and not RelayAnswer.Connected)
            {
                await stream.DisposeAsync();
                return RelayService.Refusal(relay, answer);
            }

            return await DialOverAsync(new PipeStream(stream, stream), peer, remote: null, relay, cuts, stop);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            var message = e is OperationCanceledException ? "no answer in time" : e.Message;
            Log.DialFailed(_logger, peer, $"relay {relay}", message);
            return message;
        }
    }

    private async Task<string?> DialOverAsync(Stream transport, NodeId peer, EndPoint? remote, NodeId? relay, long cuts, CancellationToken stop)
    {
        try
        {
            var tunnel = await _handshake.DialAsync(transport, peer, stop);

            // The witness is told in there: not with the gate held.
            var standing = Stand(tunnel, isDialler: true, remote, relay, cuts, CancellationToken.None);
            lock (_gate)
            {
                Track(standing);
            }

            return null;
        }
        catch (LinkRefusedException refusal)
        {
            // What is only out of reach is no matter for an audit.
            if (refusal.Reason is not (LinkCloseReason.Tunnel or LinkCloseReason.Stopping or LinkCloseReason.TooSlow))
            {
                Refused(remote, refusal.Reason, refusal.Message);
            }

            throw;
        }
    }

    /// <summary>Puts a link among those that stand, settles which of the pair stays, and runs it to its end.</summary>
    private Task Stand(EstablishedTunnel tunnel, bool isDialler, EndPoint? remote, NodeId? relay, long cuts, CancellationToken cancellationToken)
    {
        var link = new Link(tunnel.Stream, tunnel.Peer, isDialler, _options, _keeper, _time, _logger) { Line = tunnel.Line };
        var isLesser = _credentials.Self.CompareTo(tunnel.Peer) < 0;
        var standing = new StandingLink(link, remote, relay, isDialler == isLesser, _time.GetTimestamp());
        StandingLink[] losers;
        lock (_gate)
        {
            var member = MemberOf(tunnel.Peer);
            member.Standing.Add(standing);
            member.LastFailure = null;
            var best = StandingLink.Best(member.Standing, _time)!;
            losers = isLesser || member.Standing.Count > MostOfPair ? [.. member.Standing.Where(s => s != best)] : [];
            if (cuts != _cuts || _isStopped)
            {
                // Somebody was cut while we shook hands; whoever it was, the next handshake is judged anew.
                losers = [standing];
            }

            member.Wake();
            Change();
        }

        Log.LinkUp(_logger, link.Peer, remote, relay is null ? "direct" : "relayed");
        Tell(w => w.Up(link.Peer, remote, relay));
        foreach (var loser in losers)
        {
            if (loser == standing && cuts != Interlocked.Read(ref _cuts))
            {
                loser.Link.Close(LinkCloseReason.Stopping, "somebody was cut during the handshake");
            }
            else
            {
                loser.Link.Drain(loser.Relay is not null && relay is null ? LinkCloseReason.Replaced : LinkCloseReason.Duplicate);
            }
        }

        return RunAsync(standing, cancellationToken);
    }

    private async Task RunAsync(StandingLink standing, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await standing.Link.RunAsync(end => Ended(standing, end), either.Token);
        standing.Link.Dispose();
    }

    private void Ended(StandingLink standing, LinkEnd end)
    {
        var peer = standing.Link.Peer;
        lock (_gate)
        {
            var member = MemberOf(peer);
            member.Standing.Remove(standing);
            member.LastFailure = end.Message;
            member.Wake();
            Change();
        }

        if (end.IsViolation)
        {
            Log.Violation(_logger, peer, end.Reason, end.Message);
            Tell(w => w.Violation(peer, end.Reason, end.Message));
        }

        Log.LinkDown(_logger, peer, end.Reason, end.Message);
        Tell(w => w.Down(peer, end.Reason, end.Message));
    }

    private void Refused(EndPoint? remote, LinkCloseReason reason, string message)
    {
        Log.HandshakeRefused(_logger, remote, reason, message);
        Tell(w => w.HandshakeRefused(remote, reason, message));
    }

    private void Tell(Action<ILinkWitness> what)
    {
        try
        {
            what(_witness);
        }
        catch (Exception e)
        {
            Log.WitnessFailed(_logger, e);
        }
    }
}
