using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Access;

/// <summary>SHA-256 of a certificate as DER, the way `openssl x509 -fingerprint -sha256` prints it; colons and case do not matter.</summary>
public static class CertificateFingerprint
{
    private const int HexLength = SHA256.HashSizeInBytes * 2;

    /// <summary>The fingerprint as 64 lower-case hexadecimal digits.</summary>
    public static string Of(X509Certificate2 certificate) => Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));

    /// <summary>True for 64 hexadecimal digits, with or without colons.</summary>
    public static bool IsValid(string text)
    {
        var plain = Normalize(text);
        return plain.Length == HexLength && plain.All(char.IsAsciiHexDigit);
    }

    /// <summary>True when the text names this certificate.</summary>
    public static bool Matches(string text, X509Certificate2 certificate) =>
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(Normalize(text)), System.Text.Encoding.ASCII.GetBytes(Of(certificate)));

    private static string Normalize(string text) => text.Replace(":", "").ToLowerInvariant();
}
