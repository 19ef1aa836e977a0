using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Panal.Security.Accounts;

/// <summary>Random secrets that nobody types: tokens, links, session cookies; at rest there is only their SHA-256.</summary>
internal static class Secret
{
    private const int LengthBytes = 32;
    private const int IdLengthBytes = 10;

    /// <summary>A new secret of 256 bits, Base64url: 43 characters.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(LengthBytes));

    /// <summary>A new identifier of 80 bits, Base32: 16 characters.</summary>
    public static string CreateId() => Base32.Encode(RandomNumberGenerator.GetBytes(IdLengthBytes));

    /// <summary>What is kept of a secret.</summary>
    public static string Digest(string secret) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whether two texts are the same, in a time that tells nothing about where they differ.</summary>
    public static bool AreSame(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
