using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Identities;

/// <summary>The root and the issuing authority of a network, with the keys that are at hand; see docs/formats/network.md.</summary>
public sealed class NetworkAuthority : IDisposable
{
    /// <summary>How long the certificate of a node is valid.</summary>
    public static readonly TimeSpan NodeLife = TimeSpan.FromDays(90);

    /// <summary>A certificate is renewed after this part of its life, so that a month is left to reach the authority.</summary>
    public const double RenewedAfter = 2.0 / 3;

    // A clock that is a little behind must not find a new certificate to be of the future.
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);
    private static readonly TimeSpan RootLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan IssuerLife = TimeSpan.FromDays(1095);

    // 128 random bits, positive: RFC 5280 §4.1.2.2.
    private const int SerialBytes = 16;

    /// <summary>Takes over certificates and keys.</summary>
    /// <param name="rootKey">Null while it is kept elsewhere.</param>
    /// <exception cref="NetworkDocumentException">They do not belong together.</exception>
    public NetworkAuthority(X509Certificate2 root, ECDsa? rootKey, X509Certificate2 issuer, ECDsa issuerKey)
    {
        Root = root;
        RootKey = rootKey;
        Issuer = issuer;
        IssuerKey = issuerKey;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(issuer) || !IsPair(issuer, issuerKey) || (rootKey is not null && !IsPair(root, rootKey)))
        {
            throw new NetworkDocumentException("The certificates and keys of the authority do not belong together.");
        }
    }

    /// <summary>The root, without its key.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The issuing authority, without its key.</summary>
    public X509Certificate2 Issuer { get; }

    /// <summary>The key of the root; null while it is kept elsewhere.</summary>
    public ECDsa? RootKey { get; }

    /// <summary>The key of the issuing authority.</summary>
    public ECDsa IssuerKey { get; }

    /// <summary>Fingerprint of the root.</summary>
    public string Fingerprint => Certificates.Fingerprint(Root);

    /// <summary>Makes a root and an issuing authority of a network.</summary>
    /// <exception cref="ArgumentException">The name cannot name a network.</exception>
    public static NetworkAuthority Create(Guid network, string name, DateTimeOffset now)
    {
        if (!MemberName.IsTitle(name))
        {
            throw new ArgumentException($"The name of a network has 1 to {MemberName.TitleLengthLimit} printable characters.", nameof(name));
        }

        var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = AuthorityRequest(network, name, "root", rootKey, pathLength: 1);
        var generator = X509SignatureGenerator.CreateForECDsa(rootKey);
        var root = rootRequest.Create(rootRequest.SubjectName, generator, now - Backdating, now + RootLife, NewSerial());
        var issuerRequest = AuthorityRequest(network, name, "authority", issuerKey, pathLength: 0);
        issuerRequest.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        var issuer = issuerRequest.Create(root.SubjectName, generator, now - Backdating, now + IssuerLife, NewSerial());
        return new NetworkAuthority(root, rootKey, issuer, issuerKey);
    }

    /// <summary>Issues the certificate of a node: 90 days, or until the authority's own ends.</summary>
    public X509Certificate2 Issue(NodeIdentity identity, PublicKey key, DateTimeOffset now)
    {
        var request = new CertificateRequest(SubjectOf(identity.Name, OrganisationOf(Issuer), UnitOf(identity.Role)), key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(Certificates.ServerAuth), new Oid(Certificates.ClientAuth)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.Uri));
        names.AddIpAddress(identity.Address);
        extensions.Add(names.Build());
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Issuer, true, false));
        var end = now + NodeLife;
        var issuerEnd = new DateTimeOffset(Issuer.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        return request.Create(
            Issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(IssuerKey), now - Backdating, end < issuerEnd ? end : issuerEnd, NewSerial());
    }

    /// <summary>Signs a roster.</summary>
    public SignedDocument Sign(Roster roster) => SignedDocument.Sign(DocumentKind.Roster, roster.ToPayload(), Issuer, IssuerKey);

    /// <summary>Signs a deny list.</summary>
    public SignedDocument Sign(DenyList list) => SignedDocument.Sign(DocumentKind.DenyList, list.ToPayload(), Issuer, IssuerKey);

    /// <summary>Signs a trust bundle with the root.</summary>
    /// <exception cref="InvalidOperationException">The key of the root is kept elsewhere.</exception>
    public SignedDocument SignBundle(Guid network, long sequence, DateTimeOffset issued, IEnumerable<X509Certificate2> roots) => SignedDocument.Sign(
        DocumentKind.TrustBundle,
        TrustBundle.ToPayload(network, sequence, issued, roots),
        Root,
        RootKey ?? throw new InvalidOperationException("The key of the root is not here."));

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        Root.Dispose();
        RootKey?.Dispose();
        Issuer.Dispose();
        IssuerKey.Dispose();
    }

    private static CertificateRequest AuthorityRequest(Guid network, string name, string part, ECDsa key, int pathLength)
    {
        // RFC 5280 bounds a common name at 64 characters; the whole name stands in the organisation.
        var commonName = name.Length + part.Length + 1 <= MemberName.TitleLengthLimit ? $"{name} {part}" : part;
        var request = new CertificateRequest(SubjectOf(commonName, name, null), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLength, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(NodeIdentity.NetworkUri(network)));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static X500DistinguishedName SubjectOf(string commonName, string organisation, string? unit)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        if (unit is not null)
        {
            subject.AddOrganizationalUnitName(unit);
        }

        subject.AddOrganizationName(organisation);
        return subject.Build();
    }

    private static string UnitOf(NodeRole role) => role.ToString().ToLowerInvariant();

    private static string OrganisationOf(X509Certificate2 certificate) => certificate.SubjectName.EnumerateRelativeDistinguishedNames()
        .Single(part => part.GetSingleElementType().Value == "2.5.4.10").GetSingleElementValue() ?? "";

    private static bool IsPair(X509Certificate2 certificate, ECDsa key) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
