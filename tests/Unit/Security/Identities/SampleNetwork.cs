using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panal.Security.Identities;

namespace Panal.Unit.Security.Identities;

/// <summary>A network made in the test, with its authority.</summary>
internal sealed class SampleNetwork : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public SampleNetwork(string name = "Red Andina")
    {
        Authority = NetworkAuthority.Create(Id, name, Start);
        BundleDocument = Authority.SignBundle(Id, 1, Start, [Authority.Root]);
        Bundle = TrustBundle.ReadFirst(BundleDocument, Authority.Fingerprint);
    }

    public Guid Id { get; } = Guid.NewGuid();

    public NetworkAuthority Authority { get; }

    public SignedDocument BundleDocument { get; }

    public TrustBundle Bundle { get; }

    public static RosterMember Member(int index, string name, NodeRole role = NodeRole.Clinic) => new()
    {
        Node = Guid.NewGuid(),
        Name = name,
        Role = role,
        Address = AddressRange.Default[index].ToString(),
        Key = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(index))),
        Institution = "Clinica " + name,
        Endpoints = ["192.0.2.7:7700", "[2001:db8::7]:7700", "clinic.example:7700"],
        Groups = [NetworkAccess.GroupOf(role)],
        Joined = Start,
    };

    public Roster Roster(long version, params RosterMember[] members) => new()
    {
        Network = Id,
        Name = "Red Andina",
        Version = version,
        Issued = Start,
        Range = AddressRange.Default.ToString(),
        NextAddress = 1000,
        Members = members,
        Groups = NetworkAccess.DefaultGroups,
    };

    public DenyList Denied(long version, params Guid[] nodes) => new()
    {
        Network = Id,
        Version = version,
        Issued = Start,
        Entries = [.. nodes.Select(n => new DenyEntry(n, Start, "lost"))],
    };

    public NodeIdentity Identity(string name = "CLINIC-7") => new(Id, Guid.NewGuid(), name, NodeRole.Clinic, IPAddress.Parse("10.77.0.7"));

    public X509Certificate2 Issue(NodeIdentity identity) => Issue(identity, Start);

    public X509Certificate2 Issue(NodeIdentity identity, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Authority.Issue(identity, new PublicKey(key), now);
    }

    public NodeIdentity? Identify(X509Certificate2 shown, out string? refusal) => Bundle.Identify(shown, [Authority.Issuer], Start, out refusal);

    public void Dispose()
    {
        Authority.Dispose();
        BundleDocument.Dispose();
    }
}
