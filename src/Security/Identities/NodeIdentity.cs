using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Identities;

/// <summary>What a node is meant for: the defaults of its rights, nothing more. The names are in certificates and rosters and never change.</summary>
public enum NodeRole
{
    /// <summary>Holds everything and administers.</summary>
    Centre = 0,

    /// <summary>Holds a copy of what the centre has.</summary>
    Replica = 1,

    /// <summary>Looks and sends.</summary>
    Clinic = 2,
}

/// <summary>Who a certificate says a node is.</summary>
/// <param name="Network">UUID of the network.</param>
/// <param name="Node">UUID of the node, for life.</param>
/// <param name="Name">The member's name.</param>
/// <param name="Role">What it is meant for.</param>
/// <param name="Address">Its virtual address, for life.</param>
public sealed record NodeIdentity(Guid Network, Guid Node, string Name, NodeRole Role, IPAddress Address)
{
    private const string UriScheme = "panal://";

    internal string Uri => $"{UriScheme}{Network:D}/node/{Node:D}";

    internal static string NetworkUri(Guid network) => $"{UriScheme}{network:D}/";

    /// <summary>Reads the identity out of a node's certificate, whose signature is somebody else's concern; null when it is no node's.</summary>
    public static NodeIdentity? Of(X509Certificate2 certificate)
    {
        if (Certificates.Uris(certificate) is not [{ } uri] || !TryRead(uri, out var network, out var node))
        {
            return null;
        }

        try
        {
            var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
            var address = alternatives.EnumerateIPAddresses().Single();
            var role = Part(certificate, "2.5.4.11");
            return MemberName.IsValid(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false))
                && Enum.TryParse<NodeRole>(role, ignoreCase: true, out var known) && !char.IsAsciiDigit(role[0])
                ? new NodeIdentity(network, node, certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), known, address)
                : null;
        }
        catch (Exception e) when (e is InvalidOperationException or CryptographicException)
        {
            return null;
        }
    }

    private static bool TryRead(string uri, out Guid network, out Guid node)
    {
        const string Middle = "/node/";
        const int GuidLength = 36;
        network = node = Guid.Empty;
        return uri.Length == UriScheme.Length + GuidLength + Middle.Length + GuidLength
            && uri.StartsWith(UriScheme, StringComparison.Ordinal)
            && uri.AsSpan(UriScheme.Length + GuidLength, Middle.Length).SequenceEqual(Middle)
            && Guid.TryParseExact(uri.AsSpan(UriScheme.Length, GuidLength), "D", out network)
            && Guid.TryParseExact(uri.AsSpan(uri.Length - GuidLength), "D", out node);
    }

    private static string Part(X509Certificate2 certificate, string type) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Single(part => part.GetSingleElementType().Value == type).GetSingleElementValue() ?? "";
}
