using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Panal.Security.Identities;

namespace Panal.Security.Joining;

/// <summary>The body of a join request as it travels: a stranger's words, see docs/formats/join.md.</summary>
internal sealed record JoinBody(
    string Name, string Version, byte[] Csr, IReadOnlyList<string> Endpoints, string Institution, NodeRole Role, DateTimeOffset Time);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(RoleNames)],
    MaxDepth = 4,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JoinBody))]
internal sealed partial class JoinJson : JsonSerializerContext;

/// <summary>What a node asks when it wants to become a member; read, it is proven to have the key that it names.</summary>
public sealed record JoinRequest
{
    /// <summary>Longest body, in bytes.</summary>
    public const int BodyLimitBytes = 8 * 1024;

    /// <summary>Longest request for a certificate, in bytes; ours have some 250.</summary>
    public const int CsrLimitBytes = 2048;

    private const int VersionLengthLimit = 64;

    /// <summary>The name that it wants.</summary>
    public required string Name { get; init; }

    /// <summary>Version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>Its public key, ECDSA on P-256.</summary>
    public required PublicKey Key { get; init; }

    /// <summary>Where links reach it, by its own word.</summary>
    public required IReadOnlyList<string> Endpoints { get; init; }

    /// <summary>The institution that it says to belong to; may be empty.</summary>
    public required string Institution { get; init; }

    /// <summary>The role that it asks for; the administrator decides.</summary>
    public required NodeRole Role { get; init; }

    /// <summary>Its clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Writes a body; the request for a certificate in it is signed with the key.</summary>
    public static byte[] Write(
        string name, string version, ECDsa key, IReadOnlyList<string> endpoints, string institution, NodeRole role, DateTimeOffset time) =>
        JsonSerializer.SerializeToUtf8Bytes(new JoinBody(name, version, WriteCsr(name, key), endpoints, institution, role, time), JoinJson.Default.JoinBody);

    /// <summary>Writes a request for a certificate (PKCS #10, DER), signed with the key.</summary>
    public static byte[] WriteCsr(string name, ECDsa key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    /// <summary>Reads a body that a stranger sent.</summary>
    /// <exception cref="NetworkDocumentException">It is not as described, or the key is not proven.</exception>
    public static JoinRequest Read(ReadOnlySpan<byte> body)
    {
        if (body.Length is 0 or > BodyLimitBytes)
        {
            throw new NetworkDocumentException($"The request is empty or longer than {BodyLimitBytes} bytes.");
        }

        var read = DocumentJson.Read(body, JoinJson.Default.JoinBody);
        if (!MemberName.IsValid(read.Name))
        {
            throw new NetworkDocumentException($"A name has 1 to {MemberName.LengthLimit} letters, digits, hyphens, underscores or dots.");
        }

        var isValid = read.Version.Length is > 0 and <= VersionLengthLimit && MemberName.IsTitleOrEmpty(read.Version)
            && MemberName.IsTitleOrEmpty(read.Institution) && Enum.IsDefined(read.Role)
            && read.Endpoints.Count <= RosterMember.EndpointLimit && read.Endpoints.All(e => e is not null && MemberName.IsEndpoint(e));
        return isValid
            ? new JoinRequest
            {
                Name = read.Name,
                Version = read.Version,
                Key = ReadCsr(read.Csr),
                Endpoints = read.Endpoints,
                Institution = read.Institution,
                Role = read.Role,
                Time = read.Time,
            }
            : throw new NetworkDocumentException("The request is not as described.");
    }

    /// <summary>The key of a request for a certificate, whose holder signed it. The names in it count for nothing.</summary>
    /// <exception cref="NetworkDocumentException">It is not signed with its key, or the key is not ECDSA on P-256.</exception>
    public static PublicKey ReadCsr(byte[] csr)
    {
        if (csr.Length > CsrLimitBytes)
        {
            throw new NetworkDocumentException("The request for a certificate is too long.");
        }

        try
        {
            var request = CertificateRequest.LoadSigningRequest(csr, HashAlgorithmName.SHA256);
            return Certificates.IsP256(request.PublicKey)
                ? request.PublicKey
                : throw new NetworkDocumentException("The key is not ECDSA on P-256.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new NetworkDocumentException("The request for a certificate is not signed with its key.", e);
        }
    }
}
