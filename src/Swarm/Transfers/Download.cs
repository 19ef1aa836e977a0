using System.Runtime.InteropServices;
using Panal.Swarm.Picking;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers;

/// <summary>
/// The receiver's side of a transfer: decides what is asked of whom. Told of events, it answers with actions; it does no input or output,
/// reads no clock and starts no thread, so that the same code runs over links, in the simulation and in tests.
/// </summary>
/// <remarks>
/// A block is asked of one holder at a time. Memory: about 16 bytes a block and two bits for each holder and block. Time is any that only
/// grows. Not for several threads at once.
/// </remarks>
internal sealed partial class Download
{
    /// <summary>The uplink of a peer that has not said what it carries, in bytes a second: an ADSL line's.</summary>
    public const double UnknownUplink = 100_000;

    /// <summary>Most blocks that a viewer may wait for at once: 64 MiB, more than it shows in the time that they need.</summary>
    public const int MaxUrgent = 1024;

    private const int Nobody = -1;

    // What a source has sent before it heard that it was taken back is here by then, also over a slow line.
    private static readonly TimeSpan LongestLeave = TimeSpan.FromSeconds(1);

    // What a request costs on the line, and more: shorter blocks are counted like this.
    private const int ShortestBlockBytes = 2048;

    private readonly IDecider[] _ofSources;
    private readonly IDecider[] _ofReceivers;
    private readonly List<Holder?> _holders = [];
    private readonly int[] _askedOf;
    private readonly BlockSet _out;      // blocks that we or another receiver hold
    private readonly ushort[] _copies;
    private readonly ushort[] _claims;
    private readonly TimeSpan[] _claimedAt;
    private readonly ulong[] _owned;
    private readonly int[] _ownedEpoch;
    private readonly Queue<TransferAction> _actions = [];
    private readonly List<int> _urgent = [];
    private readonly Queue<(int Block, TimeSpan Until)> _leaving = [];    // taken back from sources that may have sent them
    private int _epoch = 1;
    private int _receivers;
    private int _nextHolder;

    /// <summary>A transfer of which nothing is held yet.</summary>
    public Download(BlockMap map, ulong key, DownloadOptions options)
    {
        (Map, Key, Options) = (map, key, options);
        _askedOf = new int[map.Blocks];
        Array.Fill(_askedOf, Nobody);
        _out = new BlockSet(map.Blocks);
        _copies = new ushort[map.Blocks];
        _claims = new ushort[map.Blocks];
        _claimedAt = new TimeSpan[map.Blocks];
        Have = new BlockSet(map.Blocks);
        Open = new BlockSet(map.Blocks);
        Open.Fill();
        FirstImages = new BlockSet(map.Blocks);
        _owned = new ulong[Open.Words];
        _ownedEpoch = new int[Open.Words];
        var early = new List<BlockSet>();
        for (var i = 0; i < map.Objects.Length; i++)
        {
            var part = map.Objects[i].Part is { IsLast: false } found ? found.Number : -1;
            while (early.Count <= part)
            {
                early.Add(new BlockSet(map.Blocks));
            }

            for (var block = map.FirstBlockOf(i); block < map.FirstBlockOf(i + 1); block++)
            {
                _ = map.Objects[i].IsFirstOfSeries && FirstImages.Add(block);
                _ = part >= 0 && early[part].Add(block);
            }
        }

        _ofSources = [.. Chain(early, static part => new FreshFirst(part)), new StaleClaims(), new RarestFirst()];
        _ofReceivers = [.. Chain(early, static part => new RarestFirst(part))];
    }

    /// <summary>
    /// The first part of every whole shows all that there is to see, coarsely; then comes what somebody looks at, then the other parts, one after the
    /// other. Without parts, what somebody looks at comes first.
    /// </summary>
    private IEnumerable<IDecider> Chain(List<BlockSet> early, Func<BlockSet?, IDecider> rest)
    {
        if (early is [var first, ..])
        {
            yield return new Deadlines(first);
            yield return rest(FirstImages);
            yield return rest(first);
            yield return new Deadlines();
        }
        else
        {
            yield return new Deadlines();
            yield return rest(FirstImages);
        }

        foreach (var part in early.Skip(1))
        {
            yield return rest(part);
        }

        yield return rest(null);
    }

