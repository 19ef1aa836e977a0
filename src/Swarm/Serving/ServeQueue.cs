using Panal.Swarm.Pieces;

namespace Panal.Swarm.Serving;

/// <summary>A block to send next.</summary>
internal readonly record struct Serving(int Customer, int Block, int LengthBytes, bool IsUrgent);

/// <summary>
/// The sender's side of all transfers: decides whose request is served next, over all links together, because the uplink is the
/// scarce thing. No input or output, no clock, no threads.
/// </summary>
/// <remarks>Bounded by <see cref="MaxCustomers"/> and <see cref="MaxAsked"/>: about 24 bytes for each request.</remarks>
/// <param name="uplinkBytesPerSecond">What our line carries.</param>
internal sealed class ServeQueue(double uplinkBytesPerSecond = Transfers.Download.UnknownUplink)
{
    /// <summary>Most streams that are served at once.</summary>
    public const int MaxCustomers = 1024;

    /// <summary>Most blocks that one stream may have asked for: twice what a receiver of ours asks.</summary>
    public const int MaxAsked = 256;

    private readonly IServeRule[] _rules = [new UrgentFirst(), new FairShares(), new FreshOut(), new FastAndNeedy(uplinkBytesPerSecond)];

    private readonly List<Customer?> _customers = [];
    private readonly ServedLine _only = new();

    /// <summary>Requests that wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>A receiver of a set of objects is there.</summary>
    /// <param name="set">What it receives.</param>
    /// <param name="key">64 bits of its identity.</param>
    /// <param name="line">The line that leads to it; null if there is but one.</param>
    /// <returns>Its number, or -1 if there are as many as may be.</returns>
    public int CustomerUp(ServedSet set, ulong key, ServedLine? line = null)
    {
        var number = _customers.IndexOf(null);
        if (number < 0 && _customers.Count == MaxCustomers)
        {
            return -1;
        }

        if (number < 0)
        {
            number = _customers.Count;
            _customers.Add(null);
        }

        _customers[number] = new Customer(number, set, line ?? _only, set.PlaceOf(key));
        set.Receivers++;
        return number;
    }

    /// <summary>A receiver is gone; what it asked for is forgotten.</summary>
    public void CustomerDown(int number)
    {
        if (Find(number) is { } customer)
        {
            Waiting -= customer.Asked.Count;
            customer.Set.Receivers--;
            _customers[number] = null;
        }
    }

    /// <summary>A receiver says what its uplink carries, in bytes a second, and how many blocks it lacks.</summary>
    public void Report(int number, double uplinkBytesPerSecond, int lacks)
    {
        if (Find(number) is { } customer)
        {
            customer.UplinkBytesPerSecond = Math.Clamp(uplinkBytesPerSecond, 1_000, 1_250_000_000);
            customer.Lacks = Math.Clamp(lacks, 0, customer.Set.Blocks);
        }
    }

    /// <summary>A receiver asks for a block; asking again makes it urgent.</summary>
    /// <returns>False if it asks for more than it may have waiting: the request is not taken.</returns>
    public bool Ask(int number, int block, int lengthBytes, bool isUrgent)
    {
        if (Find(number) is not { } customer)
        {
            return false;
        }

        var index = customer.IndexOf(block);
        if (index >= 0)
        {
            customer.Asked[index] = customer.Asked[index] with { IsUrgent = isUrgent };
            return true;
        }

        if (customer.Asked.Count >= MaxAsked)
        {
            return false;
        }

        // One who comes back begins where the others are: what it did not ask for while away is not owed to it.
        customer.Set.Join(LeastServed());
        customer.Asked.Add(new Asked(block, lengthBytes, isUrgent));
        Waiting++;
        return true;
    }

    /// <summary>A receiver takes a request back; false if it is not waiting any more.</summary>
    public bool Cancel(int number, int block)
    {
        if (Find(number) is not { } customer || customer.IndexOf(block) is not (>= 0 and var index))
        {
            return false;
        }

        customer.Asked.RemoveAt(index);
        Waiting--;
        return true;
    }

    /// <summary>A receiver is being sent a block.</summary>
    public void Begin(int number)
    {
        if (Find(number) is { } customer)
        {
            customer.UnderWay++;
        }
    }

    /// <summary>The block has left, or could not be sent.</summary>
    public void End(int number)
    {
        if (Find(number) is { } customer)
        {
            customer.UnderWay--;
        }
    }

    /// <summary>A receiver sends blocks to us now, or does not.</summary>
    public void SetBringing(int number, bool isBringing)
    {
        if (Find(number) is { } customer)
        {
            customer.IsBringing = isBringing;
        }
    }

    /// <summary>Takes the request that is served next; false if none can be.</summary>
    public bool TryNext(out Serving serving)
    {
        serving = default;
        ServeCandidate best = default;
        foreach (var customer in _customers)
        {
            if (customer is null or { IsBusy: true } or { Asked.Count: 0 } or { Line.IsOpen: false })
            {
                continue;
            }

            for (var i = 0; i < customer.Asked.Count; i++)
            {
                var candidate = new ServeCandidate(customer, customer.Asked[i], i);
                if (best.Customer is null || IsBetter(candidate, best))
                {
                    best = candidate;
                }
            }
        }

        if (best.Customer is null)
        {
            return false;
        }

        best.Customer.Asked.RemoveAt(best.Index);
        Waiting--;
        best.Customer.FreshBytes += best.Customer.Set.Copies(best.Asked.Block) == 0 ? best.Asked.LengthBytes : 0;
        best.Customer.Set.Sent(best.Asked.Block, best.Asked.LengthBytes);
        best.Customer.Lacks = Math.Max(0, best.Customer.Lacks - 1);
        serving = new Serving(best.Customer.Number, best.Asked.Block, best.Asked.LengthBytes, best.Asked.IsUrgent);
        return true;
    }

    private bool IsBetter(in ServeCandidate candidate, in ServeCandidate best)
    {
        foreach (var rule in _rules)
        {
            var order = rule.Compare(candidate, best);
            if (order != 0)
            {
                return order < 0;
            }
        }

        return false;
    }

    private double LeastServed()
    {
        var least = double.MaxValue;
        foreach (var customer in _customers)
        {
            if (customer is { Asked.Count: > 0 })
            {
                least = Math.Min(least, customer.Set.Served);
            }
        }

        return least == double.MaxValue ? 0 : least;
    }

    private Customer? Find(int number) => (uint)number < (uint)_customers.Count ? _customers[number] : null;
}
