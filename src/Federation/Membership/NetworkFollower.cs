using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Panal.Catalogue;
using Panal.Federation.Feed;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Membership;

/// <summary>
/// Makes the node live as its standing says: links to all members, the feed of each, gossip with each, cuts to whoever is revoked, and
/// its own certificate renewed in time. Does nothing until the node is a member, and needs no restart then.
/// </summary>
public sealed class NetworkFollower(
    NetworkMembership membership, NetworkFolder folder, NetworkOffice office, MembershipExchange exchange, ILinks links, ILinkSteering steering,
    FeedService feed, TimeProvider time, ILogger<NetworkFollower> logger)
{
    /// <summary>Weight of the centre's word on patients, studies and series; that of the others is 0.</summary>
    private const int CentreAuthority = 10;

    /// <summary>A stream that broke is opened again after this time; the link itself is made again by the links.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    /// <summary>How often it is looked whether the certificate is due; a month is left then.</summary>
    private static readonly TimeSpan RenewalInterval = TimeSpan.FromHours(1);

    /// <summary>A renewal that failed is tried again after this time; a member that is away comes back at some time.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly HashSet<Guid> _forgotten = [];

    /// <summary>Follows until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            var change = membership.NextChangeAsync();
            if (membership.Standing is { } standing)
            {
                Log.Member(logger, standing.Self, standing.Identity.Address.ToString());
                await feed.StartAsync(standing.Self, AuthorityOf(standing.Identity.Role), ct);
                break;
            }

            await change.WaitAsync(ct);
        }

        await Task.WhenAll(ApplyAlwaysAsync(ct), GossipAlwaysAsync(ct), RenewAlwaysAsync(ct));
    }

    /// <summary>When a certificate is to be renewed.</summary>
    internal static DateTimeOffset RenewalOf(X509Certificate2 certificate)
    {
        var from = new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        var until = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        return from + ((until - from) * NetworkAuthority.RenewedAfter);
    }

    private static int AuthorityOf(NodeRole role) => role == NodeRole.Centre ? CentreAuthority : 0;

    private async Task ApplyAlwaysAsync(CancellationToken ct)
    {
        while (true)
        {
            var change = membership.NextChangeAsync();
            try
            {
                await ApplyAsync(membership.Standing!, ct);
                await change.WaitAsync(ct);
            }
            catch (CatalogueException e)
            {
                // The disk is full or fails: links stand already, the feed is tried again.
                Log.NotApplied(logger, e.Message);
                await Task.Delay(Again, time, ct);
            }
        }
    }

    private async Task ApplyAsync(NetworkStanding standing, CancellationToken ct)
    {
        // First whoever must go: the judge refuses them already.
        foreach (var revoked in standing.Revoked.Where(node => !_forgotten.Contains(node)))
        {
            Log.Revoked(logger, new NodeId(revoked));
            steering.Cut(new NodeId(revoked), LinkCloseReason.Revoked);
        }

        var others = standing.Others.ToArray();
        steering.SetPeers([.. others.Select(m => new LinkPeer(new NodeId(m.Node), m.Endpoints, m.MayRelay))]);
        await feed.SetAsync([.. others.Select(m => new FeedSubscription(new NodeId(m.Node), AuthorityOf(m.Role)))], ct);
        foreach (var revoked in standing.Revoked.Where(_forgotten.Add))
        {
            await feed.ForgetAsync(new NodeId(revoked), ct);
        }
    }

    /// <summary>Of a pair the node with the lower identity keeps the stream.</summary>
    private async Task GossipAlwaysAsync(CancellationToken ct)
    {
        var running = new Dictionary<NodeId, Task>();
        IReadOnlyCollection<NodeId> linked = links.Linked;
        while (true)
        {
            foreach (var peer in linked.Where(p => membership.Self.CompareTo(p) < 0 && running.GetValueOrDefault(p) is null or { IsCompleted: true }))
            {
                running[peer] = GossipAsync(peer, ct);
            }

            linked = await links.NextChangeAsync(linked, ct);
        }
    }

    /// <summary>Gossips with one peer whenever a link to it stands, until it is revoked.</summary>
    private async Task GossipAsync(NodeId peer, CancellationToken ct)
    {
        while (!membership.Standing!.IsRevoked(peer.Value))
        {
            try
            {
                for (var linked = links.Linked; !linked.Contains(peer);)
                {
                    linked = await links.NextChangeAsync(linked, ct);
                }

                await exchange.GossipAsync(links, peer, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or UnauthorizedAccessException)
            {
                Log.MembershipInterrupted(logger, peer, e.Message);
            }

            await Task.Delay(Again, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RenewAlwaysAsync(CancellationToken ct)
    {
        while (true)
        {
            var change = membership.NextChangeAsync();
            var standing = membership.Standing!;
            // A certificate of an authority that is on its way out is renewed at once, so that it can go.
            var due = standing.Bundle.IsCurrent(standing.Issuer) ? RenewalOf(standing.Certificate) - time.GetUtcNow() : TimeSpan.Zero;
            if (due <= TimeSpan.Zero)
            {
                due = await RenewAsync(ct) ? RenewalInterval : RetryInterval;
            }

            var pause = due < RenewalInterval ? due : RenewalInterval;
            await Task.WhenAny(change, Task.Delay(pause, time, ct));
            ct.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> RenewAsync(CancellationToken ct)
    {
        var standing = membership.Standing!;
        var end = new DateTimeOffset(standing.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        var reason = "no member that holds the authority is linked";
        try
        {
            using var key = folder.OpenKey();
            if (office.Fingerprint is not null)
            {
                membership.Renew(office.Reissue(standing.Self, new PublicKey(key)), office.Issuer);
                Log.OwnRenewed(logger, new DateTimeOffset(membership.Standing!.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero));
                return true;
            }

            foreach (var holder in standing.Others.Where(m => m.HoldsAuthority && links.Linked.Contains(new NodeId(m.Node))))
            {
                await exchange.RenewAsync(links, new NodeId(holder.Node), key, ct);
                Log.OwnRenewed(logger, new DateTimeOffset(membership.Standing!.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero));
                return true;
            }
        }
        catch (Exception e) when (e is IOException or JoinRefusedException or NetworkDocumentException or UnauthorizedAccessException)
        {
            reason = e.Message;
        }

        Log.NotRenewed(logger, reason, end);
        return false;
    }
}

/// <summary>What membership does to links; the host connects it to <see cref="Links"/>.</summary>
public interface ILinkSteering
{
    /// <summary>Whom to be linked to.</summary>
    void SetPeers(IReadOnlyList<LinkPeer> peers);

    /// <summary>Closes every link to a node at once.</summary>
    void Cut(NodeId node, LinkCloseReason reason);
}