    /// <summary>The blocks.</summary>
    public BlockMap Map { get; }

    /// <summary>64 bits of our identity, for rendezvous hashing.</summary>
    public ulong Key { get; }

    /// <summary>How we ask.</summary>
    public DownloadOptions Options { get; }

    /// <summary>What we have said of our uplink, in bytes a second.</summary>
    public double UplinkBytesPerSecond { get; init; } = UnknownUplink;

    /// <summary>Transfers that ask the same holders; each asks for its part of what a holder can deliver.</summary>
    public int Sharers { get; set; } = 1;

    /// <summary>Blocks that are verified and kept.</summary>
    public BlockSet Have { get; }

    /// <summary>Blocks that we lack and have asked nobody for, and that nobody may have sent.</summary>
    public BlockSet Open { get; }

    /// <summary>Blocks of the first image of each series.</summary>
    public BlockSet FirstImages { get; }

    /// <summary>What a viewer waits for, in its order.</summary>
    public ReadOnlySpan<int> Urgent => CollectionsMarshal.AsSpan(_urgent);

    /// <summary>The peers by their numbers; null where one has left.</summary>
    public ReadOnlySpan<Holder?> Holders => CollectionsMarshal.AsSpan(_holders);

    /// <summary>True if another peer wants what we want.</summary>
    public bool HasReceivers => _receivers > 0;

    /// <summary>True when every block is kept.</summary>
    public bool IsComplete => Have.IsFull;

    /// <summary>Nothing is asked while this is set; what is on its way still comes.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Blocks asked of all holders.</summary>
    public int Requested => Open.Capacity - Open.Count - Have.Count;

    /// <summary>How many receivers hold a block.</summary>
    public int Copies(int block) => _copies[block];

    /// <summary>How many receivers have asked a source for a block that they do not hold yet.</summary>
    public int Claims(int block) => _claims[block];

    /// <summary>When a block was last claimed.</summary>
    public TimeSpan ClaimedAt(int block) => _claimedAt[block];

    /// <summary>The blocks of one word that rendezvous hashing over the receivers gives to us.</summary>
    public ulong OwnedWord(int word)
    {
        if (_receivers == 0)
        {
            return ulong.MaxValue;
        }

        if (_ownedEpoch[word] != _epoch)
        {
            var owned = 0UL;
            for (var bit = 0; bit < BlockSet.WordBlocks; bit++)
            {
                owned |= IsOurs(word * BlockSet.WordBlocks + bit) ? 1UL << bit : 0;
            }

            (_owned[word], _ownedEpoch[word]) = (owned, _epoch);
        }

        return _owned[word];
    }

