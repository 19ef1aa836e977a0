using System.Net;
using Panal.Swarm.Multiplexing;

namespace Panal.Swarm.Links;

/// <summary>A link that stands, and which of two of the same pair goes first (docs/formats/link.md, "One link a pair").</summary>
/// <param name="Link">The link.</param>
/// <param name="Remote">Where its connection goes.</param>
/// <param name="Relay">Through whom, or null.</param>
/// <param name="IsDialledByLesser">Whether the node with the lesser identity made the connection.</param>
/// <param name="Since">When it was established, a timestamp.</param>
internal sealed record StandingLink(Link Link, EndPoint? Remote, NodeId? Relay, bool IsDialledByLesser, long Since)
{
    /// <summary>Connections made from both sides within this are a race; later, one side has lost the older.</summary>
    private static readonly TimeSpan Race = TimeSpan.FromSeconds(10);

    /// <summary>The one of several that stays, or null of none. Links that are draining go last.</summary>
    public static StandingLink? Best(IEnumerable<StandingLink> links, TimeProvider time)
    {
        StandingLink? best = null;
        foreach (var link in links.OrderBy(l => l.Since))
        {
            best = best is null || Replaces(best, link, time) ? link : best;
        }

        return best;
    }

    private static bool Replaces(StandingLink older, StandingLink newer, TimeProvider time)
    {
        if (older.Link.IsDraining != newer.Link.IsDraining)
        {
            return older.Link.IsDraining;
        }

        if (older.Relay is null != newer.Relay is null)
        {
            return newer.Relay is null;
        }

        return older.IsDialledByLesser == newer.IsDialledByLesser
            || time.GetElapsedTime(older.Since, newer.Since) > Race
            || newer.IsDialledByLesser;
    }
}
