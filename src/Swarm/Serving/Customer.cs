using Panal.Swarm.Picking;
using Panal.Swarm.Pieces;

namespace Panal.Swarm.Serving;

/// <summary>A block that a receiver asked us for.</summary>
internal readonly record struct Asked(int Block, int LengthBytes, bool IsUrgent);

/// <summary>A request with the receiver that made it.</summary>
internal readonly record struct ServeCandidate(Customer Customer, Asked Asked, int Index);

/// <summary>One receiver that we serve: a stream of a link.</summary>
internal sealed class Customer(int number, ServedSet set, ServedLine line, ulong place)
{
    private const int MostUnderWay = 2;

    /// <summary>Number within the queue, given again after the receiver has left.</summary>
    public int Number => number;

    /// <summary>What it receives.</summary>
    public ServedSet Set => set;

    /// <summary>The line that leads to it.</summary>
    public ServedLine Line => line;

    /// <summary>Decides between it and those who are served alike (<see cref="ServedSet.PlaceOf"/>).</summary>
    public ulong Place => place;

    /// <summary>What it says its uplink carries, in bytes a second.</summary>
    public double UplinkBytesPerSecond { get; set; } = Transfers.Download.UnknownUplink;

    /// <summary>Blocks that it lacks.</summary>
    public int Lacks { get; set; } = set.Blocks;

    /// <summary>Bytes sent to it that no receiver had.</summary>
    public double FreshBytes { get; set; }

    /// <summary>Blocks that are being sent to it.</summary>
    public int UnderWay { get; set; }

    /// <summary>
    /// It has to wait. Where a line is filled by more blocks than one at a time, two of them may be for who passes them on more quickly than they come: else it could
    /// not have more than half of the line.
    /// </summary>
    public bool IsBusy => UnderWay >= (line.Uplink is { } uplink && UplinkBytesPerSecond > uplink.BytesPerSecond ? MostUnderWay : 1);

    /// <summary>It sends blocks to us now.</summary>
    public bool IsBringing { get; set; }

    /// <summary>What it asked for and was not sent.</summary>
    public List<Asked> Asked { get; } = [];

    /// <summary>Position of a block among the requests, or -1.</summary>
    public int IndexOf(int block)
    {
        for (var i = 0; i < Asked.Count; i++)
        {
            if (Asked[i].Block == block)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>A set of objects that we serve to one or more receivers, and what of it has been out.</summary>
/// <param name="blocks">Blocks of the set.</param>
/// <param name="key">64 bits of our identity.</param>
/// <param name="others">The same of the others who hold all of it, if we do; else none.</param>
internal sealed class ServedSet(int blocks, ulong key = 0, IReadOnlyList<ulong>? others = null)
{
    private readonly ushort[] _copies = new ushort[blocks];
    private readonly BlockSet _judged = new(blocks);
    private readonly BlockSet _ours = new(blocks);
    private readonly ulong _origin = OriginOf(key, others ?? []);

    /// <summary>Blocks of the set.</summary>
    public int Blocks => blocks;

    /// <summary>Its share compared with other sets; 1 unless somebody raised it.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>Bytes sent for each unit of weight, counted from where the others were when it began.</summary>
    public double Served { get; private set; }

    /// <summary>Streams that are served from it.</summary>
    public int Receivers { get; set; }

    /// <summary>True for the blocks that rendezvous hashing over all who hold the set gives to us to send first.</summary>
    public bool IsOurs(int block)
    {
        if (_judged.Add(block) && Wins(block))
        {
            _ours.Add(block);
        }

        return _ours.Contains(block);
    }

    /// <summary>
    /// Where a receiver comes among those who are served alike, the least first. All who hold the set go round the same ring of receivers, each from another place, in equal
    /// distances: so the first blocks reach as many receivers as can be, and each of them has something to pass on soon.
    /// </summary>
    /// <param name="receiver">64 bits of its identity.</param>
    public ulong PlaceOf(ulong receiver) => Rendezvous.Mix(receiver) - _origin;

    /// <summary>Receivers that hold a block or were sent it.</summary>
    public int Copies(int block) => _copies[block];

    /// <summary>A receiver says that it holds a block.</summary>
    public void Seen(int block) => _copies[block] += (ushort)(_copies[block] < ushort.MaxValue ? 1 : 0);

    /// <summary>A block is sent.</summary>
    public void Sent(int block, int lengthBytes)
    {
        Seen(block);
        Served += lengthBytes / Weight;
    }

    /// <summary>Begins where the least served of the others is.</summary>
    public void Join(double served) => Served = Math.Max(Served, served);

    // Who is alone begins where nobody else does.
    private static ulong OriginOf(ulong key, IReadOnlyList<ulong> others) =>
        others.Count == 0 ? Rendezvous.Mix(key) : ulong.MaxValue / (ulong)(others.Count + 1) * (ulong)others.Count(other => other < key);

    private bool Wins(int block)
    {
        var score = Rendezvous.Score(key, block, 1);
        return others?.All(other => Rendezvous.Score(other, block, 1) < score) != false;
    }
}
