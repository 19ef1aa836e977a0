using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Swarm;
using Panal.Swarm.Links;

namespace Panal.Unit.Swarm.Support;

/// <summary>A network of its own: an authority made in the test, and who is revoked.</summary>
internal sealed class Network : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly HashSet<NodeId> _revoked = [];

    public Network()
    {
        var request = new CertificateRequest("CN=root of a test", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public X509Certificate2 Root { get; }

    public void Revoke(NodeId node) => _revoked.Add(node);

    public Credentials Admit() => Admit(NodeId.New());

    public Credentials Admit(NodeId node) => new(this, node, Issue(node));

    public LinkVerdict Judge(X509Certificate2 shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (!chain.Build(shown))
        {
            return new LinkVerdict(null, "foreign");
        }

        Assert.True(NodeId.TryParse(shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false), out var node));
        return _revoked.Contains(node) ? new LinkVerdict(null, "revoked") : new LinkVerdict(node, null);
    }

    public void Dispose()
    {
        Root.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(NodeId node)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(Root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), Guid.NewGuid().ToByteArray());
        using var keyed = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(keyed.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    internal sealed class Credentials(Network network, NodeId self, X509Certificate2 certificate) : ILinkCredentials
    {
        public NodeId Self => self;

        public X509Certificate2 Leaf => certificate;

        public SslStreamCertificateContext Certificate { get; } = SslStreamCertificateContext.Create(certificate, null, offline: true);

        public LinkVerdict Judge(X509Certificate2 shown, X509Certificate2Collection chain) => network.Judge(shown);
    }
}
