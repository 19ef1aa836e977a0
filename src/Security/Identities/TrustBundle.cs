using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Panal.Security.Identities;

/// <summary>The JSON of a trust bundle.</summary>
internal sealed record TrustBundleContent(Guid Network, long Sequence, DateTimeOffset Issued, IReadOnlyList<byte[]> Roots);

/// <summary>The roots that a network trusts at one moment, and with them: who may sign, and which certificates are members'.</summary>
/// <remarks>See docs/formats/network.md. While the authority changes there are two roots: all trust both before anybody shows the new one.</remarks>
public sealed class TrustBundle
{
    /// <summary>Most roots at one time.</summary>
    public const int RootLimit = 4;

    private TrustBundle(Guid network, long sequence, DateTimeOffset issued, X509Certificate2[] roots)
    {
        Network = network;
        Sequence = sequence;
        Issued = issued;
        Roots = roots;
    }

    /// <summary>UUID of the network.</summary>
    public Guid Network { get; }

    /// <summary>Of two bundles, the one with the higher sequence holds.</summary>
    public long Sequence { get; }

    /// <summary>When it was signed.</summary>
    public DateTimeOffset Issued { get; }

    /// <summary>At least one; the current one first.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; }

    /// <summary>Reads the first bundle that a node gets, which nothing but the fingerprint vouches for.</summary>
    /// <param name="fingerprint">Fingerprint of the authority, 64 hexadecimal digits in lower case.</param>
    /// <exception cref="NetworkDocumentException">It is not signed by that root, or not valid.</exception>
    public static TrustBundle ReadFirst(SignedDocument document, string fingerprint)
    {
        RequireKind(document, DocumentKind.TrustBundle);
        return Certificates.Fingerprint(document.Signer) == fingerprint && document.IsSigned()
            ? Read(document.Payload)
            : throw new NetworkDocumentException("The trust bundle is not signed by the authority that was named.");
    }

    /// <summary>Reads a bundle that follows this one.</summary>
    /// <returns>Null when it is not newer.</returns>
    /// <exception cref="NetworkDocumentException">It is another network's, not signed by one of our roots, or not valid.</exception>
    public TrustBundle? ReadNext(SignedDocument document)
    {
        RequireKind(document, DocumentKind.TrustBundle);
        if (!Roots.Any(root => IsSame(root, document.Signer)) || !document.IsSigned())
        {
            throw new NetworkDocumentException("The trust bundle is not signed by a root that we trust.");
        }

        var next = Read(document.Payload);
        RequireNetwork(next.Network);
        return next.Sequence > Sequence ? next : null;
    }

    /// <summary>Reads a roster that an authority of this network signed.</summary>
    /// <exception cref="NetworkDocumentException">It is another network's, not signed by an authority that we trust, or not valid.</exception>
    public Roster ReadRoster(SignedDocument document)
    {
        RequireKind(document, DocumentKind.Roster);
        RequireAuthority(document);
        var roster = Roster.Read(document.Payload);
        RequireNetwork(roster.Network);
        return roster;
    }

    /// <summary>Reads a deny list that an authority of this network signed.</summary>
    /// <exception cref="NetworkDocumentException">It is another network's, not signed by an authority that we trust, or not valid.</exception>
    public DenyList ReadDenyList(SignedDocument document)
    {
        RequireKind(document, DocumentKind.DenyList);
        RequireAuthority(document);
        var list = DenyList.Read(document.Payload);
        RequireNetwork(list.Network);
        return list;
    }

    /// <summary>Whether a certificate is a node's of this network at a moment; its chain may bring the issuing authority.</summary>
    /// <param name="refusal">Why it is not, for people; null when it is.</param>
    public NodeIdentity? Identify(X509Certificate2 shown, X509Certificate2Collection chain, DateTimeOffset now, out string? refusal)
    {
        refusal = null;
        using var built = NewChain(chain, now, ignoreTime: false);
        built.ChainPolicy.ApplicationPolicy.Add(new Oid(Certificates.ServerAuth));
        built.ChainPolicy.ApplicationPolicy.Add(new Oid(Certificates.ClientAuth));
        if (!IsBuilt(built, shown))
        {
            refusal = RefusalOf(built, shown, now);
        }
        else if (built.ChainElements.Count != 3 || Certificates.IsAuthority(shown) || !Certificates.IsP256(shown.PublicKey))
        {
            refusal = "It is not a certificate of a node.";
        }
        else if (NodeIdentity.Of(shown) is not { } identity)
        {
            refusal = "It names no node.";
        }
        else if (identity.Network != Network)
        {
            refusal = "It is of another network.";
        }
        else
        {
            return identity;
        }

        return null;
    }

