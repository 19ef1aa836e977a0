using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Catalogue;
using Panal.Dicom;
using Panal.Federation.Feed;
using Panal.Federation.Fetching;
using Panal.Security.Identities;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Federation.Membership;

/// <summary>
/// What this node is in its network, and whom it lets in: the newest documents, kept on disk before they count. Until the node joins
/// there is no standing, nobody is let in and nothing is granted.
/// </summary>
/// <param name="folder">Where the documents are kept.</param>
/// <param name="time">The clock that certificates are judged by.</param>
public sealed class NetworkMembership(NetworkFolder folder, TimeProvider time) : ILinkCredentials, IFeedRights, IFetchRights
{
    private readonly Lock _gate = new();
    private NetworkStanding? _standing;
    private TaskCompletionSource _changed = NewChange();

    /// <summary>The standing at this moment; null while the node is no member.</summary>
    public NetworkStanding? Standing => Volatile.Read(ref _standing);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The node is no member.</exception>
    public NodeId Self => Needed.Self;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The node is no member.</exception>
    public SslStreamCertificateContext Certificate => Needed.Shown;

    private NetworkStanding Needed => Standing ?? throw new InvalidOperationException("This node is no member of a network.");

    /// <summary>Reads the folder when the node is a member; afterwards what it says holds.</summary>
    /// <returns>Whether it is a member now.</returns>
    /// <exception cref="NetworkDocumentException">The folder is complete but not valid.</exception>
    public bool Load()
    {
        lock (_gate)
        {
            if (_standing is not null || !folder.IsComplete)
            {
                return _standing is not null;
            }

            Become(folder.Load());
            return true;
        }
    }

    /// <summary>Takes over a document that somebody sent, if it is newer than ours.</summary>
    /// <returns>Whether it was.</returns>
    /// <exception cref="NetworkDocumentException">It is not valid, another network's, or not signed by whom it must be.</exception>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public bool TakeOver(SignedDocument document)
    {
        lock (_gate)
        {
            var before = Needed;
            var after = document.Kind switch
            {
                DocumentKind.TrustBundle when before.Bundle.ReadNext(document) is { } next =>
                    before with { Bundle = next, Bundles = [.. before.Bundles, document] },
                DocumentKind.Roster when before.Bundle.ReadRoster(document) is var roster && roster.Version > before.Roster.Version =>
                    before with { Roster = roster, SignedRoster = document },
                DocumentKind.DenyList when before.Bundle.ReadDenyList(document) is var denied && denied.Version > before.Denied.Version =>
                    before with { Denied = denied, SignedDenied = document },
                _ => before,
            };
            if (ReferenceEquals(before, after))
            {
                return false;
            }

            if (document.Kind == DocumentKind.TrustBundle)
            {
                folder.Save(after.Bundles);
            }
            else
            {
                folder.Save(document);
            }

            Become(after);
            return true;
        }
    }

