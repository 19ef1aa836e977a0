using Panal.Volumes;

namespace Panal.Swarm.Transfers;

/// <summary>How long what a node holds and claims may wait for a message to ride on before it is told by itself.</summary>
internal static class Announcing
{
    /// <summary>Nobody asks us for anything: what we say brings work to our uplink.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(40);

    /// <summary>The longest: beyond, receivers ask sources for what others have.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(6);

    /// <summary>The shortest time between two messages that tell holders what we have.</summary>
    public static readonly TimeSpan OfHoldings = TimeSpan.FromMilliseconds(480);

    private const int FewPeers = 9;
    private const double BlocksOfUplink = 8;

    /// <summary>
    /// The delay, by the number of peers that have to be told, the requests that wait here and what our uplink carries. While it has work there is no
    /// hurry, and each message by itself costs as much as a share of the blocks: with four receivers a tenth of a slow uplink, with a hundred a tenth of
    /// all.
    /// </summary>
    public static TimeSpan Delay(int peers, int waiting, double uplinkBytesPerSecond)
    {
        var delay = TimeSpan.FromSeconds(BlocksOfUplink * ContentHash.BlockBytes / uplinkBytesPerSecond * Math.Max(1, peers - FewPeers));
        return waiting < 2 || delay < Idle ? Idle : delay > Longest ? Longest : delay;
    }

    /// <summary>
    /// The time between two messages to holders that were not asked for anything meanwhile: they only choose by what we have whom to serve, which is worth
    /// one in a thousand of our uplink.
    /// </summary>
    public static TimeSpan HoldingsDelay(int holders, double uplinkBytesPerSecond)
    {
        const double MessageBytes = 120, PartOfUplink = 1.0 / 1000;
        var delay = TimeSpan.FromSeconds(holders * MessageBytes / (uplinkBytesPerSecond * PartOfUplink));
        return delay < OfHoldings ? OfHoldings : delay > Longest ? Longest : delay;
    }
}
