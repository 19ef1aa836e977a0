using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Panal.Swarm.Links;
using Panal.Swarm.Multiplexing;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers.Exchange;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <summary>Our side of the stream of one receiver: says what we hold, takes its requests, sends the blocks that the queue chooses.</summary>
internal sealed class CustomerSession(TransferService service, ILinkStream stream)
{
    private readonly Signal _wake = new();
    private readonly Lock _gate = new();
    private readonly List<NodeId> _peers = [];
    private readonly OutgoingRuns _outgoing = new();
    private readonly Queue<Serving.Serving> _assigned = new();
    private BlockSet _offered = new(0);
    private BlockSet _theirs = new(0);
    private BlockSet _brought = new(0);
    private bool[] _archived = [];
    private Transfer? _partial;
    private int[] _partialIndices = [];     // by objects of the transfer
    private int[] _ofPartial = [];          // by objects of the receiver
    private bool _holdsAll;
    private long _toldAt = long.MinValue / 2;
    private volatile bool _isEnding;

    /// <summary>Who it is.</summary>
    public NodeId Peer => stream.Peer;

    /// <summary>What its objects belong to.</summary>
    public TransferScope Scope { get; private set; }

    /// <summary>Its objects, in its order.</summary>
    public BlockMap? Map { get; private set; }

    /// <summary>What we hold of the scope; null if it may not know.</summary>
    public IHeldScope? Held { get; private set; }

    /// <summary>Our archive has all that it wants.</summary>
    public bool IsHeldWhole
    {
        get
        {
            for (var i = 0; Held is not null && i < Map!.Objects.Length; i++)
            {
                if (!Held.Holds(Map.Objects[i].Hash, Map.Objects[i].LengthBytes))
                {
                    return false;
                }
            }

            return Held is not null;
        }
    }

    /// <summary>The others who want the same know of it.</summary>
    public bool IsIntroduced { get; set; }

    /// <summary>What it says its uplink carries, in bytes a second.</summary>
    public double UplinkBytesPerSecond { get; private set; }

    /// <summary>Names its objects and their order: who wants the same is served from one set, in which what has been out is not fresh any more.</summary>
    public ContentHash SetKey { get; private set; }

    /// <summary>Its number in the queue.</summary>
    public int Number { get; set; } = -1;

    /// <summary>The line that leads to it.</summary>
    public Serving.ServedLine? Line { get; private set; }

    /// <summary>Blocks that it lacks.</summary>
    public int Lacks => Map!.Blocks - _theirs.Count;

    /// <summary>Serves the receiver to its end.</summary>
    /// <exception cref="IOException">It broke the format, or the link was cut.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!await OpenAsync(cancellationToken) || !service.Join(this))
        {
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        OfferFirst();
        var working = Task.WhenAll(WriteAsync(stop.Token), FollowAsync(stop.Token));
        try
        {
            await ReadAsync(stop.Token);
        }
        finally
        {
            service.Leave(this);
            _isEnding = true;
            await stop.CancelAsync();
            _wake.Set();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _partial?.Release();
        }

        await stream.Output.CompleteAsync();
    }

    /// <summary>It sends blocks to us just now. To whom nothing is brought it only tells at length what it wants.</summary>
    public bool IsBringing => _partial is not null && stream.IsBringing;

    /// <summary>It is served over this line.</summary>
    public void ComeOver(Serving.ServedLine line)
    {
        Line = line;
        line.Carry(stream);
    }

    /// <summary>The queue has chosen a request of its.</summary>
    public void Assign(Serving.Serving serving)
    {
        lock (_gate)
        {
            _assigned.Enqueue(serving);
        }

        _wake.Set();
    }

    /// <summary>Others want the same: it may ask them too.</summary>
    public void Introduce(NodeId peer)
    {
        lock (_gate)
        {
            if (_peers.Count < TransferMessages.MaxPeers && !_peers.Contains(peer))
            {
                _peers.Add(peer);
            }
        }

        _wake.Set();
    }

    /// <summary>What is to be told to it waits no longer if it was told nothing for so long.</summary>
    public void Wake(TimeSpan delay)
    {
        if (_outgoing.HasAny && service.Now.Ticks - Interlocked.Read(ref _toldAt) >= delay.Ticks)
        {
            _wake.Set();
        }
    }

