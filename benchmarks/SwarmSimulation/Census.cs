using System.Globalization;

namespace Panal.SwarmSimulation;

/// <summary>What an uplink does at one moment.</summary>
internal enum UplinkUse
{
    /// <summary>It sends.</summary>
    Busy,

    /// <summary>Its node holds no block yet.</summary>
    HoldsNothing,

    /// <summary>Those whom its node knows lack nothing of what it holds.</summary>
    NothingLacking,

    /// <summary>Somebody lacks something of it and has not heard of it yet.</summary>
    NotTold,

    /// <summary>What others lack they have asked others for.</summary>
    AskedOfOthers,

    /// <summary>Somebody lacks something of it, knows that, has asked nobody, and does not ask.</summary>
    NotAsked,

    /// <summary>It was asked, and the request is on its way.</summary>
    RequestOnItsWay,
}

/// <summary>Counts at moments of equal distance what all uplinks do, weighed by what they carry: where the time goes that the bound does not take.</summary>
internal sealed class Census(Swarming swarm)
{
    private const double Interval = 0.5;

    private readonly double[,] _bytes = new double[2, Enum.GetValues<UplinkUse>().Length];

    /// <summary>Begins to count.</summary>
    public void Start() => swarm.At(swarm.Clock.Now + Interval, Count);

    /// <summary>Shares of what the uplinks that were there could carry.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"each block out once after {swarm.OutAt:F1} s, {swarm.SentByThen} of {swarm.Map.Blocks} sent by sources; they are busy {Share(1, UplinkUse.Busy):P1}; receivers {string.Join(", ", Enum.GetValues<UplinkUse>().Select(use => string.Create(CultureInfo.InvariantCulture, $"{use} {Share(0, use):P1}")))}");

    private double Share(int row, UplinkUse use)
    {
        var all = Enumerable.Range(0, _bytes.GetLength(1)).Sum(i => _bytes[row, i]);
        return all > 0 ? _bytes[row, (int)use] / all : 0;
    }

    private void Count()
    {
        foreach (var node in swarm.Nodes)
        {
            if (node.IsUp)
            {
                _bytes[node.IsSource ? 1 : 0, (int)UseOf(node)] += Interval * node.Line.UpBytesPerSecond;
            }
        }

        Start();
    }

    private static UplinkUse UseOf(SimulatedNode node)
    {
        if (node.IsUplinkBusy)
        {
            return UplinkUse.Busy;
        }

        if (node.Download.Have.Count == 0)
        {
            return UplinkUse.HoldsNothing;
        }

        var use = UplinkUse.NothingLacking;
        foreach (var link in node.Links)
        {
            if (link.IsUp && !link.To.IsSource && UseFor(node, link) is var one && one > use)
            {
                use = one;
            }
        }

        return use;
    }

    private static UplinkUse UseFor(SimulatedNode node, Link link)
    {
        var theirs = link.To.Download;
        if (link.HolderNumber < 0 || theirs.IsComplete)
        {
            return UplinkUse.NothingLacking;
        }

        var us = theirs.Holders[link.HolderNumber]!;
        if (us.Requests.Count > 0)
        {
            return UplinkUse.RequestOnItsWay;
        }

        var use = UplinkUse.NothingLacking;
        for (var word = 0; word < node.Download.Have.Words; word++)
        {
            var lacking = node.Download.Have.Word(word) & ~theirs.Have.Word(word);
            var told = lacking & us.Has.Word(word);
            var one = (told & theirs.Open.Word(word)) != 0 ? UplinkUse.NotAsked
                : told != 0 ? UplinkUse.AskedOfOthers
                : lacking != 0 ? UplinkUse.NotTold
                : UplinkUse.NothingLacking;
            use = one > use ? one : use;
        }

        return use;
    }
}