    private bool IsOurs(int block)
    {
        var ours = Rendezvous.Score(Key, block, UplinkBytesPerSecond);
        foreach (var holder in _holders)
        {
            if (holder is { IsSource: false } && Rendezvous.Score(holder.Key, block, holder.UplinkBytesPerSecond) > ours)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Seconds until a holder has delivered one more block after so many more; what it was asked for in bulk does not hold up urgent ones.</summary>
    public double Wait(Holder holder, int more, bool isUrgent, TimeSpan now)
    {
        var ahead = more + 1;
        foreach (var request in holder.Requests)
        {
            ahead += isUrgent && !request.IsUrgent ? 0 : 1;
        }

        return ahead * (double)ContentHash.BlockBytes / RateOf(holder, now);
    }

    // A holder that has delivered nothing yet is taken for an average one.
    private double RateOf(Holder holder, TimeSpan now)
    {
        if (holder.Rate.BytesPerSecond > 0)
        {
            return holder.Rate.Expected(now, ContentHash.BlockBytes, 0);
        }

        var (sum, count) = (0.0, 0);
        foreach (var other in _holders)
        {
            if (other is { Rate.BytesPerSecond: > 0 })
            {
                (sum, count) = (sum + other.Rate.BytesPerSecond, count + 1);
            }
        }

        return holder.Rate.Expected(now, ContentHash.BlockBytes, count == 0 ? UnknownUplink : sum / count);
    }

    /// <summary>Writes what is to be done; returns how many actions. Call again while the span was filled.</summary>
    public int Decide(TimeSpan now, Span<TransferAction> actions)
    {
        var written = 0;
        for (; written < actions.Length && _actions.TryDequeue(out var action); written++)
        {
            actions[written] = action;
        }

        Reopen(now);
        if (IsPaused || IsComplete || written == actions.Length)
        {
            return written;
        }

        // Those near first; then in turns, so that no holder's number decides.
        for (var near = 1; near >= 0; near--)
        {
            for (var i = 0; i < _holders.Count && written < actions.Length; i++)
            {
                if (_holders[(_nextHolder + i) % _holders.Count] is { } holder && holder.IsNear == (near == 1))
                {
                    written += Ask(holder, now, actions[written..]);
                }
            }
        }

        _nextHolder = _holders.Count == 0 ? 0 : (_nextHolder + 1) % _holders.Count;
        for (; written < actions.Length && _actions.TryDequeue(out var action); written++)
        {
            actions[written] = action;
        }

        return written;
    }

    private int Ask(Holder holder, TimeSpan now, Span<TransferAction> actions)
    {
        // Urgent requests overtake at the holder, so they need not wait until what was asked in bulk has come.
        var before = holder.Requests.Count;
        var free = Math.Min(Target(holder) - (_urgent.Count > 0 ? Urgents(holder) : before), actions.Length);
        if (free <= 0 || holder.IsStarved)
        {
            return 0;
        }

        LeaveToNear(holder, now);
        Span<int> blocks = stackalloc int[Math.Min(free, Options.MaxRequests)];
        var asked = 0;
        foreach (var decider in holder.IsSource ? _ofSources : _ofReceivers)
        {
            var isUrgent = decider is Deadlines;
            var room = isUrgent ? blocks.Length : Math.Max(asked, Math.Min(blocks.Length, Target(holder) - before));
            if (asked >= room || (isUrgent && _urgent.Count == 0))
            {
                continue;
            }

            var chosen = decider.Choose(this, holder, now, blocks[asked..room]);
            for (var i = 0; i < chosen && (isUrgent || !IsAskedEnough(holder)); i++, asked++)
            {
                actions[asked] = Request(holder, blocks[asked], isUrgent || GoesFirst(holder, blocks[asked]), now);
            }
        }

        if (asked == 0 && !(holder.Requests.Count < Options.MinRequests && TakeOver(holder, now, actions, ref asked)))
        {
            holder.IsStarved = true;
        }

        holder.TriedAt = now;
        return asked;
    }

    // Each receiver brings a share of the first image. They pass on first what nobody else has, so without this it would come to the last of them very late.
    private bool GoesFirst(Holder holder, int block) => !holder.IsSource && FirstImages.Contains(block);

    // The line is scarce and the network is not. Who is near and slow, since its disk is or since it is not near at all, takes nothing from others.
    private void LeaveToNear(Holder holder, TimeSpan now)
    {
        holder.LeavesTo.Clear();
        if (holder.IsNear)
        {
            return;
        }

        foreach (var near in _holders)
        {
            if (near is { IsNear: true, Rate.BytesPerSecond: > 0 } && RateOf(near, now) > Options.NearGain * RateOf(holder, now))
            {
                holder.LeavesTo.Add(near);
            }
        }
    }

    private static int Urgents(Holder holder)
    {
        var urgents = 0;
        foreach (var request in holder.Requests)
        {
            urgents += request.IsUrgent ? 1 : 0;
        }

        return urgents;
    }

    // What the holder delivers in a round trip and a little more: deeper queues only delay choices.
    private double AheadBytes(Holder holder)
    {
        var ahead = Options.Ahead + (holder.Fastest == TimeSpan.MaxValue ? TimeSpan.Zero : holder.Fastest);
        return holder.Rate.BytesPerSecond * ahead.TotalSeconds;
    }

    // Two blocks may be on their way at a time to whom passes them on more quickly than they come, and one more waits.
    private int Least(Holder holder) => Options.MinRequests + (UplinkBytesPerSecond > holder.UplinkBytesPerSecond ? 1 : 0);

    private int Target(Holder holder)
    {
        var blocks = (int)Math.Min(Options.MaxRequests, Math.Ceiling(AheadBytes(holder) / NextLengthBytes()));
        return Math.Max(1, Math.Min(Options.MaxRequests, Math.Max(blocks, Least(holder))) / Sharers);
    }

    // Long blocks may follow the short one that the target was counted in: the last of an object is often the shortest.
    private bool IsAskedEnough(Holder holder) =>
        holder.Requests.Count >= Math.Max(1, Least(holder) / Sharers) && holder.RequestedBytes >= AheadBytes(holder) / Sharers;

    // Parts of images can be much shorter than a block can be: so many more are asked for, or the line would rest between them.
    private int NextLengthBytes() => Open.Next(0) is >= 0 and var block ? Math.Max(ShortestBlockBytes, Map.LengthOf(block)) : ContentHash.BlockBytes;

    private TransferAction Request(Holder holder, int block, bool isUrgent, TimeSpan now)
    {
        Open.Remove(block);
        _askedOf[block] = holder.Number;
        holder.Requests.Add(new BlockRequest(block, now, isUrgent));
        holder.RequestedBytes += Map.LengthOf(block);
        holder.Rate.Start(now);
        if (holder.IsSource && _receivers > 0)
        {
            _actions.Enqueue(new TransferAction(TransferActionKind.AnnounceClaim, Nobody, block, false));
        }

        return new TransferAction(TransferActionKind.Request, holder.Number, block, isUrgent);
    }

    // The end game: nothing is left to ask for, so an idle holder takes the request that would wait longest at another. Never asked twice.
    private bool TakeOver(Holder holder, TimeSpan now, Span<TransferAction> actions, ref int asked)
    {
        var (longest, victim, at) = (Options.TakeoverGain * Wait(holder, 0, false, now), (Holder?)null, 0);
        foreach (var other in _holders)
        {
            if (other is null || other == holder)
            {
                continue;
            }

            var rate = RateOf(other, now);
            for (var i = other.Requests.Count - 1; i >= 0; i--)
            {
                var wait = (i + 1.0) * ContentHash.BlockBytes / rate;
                if (wait <= longest)
                {
                    break;
                }

                if (holder.Offers(other.Requests[i].Block))
                {
                    (longest, victim, at) = (wait, other, i);
                    break;
                }
            }
        }

        if (victim is null || actions.Length < 2)
        {
            return false;
        }

        var request = victim.Requests[at];
        victim.Rate.Lower(RateOf(victim, now));
        actions[0] = Return(victim, at, now);
        actions[1] = Request(holder, request.Block, request.IsUrgent, now);
        asked = 2;
        return true;
    }

    // Takes a request back; the block is open again.
    private TransferAction Return(Holder holder, int index, TimeSpan now)
    {
        var block = holder.Requests[index].Block;
        Forget(holder, index, now);
        Open.Add(block);
        return new TransferAction(TransferActionKind.Cancel, holder.Number, block, false);
    }

    private void Forget(Holder holder, int index, TimeSpan now)
    {
        var block = holder.Requests[index].Block;
        _askedOf[block] = Nobody;
        holder.RequestedBytes -= Map.LengthOf(block);
        holder.Requests.RemoveAt(index);
        if (holder.Requests.Count == 0)
        {
            holder.Rate.Stop();
        }
    }
}
