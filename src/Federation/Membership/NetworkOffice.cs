using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;
using Panal.Security.Joining;
using Panal.Swarm;

namespace Panal.Federation.Membership;

/// <summary>What the holder of the authority does: admits, revokes, renews. Each act signs new documents, which then spread by themselves.</summary>
public sealed partial class NetworkOffice(NetworkMembership membership, NetworkFolder folder, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private NetworkAuthority? _authority;
    private readonly Dictionary<NodeId, DocumentVersions> _heard = [];
    private readonly HashSet<Guid> _reissued = [];
    private bool _hasCompared;

    /// <summary>Fingerprint of the authority that this node holds; null when it holds none.</summary>
    public string? Fingerprint
    {
        get
        {
            lock (_gate)
            {
                return TryAuthority()?.Fingerprint;
            }
        }
    }

    /// <summary>The root of the authority that this node holds.</summary>
    /// <exception cref="JoinRefusedException">It holds none.</exception>
    internal X509Certificate2 Root
    {
        get
        {
            lock (_gate)
            {
                return Authority().Root;
            }
        }
    }

    /// <summary>The issuing authority of the certificates that this node gives out.</summary>
    /// <exception cref="JoinRefusedException">It holds none.</exception>
    internal X509Certificate2 Issuer
    {
        get
        {
            lock (_gate)
            {
                return Authority().Issuer;
            }
        }
    }

    /// <summary>Takes note that another member has told how new its documents are: an authority that was restored from a backup knows then.</summary>
    internal void Heard(NodeId from, DocumentVersions versions)
    {
        lock (_gate)
        {
            _hasCompared = true;
            _heard[from] = versions;
        }
    }

    /// <summary>Makes a node a member, or gives a member that asks again with its key a new certificate.</summary>
    /// <param name="request">What it asked, proven.</param>
    /// <param name="role">What it becomes.</param>
    /// <param name="institution">The institution that it belongs to; may be empty.</param>
    /// <param name="withoutOthers">Go on although no other member could be asked since the start; addresses and versions are leapt over.</param>
    /// <exception cref="JoinRefusedException">It cannot be admitted.</exception>
    internal (RosterMember Member, X509Certificate2 Certificate) Admit(JoinRequest request, NodeRole role, string institution, bool withoutOthers)
    {
        lock (_gate)
        {
            var authority = Authority();
            var roster = membership.Standing!.Roster;
            var leap = LeapIfAlone(withoutOthers);
            var keyHash = Certificates.KeyHash(request.Key);
            var known = roster.Members.Where(m => m.Key == keyHash).OrderBy(m => m.Revoked is null ? 0 : 1).FirstOrDefault();
            var member = known is null ? NewMember(roster, request.Name, keyHash, leap) : Known(known);
            member = member with
            {
                Role = role,
                Institution = institution,
                Endpoints = request.Endpoints,
                Groups = known is null || known.Role != role ? [NetworkAccess.GroupOf(role)] : known.Groups,
                MayRelay = role != NodeRole.Clinic,
            };
            var certificate = authority.Issue(IdentityOf(roster, member), request.Key, time.GetUtcNow());
            var index = AddressRange.TryParse(roster.Range, out var range) ? range.IndexOf(System.Net.IPAddress.Parse(member.Address)) ?? 0 : 0;
            Publish(roster with
            {
                Version = roster.Version + 1 + leap.Versions,
                NextAddress = Math.Max(roster.NextAddress, index + 1),
                Members = [.. roster.Members.Where(m => m.Node != member.Node), member],
            });
            return (member, certificate);
        }
    }

    /// <summary>Ends a membership at once and for ever.</summary>
    /// <param name="name">Name, identity or virtual address of the member.</param>
    /// <param name="reason">For people; may be empty.</param>
    /// <exception cref="JoinRefusedException">There is no such member, or it is this node.</exception>
    public RosterMember Revoke(string name, string reason)
    {
        lock (_gate)
        {
            var authority = Authority();
            var standing = membership.Standing!;
            var member = FindMember(standing.Roster, name);
            if (member.Node == standing.Identity.Node)
            {
                throw new JoinRefusedException(JoinRefusal.Conflict, "This node holds the authority and cannot revoke itself.");
            }

            if (reason.Length > DenyList.ReasonLengthLimit)
            {
                throw new JoinRefusedException(JoinRefusal.Malformed, $"A reason has at most {DenyList.ReasonLengthLimit} characters.");
            }

            // Revoking does not wait for anybody: an authority that may be old leaps over the versions that it may have forgotten.
            var leap = IsAlone() ? MembershipLimits.VersionLeap : 0;
            var now = time.GetUtcNow();
            membership.TakeOver(authority.Sign(standing.Denied.With(new DenyEntry(member.Node, now, reason), standing.Denied.Version + 1 + leap, now)));
            var revoked = member with { Revoked = now };
            Publish(standing.Roster with
            {
                Version = standing.Roster.Version + 1 + leap,
                Members = [.. standing.Roster.Members.Select(m => m.Node == member.Node ? revoked : m)],
            });
            return revoked;
        }
    }

    /// <summary>Issues a new certificate to a member, whom its link has shown.</summary>
    /// <exception cref="JoinRefusedException">It is no member, or shows another key than the member's.</exception>
    internal X509Certificate2 Reissue(NodeId node, PublicKey key)
    {
        lock (_gate)
        {
            var authority = Authority();
            var standing = membership.Standing!;
            var member = standing.Roster.Find(node.Value);
            if (member is null || standing.IsRevoked(node.Value))
            {
                throw new JoinRefusedException(JoinRefusal.Unknown, "It is not a member.");
            }

            if (member.Key != Certificates.KeyHash(key))
            {
                throw new JoinRefusedException(JoinRefusal.Conflict, "The key is not the member's.");
            }

            _reissued.Add(member.Node);
            return authority.Issue(IdentityOf(standing.Roster, member), key, time.GetUtcNow());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _authority?.Dispose();

    private static NodeIdentity IdentityOf(Roster roster, RosterMember member) =>
        new(roster.Network, member.Node, member.Name, member.Role, System.Net.IPAddress.Parse(member.Address));

    private static RosterMember Known(RosterMember member) => member.Revoked is null
        ? member
        : throw new JoinRefusedException(JoinRefusal.Conflict, "The node was revoked; with a new data folder it can ask as a new one.");

    private RosterMember NewMember(Roster roster, string name, string keyHash, (long Addresses, long Versions) leap)
    {
        if (roster.Members.Any(m => m.Revoked is null && m.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, $"There is a member {name} already.");
        }

        _ = AddressRange.TryParse(roster.Range, out var range);
        var index = roster.NextAddress + leap.Addresses;
        if (index > range!.Capacity)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, $"All {range.Capacity} addresses of {roster.Range} were given, and none is given twice.");
        }

        if (roster.Members.Count >= Roster.MemberLimit)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, $"A network has at most {Roster.MemberLimit} members in its life.");
        }

        return new RosterMember
        {
            Node = Guid.NewGuid(),
            Name = name,
            Role = NodeRole.Clinic,
            Address = range[index].ToString(),
            Key = keyHash,
            Joined = time.GetUtcNow(),
        };
    }

    private void Publish(Roster roster)
    {
        try
        {
            membership.TakeOver(Authority().Sign(roster with { Issued = time.GetUtcNow() }));
        }
        catch (NetworkDocumentException e)
        {
            throw new JoinRefusedException(JoinRefusal.Conflict, e.Message, e);
        }
    }

    /// <summary>Whether there are others, and none of them could be asked yet how new its documents are.</summary>
    internal bool IsAlone()
    {
        lock (_gate)
        {
            return !_hasCompared && membership.Standing!.Others.Any();
        }
    }

    private (long Addresses, long Versions) LeapIfAlone(bool withoutOthers)
    {
        if (!IsAlone())
        {
            return (0, 0);
        }

        return withoutOthers
            ? (MembershipLimits.AddressLeap, MembershipLimits.VersionLeap)
            : throw new JoinRefusedException(
                JoinRefusal.Conflict,
                "No other member could be asked yet whether this authority is the newest, as it is not when it was restored from a backup. Wait for a link, or say --without-others.");
    }

    private NetworkAuthority Authority() =>
        TryAuthority() ?? throw new JoinRefusedException(JoinRefusal.NoAuthority, "This node does not hold the authority of a network.");

    private NetworkAuthority? TryAuthority() => membership.Standing is null ? null : _authority ??= folder.LoadAuthority();
}
