using Panal.Swarm.Pieces;
using Panal.Swarm.Serving;
using Panal.Swarm.Transfers.Exchange;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <content>The receivers that are served, and whose request is next.</content>
public sealed partial class TransferService
{
    /// <summary>Blocks that all receivers together may have told of: bounds what members can make us remember to 64 MiB.</summary>
    private const long MaxToldBlocks = 16L * BlockMap.MaxBlocks;

    /// <summary>Others among whom a set is shared out, at most: more of them would not be waited for.</summary>
    private const int MaxSharers = 16;

    private readonly Lock _serving = new();
    private readonly ServeQueue _queue;
    private readonly NodeLines _lines;
    private readonly ITimer _limitTimer;
    private readonly List<CustomerSession> _customers = [];
    private readonly Dictionary<ContentHash, (ServedSet Set, int Users)> _sets = [];
    private long _toldBlocks;
    private long _servedBytes;

    /// <summary>Bytes of blocks that were sent to others since the start.</summary>
    public long ServedBytes => Interlocked.Read(ref _servedBytes);

    private bool HasCustomers
    {
        get
        {
            lock (_serving)
            {
                return _customers.Count > 0;
            }
        }
    }

    /// <summary>A receiver is there; false if there are too many.</summary>
    internal bool Join(CustomerSession customer)
    {
        customer.ComeOver(_lines.LineTo(customer.Peer));
        ulong[] sharers = customer.IsHeldWhole ? [.. Directory.WholeHoldersOf(customer.Scope).Take(MaxSharers).Select(KeyOf)] : [];
        lock (_serving)
        {
            if (_toldBlocks + customer.Map!.Blocks > MaxToldBlocks)
            {
                return false;
            }

            var (set, users) = _sets.TryGetValue(customer.SetKey, out var known) ? known : (new ServedSet(customer.Map.Blocks, Key, sharers), 0);
            customer.Number = _queue.CustomerUp(set, KeyOf(customer.Peer), customer.Line);
            if (customer.Number < 0)
            {
                return false;
            }

            _sets[customer.SetKey] = (set, users + 1);
            _toldBlocks += customer.Map.Blocks;
            _queue.Report(customer.Number, customer.UplinkBytesPerSecond, customer.Lacks);
            _customers.Add(customer);
        }

        TransferMetrics.Receivers.Add(1);
        Pace();
        return true;
    }

    /// <summary>A receiver may know who else wants the same, and what transfers of ours bring.</summary>
    internal void Introduce(CustomerSession customer)
    {
        CustomerSession[] others;
        lock (_serving)
        {
            others = [.. _customers.Where(other => other.IsIntroduced && other.Scope == customer.Scope && other.Peer != customer.Peer)];
            customer.IsIntroduced = true;
        }

        foreach (var other in others)
        {
            other.Introduce(customer.Peer);
            customer.Introduce(other.Peer);
        }

        foreach (var transfer in Find(customer.Scope))
        {
            customer.Attach(transfer);
            transfer.Introduce(customer);
            transfer.Meet([customer.Peer]);
        }
    }

    /// <summary>A receiver is gone.</summary>
    internal void Leave(CustomerSession customer)
    {
        TransferMetrics.Receivers.Add(-1);
        lock (_serving)
        {
            _customers.Remove(customer);
            _queue.CustomerDown(customer.Number);
            customer.Line!.Width.Forget(customer.Number);
            _toldBlocks -= customer.Map!.Blocks;
            var (set, users) = _sets[customer.SetKey];
            if (users == 1)
            {
                _sets.Remove(customer.SetKey);
            }
            else
            {
                _sets[customer.SetKey] = (set, users - 1);
            }
        }
    }

    /// <summary>A receiver asks; those that are refused are given back.</summary>
    internal IReadOnlyList<int> Ask(CustomerSession customer, List<int> blocks, bool isUrgent)
    {
        List<int> refused = [];
        lock (_serving)
        {
            foreach (var block in blocks)
            {
                if (!_queue.Ask(customer.Number, block, customer.Map!.LengthOf(block), isUrgent))
                {
                    refused.Add(block);
                }
            }
        }

        Dispatch();
        return refused;
    }

    /// <summary>A receiver takes requests back, or what it asked for is not here any more.</summary>
    internal void Cancel(CustomerSession customer, IEnumerable<int> blocks)
    {
        lock (_serving)
        {
            foreach (var block in blocks)
            {
                _queue.Cancel(customer.Number, block);
            }
        }
    }

    /// <summary>A receiver holds blocks that we did not send to it.</summary>
    internal void Seen(CustomerSession customer, List<int> blocks)
    {
        lock (_serving)
        {
            var (set, _) = _sets[customer.SetKey];
            blocks.ForEach(set.Seen);
            _queue.Report(customer.Number, customer.UplinkBytesPerSecond, customer.Lacks);
        }
    }

    /// <summary>What was assigned to a receiver has left: it can have more.</summary>
    internal void Sent(CustomerSession customer, int lengthBytes)
    {
        lock (_serving)
        {
            if (!_customers.Contains(customer))
            {
                // It has left, and its number may be another's by now.
                return;
            }

            customer.Line!.Width.End(customer.Number, lengthBytes, Now);
            _queue.End(customer.Number);
        }

        Interlocked.Add(ref _servedBytes, lengthBytes);
        TransferMetrics.Served(lengthBytes);
        Dispatch();
    }

    /// <summary>Who receives what belongs to a scope.</summary>
    internal CustomerSession[] CustomersOf(TransferScope scope)
    {
        lock (_serving)
        {
            return _customers.Count == 0 ? [] : [.. _customers.Where(customer => customer.Scope == scope)];
        }
    }

    /// <summary>How long what receivers are to hear may wait for a message to ride on.</summary>
    internal TimeSpan AnnounceDelay
    {
        get
        {
            lock (_serving)
            {
                return Announcing.Delay(_customers.Count, _queue.Waiting, Options.UplinkBytesPerSecond);
            }
        }
    }

    private void WakeCustomers()
    {
        var delay = AnnounceDelay;
        lock (_serving)
        {
            foreach (var customer in _customers)
            {
                customer.Wake(delay);
            }
        }
    }

    private void Dispatch()
    {
        lock (_serving)
        {
            foreach (var customer in _customers)
            {
                _queue.SetBringing(customer.Number, customer.IsBringing);
            }

            while (_queue.Waiting > 0)
            {
                var now = Now;
                var wait = _lines.Look(now, Time.GetLocalNow().Hour);
                if (!_queue.TryNext(out var next))
                {
                    WakeAfter(wait);
                    return;
                }

                _queue.Begin(next.Customer);
                var customer = _customers.Find(customer => customer.Number == next.Customer)!;
                customer.Line!.Begin(next.Customer, next.LengthBytes, now);
                customer.Assign(next);
            }
        }
    }

    private void WakeAfter(TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            _limitTimer.Change(wait + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }
}
