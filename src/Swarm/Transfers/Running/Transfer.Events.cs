using Panal.Swarm.Links;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers.Exchange;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <content>What sessions, clock and disk tell it, and what it does then.</content>
public sealed partial class Transfer
{
    private const int Finishers = 8;              // so many objects share one sync of the archive

    /// <summary>Verifies what is on disk and begins to ask.</summary>
    internal void Start() => _working = Task.Run(WorkAsync);

    /// <summary>Stops asking; what is verified stays on disk.</summary>
    internal async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WorkAsync()
    {
        var finishing = Task.CompletedTask;
        try
        {
            Replay();
            finishing = Task.WhenAll(Enumerable.Range(0, Finishers).Select(_ => FinishAsync()));
            _service.Begun(this);
            using var timer = new PeriodicTimer(_service.Options.DirectoryInterval, _service.Time);
            do
            {
                Meet(_service.Directory.HoldersOf(Plan.Scope));
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Complete, cancelled, or the node stops.
        }
        catch (IOException e)
        {
            Hinder(e);
        }

        Task[] followers;
        lock (_gate)
        {
            followers = [.. _followers.Values];
        }

        await Task.WhenAll(followers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await finishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Who waits has what it waits for: the files that go now may be long, and a disk that is busy takes a second to let go of them.
        _replayed.TrySetResult();
        _ended.TrySetResult();
        _partial.Release();
    }

    private void Replay()
    {
        lock (_gate)
        {
            _partial.Replay(block => Resumed(block));
            if (!_isTold)
            {
                (_isPaused, Priority) = (_partial.IsPaused, _partial.Priority);
            }

            _download.IsPaused = _isPaused;
            for (var i = 0; i < _lacking.Length; i++)
            {
                for (var block = Map.FirstBlockOf(i); _partial.IsKept(i) && block < Map.FirstBlockOf(i + 1); block++)
                {
                    Resumed(block);
                }

                if (_lacking[i] == 0)
                {
                    Completed(i);
                }
            }

            _isReplayed = true;
            Remember();
        }

        _replayed.TrySetResult();
        EndIfComplete();
    }

    private void Resumed(int block)
    {
        if (!_download.Have.Contains(block))
        {
            _download.Resume(block);
            _lacking[Map.ObjectOf(block)]--;
            _verifiedBytes += Map.LengthOf(block);
        }
    }

    /// <summary>Every byte of an object is here: what it makes whole is given to the archive once. Under the gate.</summary>
    private void Completed(int index)
    {
        _viewable += Map.Objects[index].Part is null or { Number: 0 } ? 1 : 0;
        if (_seen.TryGetValue(index, out var seen))
        {
            seen.TrySetResult();
        }

        var parts = Map.PartsOf(index);
        if (!_partial.IsKept(parts[^1]) && parts.All(part => _lacking[part] == 0) && _finishing.Add(parts[0]))
        {
            _complete.Writer.TryWrite(parts[0]);
        }
    }

    /// <summary>Nodes that may hold something: each is asked.</summary>
    internal void Meet(IReadOnlyList<NodeId> nodes)
    {
        lock (_gate)
        {
            foreach (var node in nodes)
            {
                if (node != _service.Self && _followers.Count < _download.Options.MaxHolders && !_stop.IsCancellationRequested)
                {
                    if (!_followers.ContainsKey(node))
                    {
                        _followers.Add(node, Task.Run(() => FollowAsync(node)));
                    }
                }
            }
        }
    }

    private async Task FollowAsync(NodeId node)
    {
        var wait = _service.Options.FirstRetry;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var stream = await _service.Links.OpenAsync(node, TransferService.ProtocolName, LinkPriority.Bulk, _stop.Token);
                _service.LineTo(node).Carry(stream);
                using var session = new HolderSession(this, stream);
                await RunAsync(session);
                if (session.IsBanned)
                {
                    Log.HolderBanned(_service.Logger, node);
                    return;
                }

                wait = session.HasDelivered ? _service.Options.FirstRetry : wait;
                if (session.IsMoving)
                {
                    continue;
                }
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                Log.HolderLost(_service.Logger, node, e.Message);
                if (e is StorageFullException or StorageFailedException)
                {
                    Hinder(e);
                }
            }

            await Task.Delay(wait, _service.Time, _stop.Token);
            wait = wait * 2 < _service.Options.LongestRetry ? wait * 2 : _service.Options.LongestRetry;
        }
    }

