using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Volumes;

namespace Panal.SwarmSimulation;

/// <summary>A swarm that fetches one study: nodes, their lines, the clock. Everything follows from the seed.</summary>
internal sealed class Swarming(ulong seed, BlockMap map, DownloadOptions options)
{
    /// <summary>How often the schedulers are told that time has passed.</summary>
    public const double TickSeconds = 0.25;

    /// <summary>Swarms up to this size know one another all.</summary>
    public const int SmallSwarm = 24;

    /// <summary>Peers that a receiver of a larger swarm looks for; as many again find it.</summary>
    public const int PeersWanted = 7;

    /// <summary>Below this a receiver looks for more.</summary>
    public const int FewestLinks = 6;

    /// <summary>Receivers that a source meets, on average; it does not serve ten thousand.</summary>
    private const double SourceLinks = 300;

    public ulong Seed => seed;

    /// <summary>How many of the nodes, the first of them, hold everything from the beginning.</summary>
    public int Sources { get; init; }

    public BlockMap Map => map;

    public DownloadOptions Options => options;

    public Random Random { get; } = new((int)seed);

    public Clock Clock { get; } = new();

    public List<SimulatedNode> Nodes { get; } = [];

    /// <summary>Bytes that an uplink sends before it looks again: a TLS record. Large swarms take whole blocks, for speed.</summary>
    public double PartBytes { get; init; } = 16_384;

    /// <summary>Blocks kept by all receivers together.</summary>
    public long Delivered { get; set; }

    /// <summary>Blocks that a receiver has had.</summary>
    public BlockSet Out { get; } = new(map.Blocks);

    /// <summary>When the last block was out, or infinity.</summary>
    public double OutAt { get; private set; } = double.PositiveInfinity;

    /// <summary>Blocks that the sources had sent by then.</summary>
    public int SentByThen { get; private set; }

    /// <summary>Receivers that are up and lack something.</summary>
    public int Lacking { get; set; }

    /// <summary>A study of objects of one length, random content unknown to the scheduler; each series has so many objects.</summary>
    public static BlockMap Study(int objects, long lengthBytes, int objectsInSeries)
    {
        var list = new TransferObject[objects];
        for (var i = 0; i < objects; i++)
        {
            list[i] = new TransferObject(default, lengthBytes, i % objectsInSeries == 0);
        }

        return new BlockMap(list);
    }

    /// <summary>Adds a node; it does not run yet.</summary>
    public SimulatedNode Add(Line line, bool isSource, double falsifies = 0)
    {
        var node = new SimulatedNode(this, Nodes.Count, line, isSource) { Falsifies = falsifies };
        Nodes.Add(node);
        return node;
    }

    /// <summary>A receiver meets all others of a small swarm, or some of a large one.</summary>
    public void FindPeers(SimulatedNode receiver)
    {
        var isSmall = Nodes.Count <= SmallSwarm;
        foreach (var source in Nodes.TakeWhile(n => n.IsSource))
        {
            if (isSmall || Random.NextDouble() * Nodes.Count < SourceLinks)
            {
                receiver.Meet(source);
            }
        }

        for (var i = isSmall ? 0 : Nodes.Count; i < Nodes.Count; i++)
        {
            receiver.Meet(Nodes[i]);
        }

        // Some of those drawn may have left; a bounded number of draws finds enough in any swarm that is not nearly empty.
        for (var (drawn, met) = (0, 0); !isSmall && drawn < 10 * PeersWanted && met < PeersWanted; drawn++)
        {
            met += receiver.Meet(Nodes[Random.Next(Nodes.Count)]) ? 1 : 0;
        }
    }

    /// <summary>Plans something.</summary>
    public void At(double time, Action what) => Clock.At(time, new Event(EventKind.Planned, null, null, 0, what));

    /// <summary>A receiver has got a block.</summary>
    public void Kept(int block)
    {
        Delivered++;
        if (Out.Add(block) && Out.IsFull)
        {
            (OutAt, SentByThen) = (Clock.Now, Nodes.TakeWhile(static node => node.IsSource).Sum(static node => node.SentBlocks));
        }
    }

    /// <summary>A receiver has everything.</summary>
    public void Completed(SimulatedNode node) => Lacking -= node.IsSource ? 0 : 1;

    /// <summary>Runs until no receiver lacks anything or the time is over.</summary>
    public void Run(double longestSeconds)
    {
        while (Clock.TryNext(out var next) && Clock.Now < longestSeconds)
        {
            switch (next.Kind)
            {
                case EventKind.UplinkFree:
                    next.Node!.UplinkFree();
                    break;
                case EventKind.AtDownlink:
                    next.Node!.AtDownlink(next.Parcel, next.Bytes);
                    break;
                case EventKind.Received:
                    next.Node!.Receive(next.Parcel!);
                    if (Lacking == 0)
                    {
                        return;
                    }

                    break;
                case EventKind.Announce:
                    next.Node!.Announce();
                    break;
                case EventKind.Tick:
                    next.Node!.Tick();
                    break;
                default:
                    next.Planned!();
                    break;
            }
        }
    }
}
