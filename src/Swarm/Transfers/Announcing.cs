namespace Panal.Swarm.Transfers;

/// <summary>How long what a node holds and claims may wait for a message to ride on before it is told by itself.</summary>
internal static class Announcing
{
    /// <summary>Nobody asks us for anything: what we say brings work to our uplink.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(40);

    /// <summary>The longest: beyond, receivers ask sources for what others have.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(6);

    private const int FewPeers = 9;

    /// <summary>
    /// The delay, by the number of peers that have to be told and the requests that wait here. While our uplink has work there is no hurry,
    /// and with many peers each message by itself costs as much as a share of the blocks: at 100 receivers the difference was 10 % of all uplinks.
    /// </summary>
    public static TimeSpan Delay(int peers, int waiting) =>
        waiting < 2 || peers <= FewPeers ? Idle : TimeSpan.FromMilliseconds(Math.Min(Longest.TotalMilliseconds, 1000.0 * (peers - FewPeers)));
}
