using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Security.Access;

namespace Panal.Unit.Security.Access;

public sealed class AccessControlTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate = MakeCertificate();
    private readonly Dictionary<string, IPAddress[]> _names = new() { ["ct2.local"] = [IPAddress.Parse("10.0.0.2")] };
    private AeRegistry _registry = null!;
    private int _lookUps;

    public async ValueTask InitializeAsync()
    {
        _registry = new AeRegistry(_folder.Path, TimeProvider.System);
        await AddAsync("CT1", "10.0.0.1", 104);
        await AddAsync("CT2", "ct2.local", 104);
        await AddAsync("NET", "10.5.0.0/16", 104);
        await AddAsync("GONE", "gone.local", 104);
        await _registry.AddAsync(
            new ApplicationEntity { AETitle = "CERT", AuthorizedNodeCertificate = CertificateFingerprint.Of(_certificate).ToUpperInvariant() },
            CancellationToken.None);
        await _registry.AddAsync(
            new ApplicationEntity { AETitle = "TLS", NetworkConnection = new NetworkConnection { Hostname = "10.0.0.1", Tls = true } },
            CancellationToken.None);
        await _registry.AddAsync(
            new ApplicationEntity
            {
                AETitle = "WS1",
                NetworkConnection = new NetworkConnection { Hostname = "10.0.0.9", Port = 104 },
                Rights = Rights.Find | Rights.Retrieve,
                MoveDestinations = ["WS1"],
            },
            CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        _certificate.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("127.0.0.1", "ANY", AccessRefusal.None)]
    [InlineData("::1", "ANY", AccessRefusal.None)]
    [InlineData("::ffff:127.0.0.1", "ANY", AccessRefusal.None)]
    [InlineData("10.0.0.1", "CT1", AccessRefusal.None)]
    [InlineData("10.0.0.1", " CT1  ", AccessRefusal.None)]
    [InlineData("::ffff:10.0.0.1", "CT1", AccessRefusal.None)]
    [InlineData("10.0.0.2", "CT1", AccessRefusal.AddressDiffers)]
    [InlineData("10.0.0.1", "ct1", AccessRefusal.CallingAeUnknown)]
    [InlineData("10.0.0.1", "", AccessRefusal.CallingAeUnknown)]
    [InlineData("10.0.0.2", "CT2", AccessRefusal.None)]
    [InlineData("10.0.0.3", "CT2", AccessRefusal.AddressDiffers)]
    [InlineData("10.5.77.3", "NET", AccessRefusal.None)]
    [InlineData("10.6.0.1", "NET", AccessRefusal.AddressDiffers)]
    [InlineData("10.0.0.1", "GONE", AccessRefusal.AddressDiffers)]
    [InlineData("10.0.0.1", "CERT", AccessRefusal.CertificateDiffers)]
    [InlineData("10.0.0.1", "TLS", AccessRefusal.TlsRequired)]
    public async Task Callers_are_known_by_title_and_address(string address, string title, AccessRefusal refusal)
    {
        var decision = await DecideAsync(title, address);
        Assert.Equal(refusal, decision.Refusal);
        Assert.Equal(refusal == AccessRefusal.None ? Rights.All : Rights.None, decision.Rights);
    }

    [Fact]
    public async Task A_caller_with_its_certificate_may_come_from_anywhere()
    {
        var access = Access();
        var request = new AccessRequest("CERT", "PANAL", IPAddress.Parse("203.0.113.7"), IsTls: true, _certificate);
        Assert.True((await access.DecideAsync(request, CancellationToken.None)).IsAccepted);
        using var other = MakeCertificate();
        var refused = await access.DecideAsync(request with { Certificate = other }, CancellationToken.None);
        Assert.Equal(AccessRefusal.CertificateDiffers, refused.Refusal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    public async Task Another_called_title_is_refused_from_everywhere_unless_it_is_allowed(string address)
    {
        var request = new AccessRequest("CT1", "OTHER", IPAddress.Parse(address), false, null);
        Assert.Equal(AccessRefusal.CalledAeUnknown, (await Access().DecideAsync(request, CancellationToken.None)).Refusal);
        var lenient = Access(new AccessRules("PANAL", AcceptAnyCalledAETitle: true, IsOpen: false));
        Assert.True((await lenient.DecideAsync(request, CancellationToken.None)).IsAccepted);
    }

    [Fact]
    public async Task Rights_are_those_of_the_registration()
    {
        var decision = await DecideAsync("WS1", "10.0.0.9");
        Assert.True(decision.Allows(Rights.Find));
        Assert.False(decision.Allows(Rights.Store));
        Assert.False(decision.Allows(Rights.Find | Rights.Store));
    }

    [Fact]
    public async Task An_open_node_lets_everybody_in()
    {
        var access = Access(new AccessRules("PANAL", false, IsOpen: true));
        var decision = await access.DecideAsync(new AccessRequest("X", "PANAL", IPAddress.Parse("203.0.113.7"), false, null), CancellationToken.None);
        Assert.True(decision.Allows(Rights.All));
    }

    [Fact]
    public async Task Instances_are_moved_to_registered_entities_only()
    {
        var access = Access();
        var loopback = await DecideAsync("ANY", "127.0.0.1");
        Assert.Equal("CT1", access.MoveDestination(loopback, "CT1 ")?.AETitle);
        Assert.Null(access.MoveDestination(loopback, "NOBODY"));
        Assert.Null(access.MoveDestination(loopback, "NET"));
        Assert.Null(access.MoveDestination(loopback, "CERT"));
        var station = await DecideAsync("WS1", "10.0.0.9");
        Assert.NotNull(access.MoveDestination(station, "WS1"));
        Assert.Null(access.MoveDestination(station, "CT1"));
    }

    [Fact]
    public async Task Names_are_looked_up_once_a_minute_at_most()
    {
        var access = Access();
        var request = new AccessRequest("CT2", "PANAL", IPAddress.Parse("10.0.0.2"), false, null);
        for (var i = 0; i < 10; i++)
        {
            await access.DecideAsync(request, CancellationToken.None);
        }

        Assert.Equal(1, _lookUps);
    }

    private ValueTask<AccessDecision> DecideAsync(string title, string address) =>
        Access().DecideAsync(new AccessRequest(title, "PANAL", IPAddress.Parse(address), false, null), CancellationToken.None);

    private AccessControl Access(AccessRules? rules = null) =>
        new(rules ?? new AccessRules("PANAL", false, false), _registry, TimeProvider.System, (name, _) =>
        {
            _lookUps++;
            return _names.TryGetValue(name, out var found)
                ? Task.FromResult(found)
                : throw new SocketException((int)SocketError.HostNotFound);
        });

    private Task AddAsync(string title, string host, int port) => _registry.AddAsync(
        new ApplicationEntity { AETitle = title, NetworkConnection = new NetworkConnection { Hostname = host, Port = port } },
        CancellationToken.None);

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest("CN=modality", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
