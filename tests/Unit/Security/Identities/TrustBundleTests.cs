using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

public sealed class TrustBundleTests : IDisposable
{
    private static readonly DateTimeOffset Start = SampleNetwork.Start;
    private readonly SampleNetwork _network = new();

    public void Dispose() => _network.Dispose();

    [Fact]
    public void A_certificate_of_the_network_names_the_node_its_role_and_its_address()
    {
        var identity = _network.Identity();
        using var certificate = _network.Issue(identity);
        Assert.Equal(identity, _network.Identify(certificate, out var refusal));
        Assert.Null(refusal);
        Assert.Equal(identity, NodeIdentity.Of(certificate));
        Assert.Equal(TimeSpan.FromDays(90), certificate.NotAfter.ToUniversalTime() - Start.UtcDateTime);
    }

    [Theory]
    [InlineData(-2, "not valid before")]
    [InlineData(90 * 24 + 1, "expired")]
    public void Outside_of_its_life_a_certificate_is_refused_with_both_times(int hours, string expected)
    {
        using var certificate = _network.Issue(_network.Identity());
        Assert.Null(_network.Bundle.Identify(certificate, [_network.Authority.Issuer], Start.AddHours(hours), out var refusal));
        Assert.Contains(expected, refusal, StringComparison.Ordinal);
        Assert.Contains("clock", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(90 * 24 - 1)]
    public void Within_its_life_and_the_hour_before_a_certificate_is_taken(int hours)
    {
        using var certificate = _network.Issue(_network.Identity());
        Assert.NotNull(_network.Bundle.Identify(certificate, [_network.Authority.Issuer], Start.AddHours(hours), out _));
    }

    [Fact]
    public void No_certificate_outlives_the_authority_that_issued_it()
    {
        using var certificate = _network.Issue(_network.Identity(), Start.AddDays(1095 - 10));
        Assert.Equal(_network.Authority.Issuer.NotAfter, certificate.NotAfter);
    }

    [Fact]
    public void A_strangers_certificate_is_refused_whatever_it_says()
    {
        using var stranger = NetworkAuthority.Create(_network.Id, "Red Andina", Start);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = stranger.Issue(_network.Identity(), new PublicKey(key), Start);
        Assert.Null(_network.Bundle.Identify(certificate, [stranger.Issuer, stranger.Root], Start, out var refusal));
        Assert.Equal("It is not issued by this network.", refusal);
    }

    [Fact]
    public void Neither_the_root_nor_the_authority_passes_for_a_node()
    {
        Assert.Null(_network.Identify(_network.Authority.Issuer, out var issuer));
        Assert.NotNull(issuer);
        Assert.Null(_network.Identify(_network.Authority.Root, out var root));
        Assert.NotNull(root);
    }

    [Fact]
    public void A_member_cannot_issue_certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var member = _network.Authority.Issue(_network.Identity(), new PublicKey(key), Start);
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(_network.Identity("OTHER").Uri));
        names.AddIpAddress(IPAddress.Parse("10.77.0.9"));
        var request = new CertificateRequest("CN=OTHER, OU=centre", otherKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(member.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Start, Start.AddDays(1), [1]);
        Assert.Null(_network.Bundle.Identify(certificate, [member, _network.Authority.Issuer], Start, out var refusal));
        Assert.NotNull(refusal);
    }

    [Fact]
    public void A_certificate_that_names_another_network_is_refused()
    {
        using var certificate = _network.Issue(_network.Identity() with { Network = Guid.NewGuid() });
        Assert.Null(_network.Identify(certificate, out var refusal));
        Assert.Equal("It is of another network.", refusal);
    }

    [Fact]
    public void While_the_authority_changes_certificates_of_both_are_taken()
    {
        using var next = NetworkAuthority.Create(_network.Id, "Red Andina", Start);
        using var certificate = _network.Issue(_network.Identity());
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var renewed = next.Issue(_network.Identity(), new PublicKey(key), Start);
        X509Certificate2Collection issuers = [_network.Authority.Issuer, next.Issuer];

        Assert.Null(_network.Bundle.Identify(renewed, issuers, Start, out _));
        using var bothDocument = _network.Authority.SignBundle(_network.Id, 2, Start, [_network.Authority.Root, next.Root]);
        var both = _network.Bundle.ReadNext(bothDocument);
        Assert.NotNull(both);
        Assert.NotNull(both.Identify(certificate, issuers, Start, out _));
        Assert.NotNull(both.Identify(renewed, issuers, Start, out _));
        using var roster = next.Sign(_network.Roster(2));
        Assert.Equal(2, both.ReadRoster(roster).Version);

        using var newDocument = next.SignBundle(_network.Id, 3, Start, [next.Root]);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(newDocument));
        var onlyNew = both.ReadNext(newDocument);
        Assert.NotNull(onlyNew);
        Assert.Null(onlyNew.Identify(certificate, issuers, Start, out _));
        Assert.NotNull(onlyNew.Identify(renewed, issuers, Start, out _));
    }

    [Fact]
    public void An_older_or_equal_bundle_is_ignored()
    {
        Assert.Null(_network.Bundle.ReadNext(_network.BundleDocument));
    }

    [Fact]
    public void The_first_bundle_must_be_signed_by_the_authority_that_was_named()
    {
        Assert.Throws<NetworkDocumentException>(() => TrustBundle.ReadFirst(_network.BundleDocument, new string('0', 64)));
        using var forged = SignedDocument.Sign(
            DocumentKind.TrustBundle, _network.BundleDocument.Payload, _network.Authority.Root, _network.Authority.IssuerKey);
        Assert.Throws<NetworkDocumentException>(() => TrustBundle.ReadFirst(forged, _network.Authority.Fingerprint));
    }

    [Fact]
    public void The_issuing_authority_cannot_change_the_roots()
    {
        using var stranger = NetworkAuthority.Create(_network.Id, "Red Andina", Start);
        using var forged = SignedDocument.Sign(
            DocumentKind.TrustBundle,
            TrustBundle.ToPayload(_network.Id, 2, Start, [stranger.Root]),
            _network.Authority.Issuer,
            _network.Authority.IssuerKey);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(forged));
    }

    [Fact]
    public void A_bundle_without_roots_or_with_more_than_four_is_refused()
    {
        using var none = _network.Authority.SignBundle(_network.Id, 2, Start, []);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(none));
        using var five = _network.Authority.SignBundle(_network.Id, 2, Start, Enumerable.Repeat(_network.Authority.Root, 5));
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(five));
        using var leaf = _network.Issue(_network.Identity());
        using var noRoot = _network.Authority.SignBundle(_network.Id, 2, Start, [leaf]);
        Assert.Throws<NetworkDocumentException>(() => _network.Bundle.ReadNext(noRoot));
    }

    [Fact]
    public void Keys_that_do_not_belong_to_their_certificates_are_refused()
    {
        using var other = NetworkAuthority.Create(_network.Id, "Red Andina", Start);
        var own = _network.Authority;
        Assert.Throws<NetworkDocumentException>(() => new NetworkAuthority(own.Root, own.RootKey, own.Issuer, other.IssuerKey));
        Assert.Throws<NetworkDocumentException>(() => new NetworkAuthority(own.Root, other.RootKey, own.Issuer, own.IssuerKey));
        Assert.Throws<NetworkDocumentException>(() => new NetworkAuthority(other.Root, null, own.Issuer, own.IssuerKey));
    }
}
