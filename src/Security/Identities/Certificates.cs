using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Identities;

/// <summary>What the certificates of a network have in common; see docs/formats/network.md.</summary>
public static class Certificates
{
    internal const string SubjectAlternativeName = "2.5.29.17";
    internal const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    internal const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private const string NistP256 = "1.2.840.10045.3.1.7";

    // uniformResourceIdentifier [6], RFC 5280 §4.2.1.6.
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);

    /// <summary>Reads a certificate in DER.</summary>
    /// <exception cref="NetworkDocumentException">It is none.</exception>
    public static X509Certificate2 Read(ReadOnlySpan<byte> der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException e)
        {
            throw new NetworkDocumentException("It is not a certificate.", e);
        }
    }

    /// <summary>SHA-256 of a certificate, 64 hexadecimal digits: of a root, the fingerprint of the authority.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    /// <summary>Reads a fingerprint as people type it: any case, colons and spaces between; null when it is none.</summary>
    public static string? ParseFingerprint(string text)
    {
        var digits = text.Replace(":", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        return digits.Length == 2 * SHA256.HashSizeInBytes && digits.All(char.IsAsciiHexDigitLower) ? digits : null;
    }

    /// <summary>SHA-256 of a public key (SubjectPublicKeyInfo), 64 hexadecimal digits: what a member is recognised by when it asks again.</summary>
    public static string KeyHash(PublicKey key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Whether a public key is one of ECDSA on P-256, the only kind in a network.</summary>
    public static bool IsP256(PublicKey key)
    {
        try
        {
            using var ecdsa = key.GetECDsaPublicKey();
            return ecdsa?.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == NistP256;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    internal static bool IsAuthority(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
        }
        catch (CryptographicException)
        {
            // The extension is broken inside.
            return false;
        }
    }

    /// <summary>The URIs among the alternative names; none when the extension cannot be read.</summary>
    internal static IReadOnlyList<string> Uris(X509Certificate2 certificate)
    {
        var uris = new List<string>();
        try
        {
            foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == SubjectAlternativeName))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(UriName))
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriName));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
        }
        catch (AsnContentException)
        {
            return [];
        }

        return uris;
    }
}