    private async Task RunAsync(HolderSession session)
    {
        var isNear = _service.IsNear(session.Peer);
        lock (_gate)
        {
            session.Number = _download.HolderUp(TransferService.KeyOf(session.Peer), isNear);
            if (session.Number < 0)
            {
                return;
            }

            while (_sessions.Count <= session.Number)
            {
                _sessions.Add(null);
            }

            _sessions[session.Number] = session;
            for (var block = _download.Have.Next(0); block >= 0; block = block + 1 < Map.Blocks ? _download.Have.Next(block + 1) : -1)
            {
                session.Outgoing.Announce(TransferFrameKind.Have, block);
            }
        }

        _service.Balance();
        try
        {
            await session.RunAsync(_stop.Token);
        }
        finally
        {
            lock (_gate)
            {
                _sessions[session.Number] = null;
                _download.HolderDown(session.Number, _service.Now);
                Drive();
                foreach (var customer in _service.CustomersOf(Plan.Scope))
                {
                    // What was told last may not have left any more.
                    if (session.IsReceiving && customer.Peer == session.Peer)
                    {
                        customer.TellAgain(this, _download.Have);
                    }
                }
            }

            _service.Balance();
        }
    }

    internal bool Awaits(int block)
    {
        lock (_gate)
        {
            return _download.Awaits(block);
        }
    }

    internal bool Lacks(int block)
    {
        lock (_gate)
        {
            return _download.Lacks(block);
        }
    }

    /// <summary>A block has come; true if it is right.</summary>
    internal bool Arrived(HolderSession session, int block, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> proof)
    {
        var isRight = _partial.TryKeep(block, bytes, hash, proof);
        lock (_gate)
        {
            if (_download.Arrived(session.Number, block, isRight, _service.Now))
            {
                TransferMetrics.ReceivedBytes.Add(bytes.Length);
                _problem = null;
                _verifiedBytes += bytes.Length;
                var index = Map.ObjectOf(block);
                if (--_lacking[index] == 0)
                {
                    Completed(index);
                }
            }
            else if (isRight)
            {
                TransferMetrics.RepeatedBytes.Add(bytes.Length);
            }
            else
            {
                TransferMetrics.FalseBlocks.Add(1);
            }

            Drive();
        }

        return isRight;
    }

    internal void Told(HolderSession session, TransferFrameKind kind, BlockRun[] runs)
    {
        lock (_gate)
        {
            foreach (var run in runs)
            {
                for (var block = run.First; block < run.First + run.Count; block++)
                {
                    Hear(session, kind, block);
                }
            }

            Drive();
        }
    }

    /// <summary>A peer that receives from us what we fetch from it says something of blocks, with its requests.</summary>
    internal void Told(NodeId peer, TransferFrameKind kind, List<int> blocks)
    {
        lock (_gate)
        {
            if (SessionOf(peer) is { } session)
            {
                blocks.ForEach(block => Hear(session, kind, block));
                Drive();
            }
        }
    }

    private HolderSession? SessionOf(NodeId peer) => _sessions.Find(session => session?.Peer == peer);

    private void Hear(HolderSession session, TransferFrameKind kind, int block)
    {
        var now = _service.Now;
        switch (kind)
        {
            case TransferFrameKind.Have:
                _download.Has(session.Number, block, now);
                break;
            case TransferFrameKind.Refuse:
                _download.Refused(session.Number, block, now);
                break;
            default:
                _download.Claimed(session.Number, block, kind == TransferFrameKind.Claim, now);
                break;
        }
    }

    internal void HasAll(HolderSession session)
    {
        lock (_gate)
        {
            _download.HasAll(session.Number);
            Drive();
        }
    }

    internal void UplinkIs(HolderSession session, double bytesPerSecond)
    {
        lock (_gate)
        {
            _download.UplinkIs(session.Number, bytesPerSecond);
        }
    }

    /// <summary>
    /// Now and then those who were silent are judged anew, and holders are told what we have. It rides on requests else: a holder who receives nothing from us needs it only
    /// to choose whom to serve, and a packet for each block to each holder would cost one in fifty of our uplink.
    /// </summary>
    internal void Tick(bool isSlow)
    {
        lock (_gate)
        {
            if (isSlow)
            {
                _download.Tick();
                Drive();
            }

            var (now, ofHoldings, ofReceivers) = (_service.Now, Announcing.HoldingsDelay(_followers.Count, UplinkBytesPerSecond), _service.AnnounceDelay);
            foreach (var session in _sessions)
            {
                session?.Wake(now, session.IsReceiving ? ofReceivers : ofHoldings);
            }
        }
    }

    /// <summary>How many others go on at the same time, and whether it has to rest for them.</summary>
    internal void Share(int sharers, bool isYielding)
    {
        lock (_gate)
        {
            _download.Sharers = Math.Max(1, sharers);
            _download.IsPaused = _isPaused || isYielding;
            _download.Tick();
            Drive();
        }
    }

    internal int IndexOf(ContentHash hash) => _indices.TryGetValue(hash, out var index) ? index : -1;