    /// <summary>A transfer of ours brings what it wants too: it is told what that one verifies.</summary>
    public void Attach(Transfer transfer)
    {
        lock (_gate)
        {
            // A study may come by several transfers, of which one brings this.
            if (_partial is not null || Held is null)
            {
                return;
            }

            var indices = new int[transfer.Map.Objects.Length];
            Array.Fill(indices, -1);
            for (var i = 0; i < Map!.Objects.Length; i++)
            {
                if (transfer.IndexOf(Map.Objects[i].Hash) is >= 0 and var index && transfer.Map.Objects[index].LengthBytes == Map.Objects[i].LengthBytes)
                {
                    indices[index] = i;
                }
            }

            if (indices.Any(static index => index >= 0) && transfer.TryUse())
            {
                (_partial, _partialIndices) = (transfer, indices);
                _ofPartial = new int[Map.Objects.Length];
                Array.Fill(_ofPartial, -1);
                for (var i = 0; i < indices.Length; i++)
                {
                    _ = indices[i] >= 0 ? _ofPartial[indices[i]] = i : -1;
                }
            }
        }
    }

    /// <summary>The transfer that was attached says something of one of its blocks: have, claim or release.</summary>
    /// <param name="kind">What.</param>
    /// <param name="transfer">The transfer.</param>
    /// <param name="block">Its number for the transfer.</param>
    /// <param name="asked">What is told to the receiver as a holder, in numbers of the transfer: there it rides on requests. Null if it is not asked for anything.</param>
    /// <returns>False if the receiver does not want the block.</returns>
    public bool Tell(TransferFrameKind kind, Transfer transfer, int block, OutgoingRuns? asked)
    {
        var index = transfer.Map.ObjectOf(block);
        lock (_gate)
        {
            if (_partial != transfer || _partialIndices[index] < 0)
            {
                return false;
            }

            var theirs = Map!.FirstBlockOf(_partialIndices[index]) + block - transfer.Map.FirstBlockOf(index);
            _ = kind == TransferFrameKind.Have && _brought.Add(theirs);
            if (kind == TransferFrameKind.Have && !_offered.Add(theirs))
            {
                return true;
            }

            if (asked is null)
            {
                _outgoing.Announce(kind, theirs);
            }
            else
            {
                asked.Announce(kind, block);
            }

            return true;
        }
    }

    /// <summary>Tells all that the transfer that was attached has: what was told to the receiver as a holder may not have come.</summary>
    public void TellAgain(Transfer transfer, BlockSet have)
    {
        lock (_gate)
        {
            for (var i = 0; _partial == transfer && i < _partialIndices.Length; i++)
            {
                for (var block = transfer.Map.FirstBlockOf(i); _partialIndices[i] >= 0 && block < transfer.Map.FirstBlockOf(i + 1); block++)
                {
                    if (have.Contains(block))
                    {
                        _outgoing.Announce(TransferFrameKind.Have, Map!.FirstBlockOf(_partialIndices[i]) + block - transfer.Map.FirstBlockOf(i));
                    }
                }
            }
        }

        _wake.Set();
    }

    private async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        TransferBegin? begin = null;
        var objects = new List<TransferObject>();
        while (begin is null || objects.Count < begin.Objects)
        {
            var read = await stream.Input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            try
            {
                while ((begin is null || objects.Count < begin.Objects)
                    && TransferFrame.TryRead(buffer, TransferFrame.LimitBytes, out var kind, out var content))
                {
                    if (kind != (begin is null ? TransferFrameKind.Begin : TransferFrameKind.Objects))
                    {
                        throw new TransferViolationException("A receiver did not begin with what it wants.");
                    }

                    if (begin is null)
                    {
                        begin = TransferMessages.ReadBegin(content);
                    }
                    else
                    {
                        TransferMessages.ReadObjects(content, objects, begin.Objects);
                    }

                    buffer = buffer.Slice(content.End);
                }
            }
            finally
            {
                // What follows the last object is a request that is looked at next.
                stream.Input.AdvanceTo(buffer.Start, begin is not null && objects.Count == begin.Objects ? buffer.Start : buffer.End);
            }

            if (read.IsCompleted && (begin is null || objects.Count < begin.Objects))
            {
                return false;
            }
        }

        try
        {
            Map = new BlockMap(CollectionsMarshal.AsSpan(objects));
        }
        catch (ArgumentException)
        {
            throw new TransferViolationException("A transfer has too many blocks.");
        }