    /// <summary>Shows a new certificate from now on; both stay the caller's.</summary>
    /// <exception cref="NetworkDocumentException">It is not ours.</exception>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public void Renew(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        lock (_gate)
        {
            var before = Needed;
            using var key = folder.OpenKey();
            var identity = before.Bundle.Identify(certificate, [issuer], time.GetUtcNow(), out var refusal);
            if (identity is null || identity.Node != before.Identity.Node || Certificates.KeyHash(certificate.PublicKey) != Certificates.KeyHash(new PublicKey(key)))
            {
                throw new NetworkDocumentException(refusal ?? "The certificate is another node's.");
            }

            folder.Save(certificate, issuer);
            var own = certificate.CopyWithPrivateKey(key);
            // The centre's own comes from its authority, which is gone when another one takes its place, while the standing lasts.
            var kept = Certificates.Read(issuer.RawDataMemory.Span);
            Become(before with
            {
                Identity = identity,
                Certificate = own,
                Issuer = kept,
                Shown = SslStreamCertificateContext.Create(own, [kept], offline: true),
            });
        }
    }

    /// <summary>A task that ends when the standing is another one than it was. Asked for before looking, nothing is missed.</summary>
    public Task NextChangeAsync()
    {
        lock (_gate)
        {
            return _changed.Task;
        }
    }

    /// <inheritdoc/>
    public LinkVerdict Judge(X509Certificate2 shown, X509Certificate2Collection chain)
    {
        if (Standing is not { } standing)
        {
            return new LinkVerdict(null, "This node is no member of a network.");
        }

        if (standing.Bundle.Identify(shown, chain, time.GetUtcNow(), out var refusal) is not { } identity)
        {
            return new LinkVerdict(null, refusal);
        }

        if (standing.IsRevoked(identity.Node))
        {
            return new LinkVerdict(null, "It is revoked.");
        }

        // A member that was approved a moment ago is linked before its roster has come round; what it may do, the roster says.
        return standing.Roster.Find(identity.Node) is { } member && member.Key != Certificates.KeyHash(shown.PublicKey)
            ? new LinkVerdict(null, "Its key is not the member's.")
            : new LinkVerdict(new NodeId(identity.Node), null);
    }

    /// <summary>Whether a node may do something here.</summary>
    /// <param name="node">Who asks, by its certificate.</param>
    /// <param name="verb">For what.</param>
    /// <param name="institution">Institution of the study that it is about; null when it is about studies in general, empty when unknown.</param>
    public NetworkDecision Decide(NodeId node, NetworkVerb verb, string? institution) =>
        NetworkAccess.Decide(Standing?.Roster, Standing?.Denied, node.Value, verb, institution);

    /// <inheritdoc/>
    public FeedFilter? FilterFor(NodeId subscriber) => FilterFor(subscriber, NetworkVerb.Query, NetworkVerb.Replicate);

    /// <inheritdoc/>
    public FeedFilter? FetchableBy(NodeId asker) => FilterFor(asker, NetworkVerb.Fetch, NetworkVerb.Replicate);

    /// <summary>The studies on which a node may do something here; null for none at all.</summary>
    /// <param name="node">Who asks, by its certificate.</param>
    /// <param name="verbs">For what: whatever one of them grants.</param>
    public FeedFilter? FilterFor(NodeId node, params IEnumerable<NetworkVerb> verbs)
    {
        var standing = Standing;
        var own = standing?.Roster.Find(node.Value)?.Institution ?? "";
        NetworkGrant[] grants = [.. verbs.SelectMany(verb => NetworkAccess.GrantsOf(standing?.Roster, standing?.Denied, node.Value, verb))];
        FeedSelection[] selections = [.. grants.Where(grant => grant.Filter == NetworkFilter.All || own.Length > 0).Select(grant => SelectionOf(grant, own))];
        return grants.Any(static grant => grant is { Filter: NetworkFilter.All, Selection: null }) ? FeedFilter.All
            : selections.Length == 0 ? null
            : new FeedFilter { Selections = selections, Today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime) };
    }

    private static FeedSelection SelectionOf(NetworkGrant grant, string own) => new()
    {
        Institutions =
        [
            .. grant.Filter == NetworkFilter.OwnInstitution ? (string[][])[[own]] : [],
            .. grant.Selection is { Institutions: { Count: > 0 } institutions } ? (IReadOnlyList<string>[])[institutions] : [],
        ],
        Modalities = grant.Selection?.Modalities ?? [],
        Days = grant.Selection?.Days,
        From = grant.Selection?.From,
        Until = grant.Selection?.Until,
        Withheld = grant.Selection?.Withheld ?? new HashSet<Tag>(),
    };

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Become(NetworkStanding standing)
    {
        Volatile.Write(ref _standing, standing);
        var changed = _changed;
        _changed = NewChange();
        changed.SetResult();
    }
}