    internal bool TryUse() => _partial.TryUse();

    internal void Release() => _partial.Release();

    internal int Read(int block, Span<byte> bytes, Span<byte> proof) => _partial.Read(block, bytes, proof);

    /// <summary>Tells a receiver what is here already.</summary>
    internal void Introduce(CustomerSession customer)
    {
        lock (_gate)
        {
            for (var block = _download.Have.Next(0); block >= 0; block = block + 1 < Map.Blocks ? _download.Have.Next(block + 1) : -1)
            {
                customer.Tell(TransferFrameKind.Have, this, block, null);
            }
        }
    }

    private void Drive()
    {
        if (!_isReplayed)
        {
            return;
        }

        Span<TransferAction> actions = stackalloc TransferAction[ActionsAtOnce];
        var now = _service.Now;
        int count;
        do
        {
            count = _download.Decide(now, actions);
            foreach (var action in actions[..count])
            {
                Do(action);
            }
        }
        while (count == actions.Length);
    }

    private void Do(in TransferAction action)
    {
        switch (action.Kind)
        {
            case TransferActionKind.Request or TransferActionKind.Cancel when _sessions[action.Holder] is { } session:
                session.Outgoing.Order(
                    action.Kind == TransferActionKind.Cancel ? TransferFrameKind.Cancel : action.IsUrgent ? TransferFrameKind.Urgent : TransferFrameKind.Request,
                    action.Block);
                session.Wake();
                break;
            case TransferActionKind.AnnounceHave:
                Announce(TransferFrameKind.Have, action.Block);
                break;
            case TransferActionKind.AnnounceClaim:
                Announce(TransferFrameKind.Claim, action.Block);
                break;
            case TransferActionKind.AnnounceRelease:
                Announce(TransferFrameKind.Release, action.Block);
                break;
            case TransferActionKind.Ban:
                _sessions[action.Holder]?.Ban();
                break;
        }
    }

    // Receivers of the same hear it with what we ask of them; holders who receive nothing from us hear only what we have.
    private void Announce(TransferFrameKind kind, int block)
    {
        foreach (var customer in _service.CustomersOf(Plan.Scope))
        {
            var session = SessionOf(customer.Peer);
            var isWanted = customer.Tell(kind, this, block, session is { HasTold: true } ? session.Outgoing : null);
            session?.IsReceiving |= isWanted;
        }

        foreach (var session in _sessions)
        {
            if (kind == TransferFrameKind.Have && session is { IsReceiving: false })
            {
                session.Outgoing.Announce(kind, block);
            }
        }
    }

    private async Task FinishAsync()
    {
        await foreach (var index in _complete.Reader.ReadAllAsync(_stop.Token))
        {
            while (!await TryKeepAsync(index))
            {
                await Task.Delay(_service.Options.KeepRetry, _service.Time, _stop.Token);
            }

            EndIfComplete();
        }
    }

    private async Task<bool> TryKeepAsync(int index)
    {
        var isRefused = false;
        var parts = Map.PartsOf(index);
        try
        {
            await GiveAsync(index, parts);
        }
        catch (InvalidDataException e)
        {
            Log.ObjectRefused(_service.Logger, Id, e.Message);
            isRefused = true;
            lock (_gate)
            {
                _refused.UnionWith(parts);
                _problem = e.Message;
            }
        }
        catch (IOException e)
        {
            Hinder(e);
            return false;
        }

        foreach (var part in parts)
        {
            _partial.Kept(part);
            if (_awaited.TryGetValue(part, out var awaited))
            {
                awaited.TrySetResult(!isRefused);
            }
        }

        return true;
    }

    private async Task GiveAsync(int index, IReadOnlyList<int> parts)
    {
        if (Map.Objects[index].Part is null)
        {
            await using var bytes = _partial.Open(index);
            await _service.Finished.KeepAsync(Plan.Scope, Map.Objects[index], bytes, _stop.Token);
            return;
        }

        Stream[] streams = [.. parts.Select(_partial.Open)];
        try
        {
            await _service.Finished.KeepWholeAsync(Plan.Scope, streams, _stop.Token);
        }
        finally
        {
            foreach (var stream in streams)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private void EndIfComplete()
    {
        lock (_gate)
        {
            if (_partial.KeptObjects < Map.Objects.Length || _state is TransferState.Complete or TransferState.Cancelled)
            {
                return;
            }

            _state = TransferState.Complete;
        }

        TransferMetrics.Completed.Add(1);

        _partial.Abandon();
        _stop.Cancel();
        _service.Ended(this);
    }

    private void Hinder(Exception problem)
    {
        Log.TransferHindered(_service.Logger, Id, problem.Message);
        lock (_gate)
        {
            _problem = problem.Message;
        }
    }
}
