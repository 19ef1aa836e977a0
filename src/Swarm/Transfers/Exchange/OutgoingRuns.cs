using System.Buffers;

namespace Panal.Swarm.Transfers.Exchange;

/// <summary>
/// What is to be told to a peer about blocks, gathered until its stream takes it: orders keep their order, announcements are gathered by kind
/// and ride along. For several threads at once.
/// </summary>
internal sealed class OutgoingRuns
{
    /// <summary>Most that waits for a peer that takes nothing, in blocks told about; beyond, the peer is as good as gone.</summary>
    public const int MaxWaiting = 1 << 20;

    private readonly Lock _gate = new();
    private readonly List<(TransferFrameKind Kind, int Block)> _orders = [];
    private readonly List<int> _have = [];
    private readonly List<int> _claimed = [];
    private readonly List<int> _released = [];
    private readonly List<int> _batch = [];

    /// <summary>True if there is more than a living peer would let wait.</summary>
    public bool IsOverfull
    {
        get
        {
            lock (_gate)
            {
                return _orders.Count + _have.Count + _claimed.Count + _released.Count > MaxWaiting;
            }
        }
    }

    /// <summary>True if something is to be told.</summary>
    public bool HasAny
    {
        get
        {
            lock (_gate)
            {
                return _orders.Count + _have.Count + _claimed.Count + _released.Count > 0;
            }
        }
    }

    /// <summary>Adds an order: request, urgent, cancel or refuse.</summary>
    public void Order(TransferFrameKind kind, int block)
    {
        lock (_gate)
        {
            _orders.Add((kind, block));
        }
    }

    /// <summary>Adds an announcement: have, claim or release. A claim that is released before it was told is not told.</summary>
    public void Announce(TransferFrameKind kind, int block)
    {
        lock (_gate)
        {
            if (kind == TransferFrameKind.Have)
            {
                _have.Add(block);
            }
            else if (kind == TransferFrameKind.Claim)
            {
                _released.Remove(block);
                _claimed.Add(block);
            }
            else if (!_claimed.Remove(block))
            {
                _released.Add(block);
            }
        }
    }

    /// <summary>We hold a block no more; what was not told yet need not be taken back.</summary>
    public void Withdraw(int block)
    {
        lock (_gate)
        {
            if (!_have.Remove(block))
            {
                _orders.Add((TransferFrameKind.Refuse, block));
            }
        }
    }

    /// <summary>What we have is told in another way.</summary>
    public void ForgetHaves()
    {
        lock (_gate)
        {
            _have.Clear();
        }
    }

    /// <summary>Writes all that waits; false if there was nothing.</summary>
    public bool WriteTo(IBufferWriter<byte> output)
    {
        lock (_gate)
        {
            var isAny = _orders.Count + _have.Count + _claimed.Count + _released.Count > 0;
            for (var i = 0; i < _orders.Count;)
            {
                var kind = _orders[i].Kind;
                for (; i < _orders.Count && _orders[i].Kind == kind; i++)
                {
                    _batch.Add(_orders[i].Block);
                }

                Write(output, kind, _batch);
            }

            _orders.Clear();
            _have.Sort();
            Write(output, TransferFrameKind.Have, _have);
            Write(output, TransferFrameKind.Claim, _claimed);
            Write(output, TransferFrameKind.Release, _released);
            return isAny;
        }
    }

    private static void Write(IBufferWriter<byte> output, TransferFrameKind kind, List<int> blocks)
    {
        BlockRun.Write(output, kind, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(blocks));
        blocks.Clear();
    }
}
