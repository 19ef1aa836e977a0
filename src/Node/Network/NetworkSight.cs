using Panal.Catalogue;
using Panal.Federation.Membership;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Node.Network;

/// <summary>Puts together what the rooms know of the network at one moment.</summary>
internal sealed class NetworkSight(NetworkMembership membership, NetworkOffice office, Links links, CatalogueDatabase catalogue)
{
    /// <summary>The network; null while the node is no member.</summary>
    public NetworkView? Look()
    {
        if (membership.Standing is not { } standing)
        {
            return null;
        }

        var statuses = links.Status().ToDictionary(s => s.Peer.Value);
        var holdings = catalogue.Holdings().ToDictionary(h => h.Node, h => h.Instances);
        var publishers = catalogue.Publishers().ToDictionary(p => p.Node);
        return new NetworkView
        {
            Network = standing.Roster.Network,
            Name = standing.Roster.Name,
            Node = standing.Identity.Node,
            Authority = office.Fingerprint,
            Range = standing.Roster.Range,
            RosterVersion = standing.Roster.Version,
            DenyListVersion = standing.Denied.Version,
            BundleSequence = standing.Bundle.Sequence,
            CertificateEnds = new DateTimeOffset(standing.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero),
            Members =
            [
                .. standing.Roster.Members.OrderBy(m => m.Joined).ThenBy(m => m.Name, StringComparer.Ordinal).Select(member => ViewOf(
                    standing, member, statuses.GetValueOrDefault(member.Node), publishers.GetValueOrDefault(member.Node)) with
                    {
                        HeldInstances = holdings.TryGetValue(member.Node, out var held) ? held : null,
                    }),
            ],
        };
    }

    /// <summary>Links know identities only; people know names.</summary>
    private static string? Named(Roster roster, string? trouble) =>
        trouble is null ? null : roster.Members.Aggregate(trouble, static (text, member) => text.Replace(member.Node.ToString(), member.Name, StringComparison.Ordinal));

    private static MemberView ViewOf(NetworkStanding standing, RosterMember member, LinkStatus? link, PublisherState? publisher)
    {
        var isUp = link?.State == LinkState.Up;
        var isRevoked = standing.IsRevoked(member.Node);
        var isSelf = member.Node == standing.Identity.Node;
        return new MemberView
        {
            Node = member.Node,
            Name = member.Name,
            Role = member.Role.ToString().ToLowerInvariant(),
            Address = member.Address,
            Institution = member.Institution,
            Endpoints = member.Endpoints,
            State = isRevoked ? "revoked" : isSelf ? "self" : (link?.State ?? LinkState.Down).ToString().ToLowerInvariant(),
            Relay = link?.Relay is { } relay ? standing.Roster.Find(relay.Value)?.Name : null,
            RoundTripMilliseconds = isUp ? link!.RoundTrip?.TotalMilliseconds : null,
            SentBytesPerSecond = isUp ? link!.SentPerSecond : null,
            ReceivedBytesPerSecond = isUp ? link!.ReceivedPerSecond : null,
            FeedLag = isSelf || isRevoked ? null : publisher?.LagChanges,
            FeedHeardAt = isSelf || isRevoked ? null : publisher?.Head?.At,
            FeedIsComplete = isSelf || isRevoked || publisher?.Head is null ? null : publisher.IsComplete,
            Trouble = isUp || isSelf || isRevoked ? null : Named(standing.Roster, link?.LastFailure),
        };
    }
}
