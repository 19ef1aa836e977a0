using Panal.Swarm.Picking;

namespace Panal.Swarm.Transfers;

/// <content>The events.</content>
internal sealed partial class Download
{
    /// <summary>A block is on our disk already, verified: before the first event only.</summary>
    public void Resume(int block)
    {
        if (Have.Add(block))
        {
            Open.Remove(block);
            _out.Add(block);
        }
    }

    /// <summary>A peer of this transfer is there; what it holds is told by <see cref="Has"/> and <see cref="HasAll"/>.</summary>
    /// <returns>Its number, or -1 if there are as many peers as one transfer may have.</returns>
    public int HolderUp(ulong key, bool isNear)
    {
        var number = _holders.IndexOf(null);
        if (number < 0 && _holders.Count >= Options.MaxHolders)
        {
            return Nobody;
        }

        number = number < 0 ? _holders.Count : number;
        var holder = new Holder(number, key, Map.Blocks, isNear);
        if (number == _holders.Count)
        {
            _holders.Add(holder);
        }
        else
        {
            _holders[number] = holder;
        }

        _receivers++;
        _epoch++;
        return number;
    }

    /// <summary>A peer is gone or banned: what was asked of it is open again at once.</summary>
    public void HolderDown(int number, TimeSpan now)
    {
        if (Find(number) is not { } holder)
        {
            return;
        }

        while (holder.Requests.Count > 0)
        {
            var block = holder.Requests[^1].Block;
            Return(holder, holder.Requests.Count - 1, now);
            Release(holder, block);
        }

        for (var block = holder.Claims.Next(0); block >= 0; block = block + 1 < Map.Blocks ? holder.Claims.Next(block + 1) : -1)
        {
            _claims[block]--;
        }

        if (!holder.IsSource)
        {
            _receivers--;
            for (var block = holder.Has.Next(0); block >= 0; block = block + 1 < Map.Blocks ? holder.Has.Next(block + 1) : -1)
            {
                Lose(block);
            }
        }

        _holders[number] = null;
        _epoch++;
        Feed();
    }

    /// <summary>A peer says, when we meet, that it holds everything.</summary>
    public void HasAll(int number)
    {
        if (Find(number) is { IsSource: false, Has.Count: 0 } holder)
        {
            holder.Has.Fill();
            holder.IsSource = true;
            holder.IsStarved = false;
            _receivers--;
            _epoch++;
        }
    }

    /// <summary>A peer says that it holds a block.</summary>
    /// <returns>False if there is no such block, which is the peer's violation.</returns>
    public bool Has(int number, int block, TimeSpan now)
    {
        if ((uint)block >= (uint)Map.Blocks)
        {
            return false;
        }

        if (Find(number) is not { } holder || !holder.Has.Add(block))
        {
            return true;
        }

        if (holder.IsSource)
        {
            // It had lost it meanwhile.
            holder.IsStarved = false;
            return true;
        }

        _copies[block]++;
        _out.Add(block);
        if (holder.Claims.Remove(block))
        {
            _claims[block]--;
        }

        holder.IsStarved &= Have.Contains(block);
        LeaveToOthers(block, now);
        return true;
    }

    // One receiver less holds a block.
    private void Lose(int block)
    {
        if (--_copies[block] == 0 && !Have.Contains(block))
        {
            _out.Remove(block);
        }
    }

    // A source serves what has not been out first: what another receiver has meanwhile would wait there, and comes sooner from that receiver. When all has
    // been out, a source serves it as soon as anybody, and what is taken back from it may be on its way.
    private void LeaveToOthers(int block, TimeSpan now)
    {
        if (!_out.IsFull && _askedOf[block] is >= 0 and var number && _holders[number] is { IsSource: true } source
            && source.IndexOf(block) is var index && !source.Requests[index].IsUrgent)
        {
            _actions.Enqueue(Return(source, index, now));
            Release(source, block);
            if (!FirstImages.Contains(block))
            {
                // It may have left just now, and would come in vain: nobody else is asked until it would be here.
                Open.Remove(block);
                _leaving.Enqueue((block, now + (source.Fastest < LongestLeave ? source.Fastest : LongestLeave)));
            }

            Feed();
        }
    }

    // What was taken back and did not come is asked of others.
    private void Reopen(TimeSpan now)
    {
        while (_leaving.TryPeek(out var left) && left.Until <= now)
        {
            _leaving.Dequeue();
            if (!Have.Contains(left.Block) && _askedOf[left.Block] == Nobody && Open.Add(left.Block))
            {
                Feed();
            }
        }
    }

    /// <summary>A peer says that it has asked a source for a block, or that it does not wait for it any more.</summary>
    /// <returns>False if there is no such block, which is the peer's violation.</returns>
    public bool Claimed(int number, int block, bool isClaimed, TimeSpan now)
    {
        if ((uint)block >= (uint)Map.Blocks)
        {
            return false;
        }

        if (Find(number) is not { IsSource: false } holder || holder.Has.Contains(block))
        {
            return true;
        }

        if (isClaimed && holder.Claims.Add(block))
        {
            _claims[block]++;
            _claimedAt[block] = now;
            if (Rendezvous.Score(holder.Key, block, holder.UplinkBytesPerSecond) > Rendezvous.Score(Key, block, UplinkBytesPerSecond))
            {
                LeaveToOthers(block, now);
            }
        }
        else if (!isClaimed && holder.Claims.Remove(block))
        {
            _claims[block]--;
            Feed();
        }

        return true;
    }

    /// <summary>A peer says what its uplink carries, in bytes a second.</summary>
    public void UplinkIs(int number, double bytesPerSecond)
    {
        // Between a modem and a backbone: no statement of a peer makes it the owner of everything or of nothing.
        var uplink = Math.Clamp(bytesPerSecond, 1_000, 1_250_000_000);
        if (Find(number) is { } holder && Math.Abs(holder.UplinkBytesPerSecond - uplink) > uplink / 4)
        {
            holder.UplinkBytesPerSecond = uplink;
            _epoch++;
        }
    }

