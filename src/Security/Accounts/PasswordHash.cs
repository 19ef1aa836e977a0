using System.Globalization;
using System.Security.Cryptography;

namespace Panal.Security.Accounts;

/// <summary>Passwords at rest: PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), the parameters with the hash; see docs/formats/accounts.md.</summary>
public static class PasswordHash
{
    /// <summary>Shortest password, in characters: with a lock-out, twelve cannot be guessed from outside.</summary>
    public const int ShortestLength = 12;

    /// <summary>Longest password, in characters: hashing it must not be a load.</summary>
    public const int LongestLength = 256;

    /// <summary>Rounds of a new hash: what OWASP asks for PBKDF2-HMAC-SHA256.</summary>
    public const int Iterations = 600_000;

    private const string Scheme = "pbkdf2-sha256";
    private const int FewestIterations = 100_000;
    private const int MostIterations = 10_000_000;
    private const int SaltLengthBytes = 16;
    private const int SaltLimitBytes = 64;
    private const int HashLengthBytes = 32;
    private const int TextLimit = 256;

    // Somebody who does not exist is checked against this one, so that the time of an answer does not tell who exists.
    private static readonly Lazy<string> Nobody = new(() => Create(Convert.ToBase64String(RandomNumberGenerator.GetBytes(HashLengthBytes))));

    /// <summary>Hashes a password with a new salt.</summary>
    public static string Create(string password) => Create(password, RandomNumberGenerator.GetBytes(SaltLengthBytes), Iterations);

    /// <summary>Whether a password is the one that was hashed; takes as long for one that cannot be (<paramref name="hash"/> empty).</summary>
    public static bool Verify(string password, string hash)
    {
        var isThere = TryParse(hash, out var iterations, out var salt, out var expected);
        if (!isThere)
        {
            _ = TryParse(Nobody.Value, out iterations, out salt, out expected);
        }

        Span<byte> actual = stackalloc byte[HashLengthBytes];
        Rfc2898DeriveBytes.Pbkdf2(password.Length <= LongestLength ? password : "", salt, actual, iterations, HashAlgorithmName.SHA256);
        var isSame = CryptographicOperations.FixedTimeEquals(actual, expected);
        return isSame && isThere && password.Length <= LongestLength;
    }

    /// <summary>True for text that <see cref="Verify"/> can use.</summary>
    public static bool IsValid(string hash) => TryParse(hash, out _, out _, out _);

    /// <summary>True when a new hash would be stronger.</summary>
    public static bool IsWeak(string hash) => TryParse(hash, out var iterations, out _, out _) && iterations < Iterations;

    /// <summary>Why a password cannot be taken, or null when it can.</summary>
    public static string? Objection(string password, string accountName)
    {
        if (password.Length is < ShortestLength or > LongestLength)
        {
            return $"A password has {ShortestLength} to {LongestLength} characters.";
        }

        if (password.Distinct().Count() < 5)
        {
            return "A password has at least 5 different characters.";
        }

        return accountName.Length > 3 && password.Contains(accountName, StringComparison.OrdinalIgnoreCase)
            ? "A password does not contain the name of its account."
            : null;
    }

    internal static string Create(string password, byte[] salt, int iterations)
    {
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashLengthBytes);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    private static bool TryParse(string text, out int iterations, out byte[] salt, out byte[] hash)
    {
        (iterations, salt, hash) = (0, [], []);
        if (text.Length > TextLimit)
        {
            return false;
        }

        var parts = text.Split('$');
        if (parts.Length != 4 || parts[0] != Scheme
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out iterations)
            || iterations is < FewestIterations or > MostIterations)
        {
            return false;
        }

        return TryBytes(parts[2], SaltLengthBytes, SaltLimitBytes, out salt) && TryBytes(parts[3], HashLengthBytes, HashLengthBytes, out hash);
    }

    private static bool TryBytes(string text, int shortest, int longest, out byte[] bytes)
    {
        bytes = [];
        Span<byte> buffer = stackalloc byte[TextLimit];
        if (!Convert.TryFromBase64String(text, buffer, out var length) || length < shortest || length > longest)
        {
            return false;
        }

        bytes = buffer[..length].ToArray();
        return true;
    }
}
