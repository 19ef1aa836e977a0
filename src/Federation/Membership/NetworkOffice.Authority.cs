using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;

namespace Panal.Federation.Membership;

/// <summary>A step of the change of the authority that was taken.</summary>
/// <param name="Done">What was done, for people.</param>
/// <param name="Next">What comes next; empty when all is done.</param>
/// <param name="Fingerprint">Fingerprint of the authority that signs now.</param>
public sealed record AuthorityStep(string Done, string Next, string Fingerprint);

/// <summary>
/// Changes the authority without interrupting the network: all trust both roots before anybody shows a certificate of the new one, and
/// all show one before the old root goes. Each step is a call; where it was left is read from what is there.
/// </summary>
public sealed partial class NetworkOffice
{
    /// <summary>Takes the next step.</summary>
    /// <param name="withoutOthers">Do not wait for members that are away; they have to join again.</param>
    /// <exception cref="JoinRefusedException">Some members are not so far yet, or the key of the root is not here.</exception>
    public AuthorityStep RenewAuthority(bool withoutOthers)
    {
        lock (_gate)
        {
            var authority = Authority();
            var bundle = membership.Standing!.Bundle;
            if (folder.LoadNextAuthority() is { } next)
            {
                using (next)
                {
                    return IsIn(bundle, next.Root) ? Switch(withoutOthers) : Announce(authority, next);
                }
            }

            if (!IsSame(bundle.Roots[0], authority.Root))
            {
                return PutFirst(authority);
            }

            return bundle.Roots.Count > 1 ? Finish(authority, withoutOthers) : Begin(authority);
        }
    }

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static bool IsIn(TrustBundle bundle, X509Certificate2 root) => bundle.Roots.Any(r => IsSame(r, root));

    private AuthorityStep Begin(NetworkAuthority authority)
    {
        if (authority.RootKey is null)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "The key of the root is kept elsewhere; put it back as root.key for this.");
        }

        var roster = membership.Standing!.Roster;
        using var next = NetworkAuthority.Create(roster.Network, roster.Name, time.GetUtcNow());
        folder.SaveNext(next);
        return Announce(authority, next);
    }

    private AuthorityStep Announce(NetworkAuthority authority, NetworkAuthority next)
    {
        PublishBundle(authority, [authority.Root, next.Root]);
        return new AuthorityStep("A new authority is made and announced; the old one still signs.", "Once every member knows it, run this again to switch.", authority.Fingerprint);
    }

    private AuthorityStep Switch(bool withoutOthers)
    {
        var standing = membership.Standing!;
        RequireAll(
            standing.Others.Where(m => !_heard.TryGetValue(new Swarm.NodeId(m.Node), out var versions) || versions.Bundle < standing.Bundle.Sequence),
            "do not know the new authority yet",
            withoutOthers);
        folder.SwitchAuthority(standing.Bundle.Sequence);
        _authority?.Dispose();
        _authority = null;
        return PutFirst(Authority());
    }

    private AuthorityStep PutFirst(NetworkAuthority authority)
    {
        var standing = membership.Standing!;
        if (!IsIn(standing.Bundle, authority.Root))
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "The authority that is here is not of this network.");
        }

        _reissued.Clear();
        PublishBundle(authority, [authority.Root, .. standing.Bundle.Roots.Where(r => !IsSame(r, authority.Root))]);
        // What the old authority signed must not be all there is when its root goes.
        var now = time.GetUtcNow();
        membership.TakeOver(authority.Sign(standing.Denied with { Version = standing.Denied.Version + 1, Issued = now }));
        Publish(standing.Roster with { Version = standing.Roster.Version + 1 });
        return new AuthorityStep(
            "The new authority signs; members renew their certificates by themselves.", "Once every member has renewed, run this again to end trust in the old one.", authority.Fingerprint);
    }

    private AuthorityStep Finish(NetworkAuthority authority, bool withoutOthers)
    {
        var standing = membership.Standing!;
        RequireAll(standing.Others.Where(m => !_reissued.Contains(m.Node)), "have not renewed their certificates yet", withoutOthers);
        if (!standing.Bundle.IsCurrent(standing.Issuer))
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "This node has not renewed its own certificate yet; try again in a moment.");
        }

        PublishBundle(authority, [authority.Root]);
        return new AuthorityStep("The old authority is trusted no more.", "", authority.Fingerprint);
    }

    private static void RequireAll(IEnumerable<RosterMember> missing, string what, bool withoutOthers)
    {
        string[] names = [.. missing.Select(m => m.Name)];
        if (names.Length > 0 && !withoutOthers)
        {
            throw new JoinRefusedException(
                JoinRefusal.Conflict, $"{string.Join(", ", names.Take(10))}{(names.Length > 10 ? " and others" : "")} {what}. Wait, or say --without-others: they have to join again then.");
        }
    }

    private void PublishBundle(NetworkAuthority authority, IReadOnlyList<X509Certificate2> roots)
    {
        var bundle = membership.Standing!.Bundle;
        if (authority.RootKey is null)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, "The key of the root is kept elsewhere; put it back as root.key for this.");
        }

        membership.TakeOver(authority.SignBundle(bundle.Network, bundle.Sequence + 1, time.GetUtcNow(), roots));
    }
}