        SetKey = KeyOf(Map);
        (Scope, UplinkBytesPerSecond) = (begin.Scope, begin.UplinkBytesPerSecond);
        (_offered, _theirs, _brought) = (new BlockSet(Map.Blocks), new BlockSet(Map.Blocks), new BlockSet(Map.Blocks));
        _archived = new bool[Map.Objects.Length];
        Held = await service.Held.FindAsync(Peer, Scope, cancellationToken);
        return true;
    }

    private static ContentHash KeyOf(BlockMap map)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[ContentHash.LengthBytes];
        foreach (var wanted in map.Objects)
        {
            wanted.Hash.CopyTo(bytes);
            hash.AppendData(bytes);
        }

        hash.GetHashAndReset(bytes);
        return new ContentHash(bytes);
    }

    // What a partial transfer holds was told when it was attached, and nothing has left yet.
    private void OfferFirst()
    {
        Offer();
        lock (_gate)
        {
            if (_offered.IsFull)
            {
                _outgoing.ForgetHaves();
                _holdsAll = true;
            }
        }
    }

    /// <summary>Says what the archive has got and what it has lost since it was looked at last; what a transfer of ours has brought is served all the same.</summary>
    private void Offer()
    {
        var lost = new List<int>();
        lock (_gate)
        {
            for (var i = 0; i < Map!.Objects.Length; i++)
            {
                var isHeld = Held?.Holds(Map.Objects[i].Hash, Map.Objects[i].LengthBytes) == true;
                for (var block = Map.FirstBlockOf(i); isHeld != _archived[i] && block < Map.FirstBlockOf(i + 1); block++)
                {
                    if (isHeld && _offered.Add(block))
                    {
                        _outgoing.Announce(TransferFrameKind.Have, block);
                    }
                    else if (!isHeld && !_brought.Contains(block))
                    {
                        _offered.Remove(block);
                        _outgoing.Withdraw(block);
                        lost.Add(block);
                    }
                }

                _archived[i] = isHeld;
            }
        }

        if (lost.Count > 0)
        {
            service.Cancel(this, lost);
            _wake.Set();
        }
    }

    /// <summary>Tells what our archive gets and loses meanwhile; to whom we say nothing, as soon as it may know.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (Held is null)
            {
                await Task.Delay(service.Options.DirectoryInterval, service.Time, cancellationToken);
                Held = await service.Held.FindAsync(Peer, Scope, cancellationToken);
            }

            service.Introduce(this);
            while (true)
            {
                Offer();
                await Held.NextChangeAsync(cancellationToken);
            }
        }
        finally
        {
            // What we hold is not known any more: it comes again and is told anew.
            _isEnding = true;
            stream.Input.CancelPendingRead();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await stream.Input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            try
            {
                while (TransferFrame.TryRead(buffer, TransferFrame.LimitBytes, out var kind, out var content))
                {
                    Receive(kind, BlockRun.Read(content, Map!.Blocks));
                    buffer = buffer.Slice(content.End);
                }
            }
            finally
            {
                stream.Input.AdvanceTo(buffer.Start, buffer.End);
            }

            if (read.IsCompleted || _isEnding)
            {
                return;
            }

            if (_outgoing.IsOverfull)
            {
                throw new TransferViolationException("A receiver asks and does not take the answers.");
            }
        }
    }

    private void Receive(TransferFrameKind kind, BlockRun[] runs)
    {
        switch (kind)
        {
            case TransferFrameKind.Request or TransferFrameKind.Urgent:
                Ask(runs, kind == TransferFrameKind.Urgent);
                break;
            case TransferFrameKind.Cancel:
                service.Cancel(this, runs.SelectMany(static run => Enumerable.Range(run.First, run.Count)));
                break;
            case TransferFrameKind.Have or TransferFrameKind.Claim or TransferFrameKind.Release:
                Hear(kind, runs);
                break;
            default:
                throw new TransferViolationException("A receiver sent what only a holder sends.");
        }
    }

    // Of whom we fetch the same, the transfer hears it too.
    private void Hear(TransferFrameKind kind, BlockRun[] runs)
    {
        var (seen, told) = (new List<int>(), new List<int>());
        Transfer? partial;
        lock (_gate)
        {
            partial = _partial;
            foreach (var run in runs)
            {
                for (var block = run.First; block < run.First + run.Count; block++)
                {
                    if (kind == TransferFrameKind.Have && _theirs.Add(block))
                    {
                        seen.Add(block);
                    }

                    var index = Map!.ObjectOf(block);
                    if (partial is not null && _ofPartial[index] >= 0)
                    {
                        told.Add(partial.Map.FirstBlockOf(_ofPartial[index]) + block - Map.FirstBlockOf(index));
                    }
                }
            }
        }

        if (seen.Count > 0)
        {
            service.Seen(this, seen);
        }

        partial?.Told(Peer, kind, told);
    }

    private void Ask(BlockRun[] runs, bool isUrgent)
    {
        var asked = new List<int>();
        var isRefused = false;
        lock (_gate)
        {
            foreach (var run in runs)
            {
                for (var block = run.First; block < run.First + run.Count; block++)
                {
                    if (_offered.Contains(block))
                    {
                        asked.Add(block);
                    }
                    else
                    {
                        _outgoing.Order(TransferFrameKind.Refuse, block);
                        isRefused = true;
                    }
                }
            }
        }

        foreach (var block in service.Ask(this, asked, isUrgent))
        {
            _outgoing.Order(TransferFrameKind.Refuse, block);
            isRefused = true;
        }

        if (isRefused)
        {
            _wake.Set();
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            TransferMessages.WriteUplink(stream.Output, service.Options.UplinkBytesPerSecond);
            while (!_isEnding)
            {
                var sentBytes = Write();
                var flushed = await stream.Output.FlushAsync(cancellationToken);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    return;
                }

                if (sentBytes is { } lengthBytes)
                {
                    service.Sent(this, lengthBytes);
                }

                if (!IsAssigned)
                {
                    await _wake.WaitAsync();
                }
            }
        }
        finally
        {
            // The receiver takes no more: its requests have nowhere to go.
            _isEnding = true;
            stream.Input.CancelPendingRead();
        }
    }

    private bool IsAssigned
    {
        get
        {
            lock (_gate)
            {
                return _assigned.Count > 0;
            }
        }
    }

    // The bytes of the block that was to be served; null if none was.
    private int? Write()
    {
        bool isAssigned;
        Serving.Serving serving;
        lock (_gate)
        {
            isAssigned = _assigned.TryDequeue(out serving);
            if (_holdsAll)
            {
                TransferMessages.WriteHaveAll(stream.Output);
                _holdsAll = false;
            }

            if (_peers.Count > 0)
            {
                TransferMessages.WritePeers(stream.Output, CollectionsMarshal.AsSpan(_peers));
                _peers.Clear();
            }
        }

        if (_outgoing.WriteTo(stream.Output))
        {
            Interlocked.Exchange(ref _toldAt, service.Now.Ticks);
        }

        if (!isAssigned)
        {
            return null;
        }

        if (TryWriteBlock(serving.Block))
        {
            return serving.LengthBytes;
        }

        _outgoing.Order(TransferFrameKind.Refuse, serving.Block);
        _outgoing.WriteTo(stream.Output);
        return 0;
    }

    private bool TryWriteBlock(int block)
    {
        Span<byte> proof = stackalloc byte[BlockTree.MaxProofHashes * ContentHash.LengthBytes];
        var index = Map!.ObjectOf(block);
        var inObject = block - Map.FirstBlockOf(index);
        var lengthBytes = Map.LengthOf(block);

        // The length of the proof follows from the tree, so the bytes can be read to where they leave from.
        var proofBytes = BlockTree.ProofHashes(Map.BlocksOfObject(index), inObject) * ContentHash.LengthBytes;
        var bytes = TransferMessages.BeginBlock(stream.Output, block, proofBytes, lengthBytes, out var proofSpace, out var frameBytes);
        try
        {
            var partial = _partial;
            var mine = partial is null ? -1 : partial.IndexOf(Map.Objects[index].Hash);
            var read = mine >= 0 ? partial!.Read(partial.Map.FirstBlockOf(mine) + inObject, bytes, proof) : -1;
            read = read >= 0 ? read : service.Served.Read(Held!, Map.Objects[index], inObject, bytes, proof);
            if (read != proofBytes)
            {
                return false;
            }
        }
        catch (IOException)
        {
            return false;
        }

        proof[..proofBytes].CopyTo(proofSpace);
        stream.Output.Advance(frameBytes);
        lock (_gate)
        {
            _theirs.Add(block);
        }

        return true;
    }
}