    /// <summary>The sequence that a signed bundle names, without proving anything.</summary>
    /// <exception cref="NetworkDocumentException">It is not a trust bundle.</exception>
    public static long SequenceOf(SignedDocument document)
    {
        RequireKind(document, DocumentKind.TrustBundle);
        return DocumentJson.Read(document.Payload, DocumentJson.Format.TrustBundleContent).Sequence;
    }

    internal static byte[] ToPayload(Guid network, long sequence, DateTimeOffset issued, IEnumerable<X509Certificate2> roots) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new TrustBundleContent(network, sequence, issued, [.. roots.Select(r => r.RawData)]), DocumentJson.Format.TrustBundleContent);

    private static TrustBundle Read(ReadOnlySpan<byte> payload)
    {
        var content = DocumentJson.Read(payload, DocumentJson.Format.TrustBundleContent);
        if (content.Network == Guid.Empty || content.Sequence < 1 || content.Roots.Count is 0 or > RootLimit
            || content.Roots.Any(r => r is null || r.Length > SignedDocument.SignerLimitBytes))
        {
            throw new NetworkDocumentException("The trust bundle is not valid.");
        }

        X509Certificate2[] roots = [.. content.Roots.Select(r => Certificates.Read(r))];
        var named = NodeIdentity.NetworkUri(content.Network);
        return roots.All(r => Certificates.IsAuthority(r) && Certificates.IsP256(r.PublicKey) && Certificates.Uris(r).Contains(named))
            ? new TrustBundle(content.Network, content.Sequence, content.Issued, roots)
            : throw new NetworkDocumentException("The trust bundle holds what is no root of this network.");
    }

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static void RequireKind(SignedDocument document, DocumentKind kind)
    {
        if (document.Kind != kind)
        {
            throw new NetworkDocumentException($"It is a {document.Kind}, not a {kind}.");
        }
    }

    private void RequireNetwork(Guid network)
    {
        if (network != Network)
        {
            throw new NetworkDocumentException("It is of another network.");
        }
    }

    private void RequireAuthority(SignedDocument document)
    {
        // Documents outlive the certificate of their signer: what ends trust in it is that its root leaves the bundle.
        using var built = NewChain([], default, ignoreTime: true);
        if (!Certificates.IsAuthority(document.Signer) || !IsBuilt(built, document.Signer) || built.ChainElements.Count != 2
            || !Certificates.Uris(document.Signer).Contains(NodeIdentity.NetworkUri(Network)) || !document.IsSigned())
        {
            throw new NetworkDocumentException("It is not signed by an authority that we trust.");
        }
    }

    /// <summary>A certificate that is broken inside makes the platform throw instead of saying so.</summary>
    private static bool IsBuilt(X509Chain chain, X509Certificate2 certificate)
    {
        try
        {
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private X509Chain NewChain(X509Certificate2Collection others, DateTimeOffset now, bool ignoreTime)
    {
        var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(Roots.ToArray());
        policy.ExtraStore.AddRange(others);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        if (ignoreTime)
        {
            policy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        }
        else
        {
            policy.VerificationTime = now.UtcDateTime;
            policy.VerificationTimeIgnored = false;
        }

        return chain;
    }

    private static string RefusalOf(X509Chain chain, X509Certificate2 shown, DateTimeOffset now)
    {
        var isOnlyTime = chain.ChainStatus.Length > 0 && chain.ChainStatus.All(s => s.Status == X509ChainStatusFlags.NotTimeValid);
        if (!isOnlyTime)
        {
            return "It is not issued by this network.";
        }

        return now < shown.NotBefore.ToUniversalTime()
            ? $"It is not valid before {shown.NotBefore.ToUniversalTime():u}; perhaps a clock is wrong, ours says {now.UtcDateTime:u}."
            : $"It has expired on {shown.NotAfter.ToUniversalTime():u}; our clock says {now.UtcDateTime:u}.";
    }
}
