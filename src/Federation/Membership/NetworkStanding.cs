using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;
using Panal.Swarm;

namespace Panal.Federation.Membership;

/// <summary>What a member knows of its network at one moment: its certificate and the newest signed documents.</summary>
public sealed record NetworkStanding
{
    /// <summary>Who this node is, by its certificate.</summary>
    public required NodeIdentity Identity { get; init; }

    /// <summary>Our certificate with its key.</summary>
    public required X509Certificate2 Certificate { get; init; }

    /// <summary>The certificate of the authority that issued it.</summary>
    public required X509Certificate2 Issuer { get; init; }

    /// <summary>What links show.</summary>
    public required SslStreamCertificateContext Shown { get; init; }

    /// <summary>The newest roots.</summary>
    public required TrustBundle Bundle { get; init; }

    /// <summary>All bundles by rising sequence, from the one that the node joined with.</summary>
    public required IReadOnlyList<SignedDocument> Bundles { get; init; }

    /// <summary>The newest roster.</summary>
    public required Roster Roster { get; init; }

    /// <summary>The newest roster, as it was signed.</summary>
    public required SignedDocument SignedRoster { get; init; }

    /// <summary>The newest deny list.</summary>
    public required DenyList Denied { get; init; }

    /// <summary>The newest deny list, as it was signed.</summary>
    public required SignedDocument SignedDenied { get; init; }

    /// <summary>Our own identity.</summary>
    public NodeId Self => new(Identity.Node);

    /// <summary>Our own entry; null until the roster that has it arrives.</summary>
    public RosterMember? Own => Roster.Find(Identity.Node);

    /// <summary>What is told to others about how new our documents are.</summary>
    public DocumentVersions Versions => new(Bundle.Network, Bundle.Sequence, Roster.Version, Denied.Version);

    /// <summary>The members whom we deal with: neither we nor anybody revoked.</summary>
    public IEnumerable<RosterMember> Others =>
        Roster.Members.Where(member => member.Node != Identity.Node && member.Revoked is null && !Denied.Contains(member.Node));

    /// <summary>Other nodes that may never come back, whether the roster that has them has arrived or only the deny list.</summary>
    public IEnumerable<Guid> Revoked =>
        Denied.Entries.Select(entry => entry.Node).Union(Roster.Members.Where(member => member.Revoked is not null).Select(member => member.Node)).Where(node => node != Identity.Node);

    /// <summary>Whether a node may never come back.</summary>
    public bool IsRevoked(Guid node) => Denied.Contains(node) || Roster.Find(node) is { Revoked: not null };
}

/// <summary>How new the documents of a member are; see docs/formats/membership.md.</summary>
/// <param name="Network">UUID of the network.</param>
/// <param name="Bundle">Sequence of the trust bundle.</param>
/// <param name="Roster">Version of the roster.</param>
/// <param name="Denied">Version of the deny list.</param>
public readonly record struct DocumentVersions(Guid Network, long Bundle, long Roster, long Denied)
{
    /// <summary>Whether somebody with the other versions lacks something that we have.</summary>
    public bool IsAheadOf(DocumentVersions other) => Bundle > other.Bundle || Roster > other.Roster || Denied > other.Denied;

    /// <summary>The higher of each.</summary>
    public DocumentVersions Max(DocumentVersions other) => this with
    {
        Bundle = Math.Max(Bundle, other.Bundle),
        Roster = Math.Max(Roster, other.Roster),
        Denied = Math.Max(Denied, other.Denied),
    };
}