    /// <summary>
    /// True if the block is lacking. What nobody is asked for just now may have left before its request was taken back: dropped, it would be nowhere, and the source would take it for
    /// sent.
    /// </summary>
    public bool Lacks(int block) => (uint)block < (uint)Map.Blocks && !Have.Contains(block);

    /// <summary>True if the block is lacking and somebody was asked for it, or may still send it after it was asked of another.</summary>
    public bool Awaits(int block) => Lacks(block) && !Open.Contains(block);

    /// <summary>A block has come from a holder and was verified or found false.</summary>
    /// <returns>True if it is to be kept; false if it is false or was there.</returns>
    public bool Arrived(int number, int block, bool isVerified, TimeSpan now)
    {
        var holder = Find(number);
        var index = holder?.IndexOf(block) ?? -1;
        if (index >= 0)
        {
            var took = now - holder!.Requests[index].AskedAt;
            holder.Fastest = took < holder.Fastest ? took : holder.Fastest;
            holder.Rate.Add(isVerified ? Map.LengthOf(block) : 0, now);
            Forget(holder, index, now);
            holder.IsStarved = false;
        }

        if (!isVerified)
        {
            if (index >= 0)
            {
                Open.Add(block);
                Release(holder!, block);
            }

            Charge(holder, block);
            return false;
        }

        if (holder is not null)
        {
            holder.Delivered++;
            holder.DeliveredBytes += Map.LengthOf(block);
        }

        if (!Have.Add(block))
        {
            return false;
        }

        _out.Add(block);

        if (_askedOf[block] is >= 0 and var other && _holders[other] is { } late)
        {
            Forget(late, late.IndexOf(block), now);
            late.IsStarved = false;
            _actions.Enqueue(new TransferAction(TransferActionKind.Cancel, other, block, false));
        }

        Open.Remove(block);
        _urgent.Remove(block);
        _actions.Enqueue(new TransferAction(TransferActionKind.AnnounceHave, Nobody, block, false));
        return true;
    }

    /// <summary>A holder does not hold a block any more: it is not asked for it until it says that it holds it again.</summary>
    /// <returns>False if there is no such block, which is the peer's violation.</returns>
    public bool Refused(int number, int block, TimeSpan now)
    {
        if ((uint)block >= (uint)Map.Blocks)
        {
            return false;
        }

        if (Find(number) is not { } holder)
        {
            return true;
        }

        if (holder.Has.Remove(block) && !holder.IsSource)
        {
            Lose(block);
        }

        if (holder.IndexOf(block) is >= 0 and var index)
        {
            Return(holder, index, now);
            Release(holder, block);
            if (++holder.Refused > holder.Delivered + Options.MaxRefusals)
            {
                holder.Bar(block);
            }

            Feed();
        }

        return true;
    }

    /// <summary>
    /// A viewer waits for these objects, in this order, and no longer for those before: what is asked already becomes urgent where it is.
    /// Of more than <see cref="MaxUrgent"/> blocks, the first.
    /// </summary>
    public void Want(ReadOnlySpan<int> objects)
    {
        Reopen(TimeSpan.MaxValue);
        _urgent.Clear();
        Calm(objects);
        foreach (var index in objects)
        {
            for (var block = Map.FirstBlockOf(index); block < Map.FirstBlockOf(index + 1) && _urgent.Count < MaxUrgent; block++)
            {
                if (Have.Contains(block))
                {
                    continue;
                }

                _urgent.Add(block);
                if (_askedOf[block] is >= 0 and var number && _holders[number] is { } holder
                    && holder.IndexOf(block) is var at && !holder.Requests[at].IsUrgent)
                {
                    holder.Requests[at] = holder.Requests[at] with { IsUrgent = true };
                    _actions.Enqueue(new TransferAction(TransferActionKind.Request, number, block, true));
                }
            }
        }

        Feed();
    }

    // What the viewer has turned away from gives its place at the holders to what it looks at now.
    private void Calm(ReadOnlySpan<int> wanted)
    {
        foreach (var holder in _holders)
        {
            for (var i = 0; i < holder?.Requests.Count; i++)
            {
                var request = holder.Requests[i];
                if (request.IsUrgent && !wanted.Contains(Map.ObjectOf(request.Block)))
                {
                    holder.Requests[i] = request with { IsUrgent = false };
                    _actions.Enqueue(new TransferAction(TransferActionKind.Request, holder.Number, request.Block, false));
                }
            }
        }
    }

    /// <summary>Time has passed: those who were left alone are tried again, since silence alone makes others slower.</summary>
    public void Tick() => Feed();

    private void Charge(Holder? holder, int block)
    {
        if (holder is null)
        {
            return;
        }

        holder.Falsified++;
        holder.Bar(block);
        Feed();
        if (holder.Falsified >= Options.BanAfter && holder.Falsified * Options.BanRatio > holder.Falsified + holder.Delivered)
        {
            _actions.Enqueue(new TransferAction(TransferActionKind.Ban, holder.Number, Nobody, false));
        }
    }

    private void Release(Holder holder, int block)
    {
        if (holder.IsSource && _receivers > 0)
        {
            _actions.Enqueue(new TransferAction(TransferActionKind.AnnounceRelease, Nobody, block, false));
        }
    }

    private void Feed()
    {
        foreach (var holder in _holders)
        {
            if (holder is not null)
            {
                holder.IsStarved = false;
            }
        }
    }

    private Holder? Find(int number) => (uint)number < (uint)_holders.Count ? _holders[number] : null;
}
