using Panal.Swarm.Pieces;

namespace Panal.Swarm.Transfers;

/// <summary>A block that a holder was asked for.</summary>
internal readonly record struct BlockRequest(int Block, TimeSpan AskedAt, bool IsUrgent);

/// <summary>What a receiver knows of one peer of a transfer.</summary>
internal sealed class Holder(int number, ulong key, int blocks, bool isNear)
{
    /// <summary>Number within the transfer, given again after the peer has left.</summary>
    public int Number => number;

    /// <summary>64 bits of the peer's identity, for rendezvous hashing.</summary>
    public ulong Key => key;

    /// <summary>On our own network: asked before those behind a line, and instead of them while it is quicker.</summary>
    public bool IsNear => isNear;

    /// <summary>It held everything when we met: what it alone holds, the receivers lack.</summary>
    public bool IsSource { get; set; }

    /// <summary>Blocks that it says it holds.</summary>
    public BlockSet Has { get; } = new(blocks);

    /// <summary>Blocks that it says it has asked a source for.</summary>
    public BlockSet Claims { get; } = new(blocks);

    /// <summary>Blocks never to be asked of it again: it falsified them, or refused too often what it said it held.</summary>
    public BlockSet? Barred { get; private set; }

    /// <summary>What we have asked of it, in the order of asking.</summary>
    public List<BlockRequest> Requests { get; } = [];

    /// <summary>Bytes of the blocks that we have asked of it.</summary>
    public long RequestedBytes { get; set; }

    /// <summary>What it says its uplink carries, in bytes a second; other receivers leave fresh blocks to it in proportion.</summary>
    public double UplinkBytesPerSecond { get; set; } = Download.UnknownUplink;

    /// <summary>Its shortest time from asking to arrival.</summary>
    public TimeSpan Fastest { get; set; } = TimeSpan.MaxValue;

    /// <summary>Verified blocks that came from it.</summary>
    public int Delivered { get; set; }

    /// <summary>Blocks that came from it and were false.</summary>
    public int Falsified { get; set; }

    /// <summary>Blocks that it was asked for and refused.</summary>
    public int Refused { get; set; }

    /// <summary>Bytes that it delivered.</summary>
    public long DeliveredBytes { get; set; }

    /// <summary>The rate at which it delivers.</summary>
    public RateMeter Rate;

    /// <summary>Nothing could be asked of it when last tried, and nothing has changed since.</summary>
    public bool IsStarved { get; set; }

    /// <summary>When it was last tried.</summary>
    public TimeSpan TriedAt { get; set; }

    /// <summary>True if the block may be asked of it.</summary>
    public bool Offers(int block) => Has.Contains(block) && Barred?.Contains(block) != true;

    /// <summary>Never ask it for this block again.</summary>
    public void Bar(int block) => (Barred ??= new BlockSet(blocks)).Add(block);

    /// <summary>Holders on our own network that deliver so much more quickly that what they hold is left to them.</summary>
    public List<Holder> LeavesTo { get; } = [];

    /// <summary>The blocks of one word that may be asked of it.</summary>
    public ulong OfferWord(int word)
    {
        var offered = Has.Word(word) & ~(Barred?.Word(word) ?? 0);
        foreach (var near in LeavesTo)
        {
            offered &= ~near.OfferWord(word);
        }

        return offered;
    }

    /// <summary>Position of a block among the requests, or -1.</summary>
    public int IndexOf(int block)
    {
        for (var i = 0; i < Requests.Count; i++)
        {
            if (Requests[i].Block == block)
            {
                return i;
            }
        }

        return -1;
    }
}
