using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Panal.Security.Accounts;

/// <summary>Time-based one-time passwords of six digits that change every 30 s: RFC 6238 with HMAC-SHA-1, as every authenticator knows it.</summary>
public static class OneTimePassword
{
    /// <summary>Length of a key, in bytes: that of the hash, RFC 4226 §4.</summary>
    public const int KeyLengthBytes = 20;

    private const int Digits = 6;
    private const int StepSeconds = 30;

    /// <summary>Steps before and after the present one that are taken, for clocks that are wrong (RFC 6238 §5.2).</summary>
    private const int Drift = 1;

    /// <summary>Makes a key, in Base32.</summary>
    public static string CreateKey() => Base32.Encode(RandomNumberGenerator.GetBytes(KeyLengthBytes)).ToUpperInvariant();

    /// <summary>What an authenticator reads from a QR code: the key URI of account and issuer.</summary>
    public static string KeyUri(string key, string account, string issuer) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(account)}?secret={key}&issuer={Uri.EscapeDataString(issuer)}";

    /// <summary>Checks a code; a step that was used before, or one before it, is not taken again (RFC 6238 §5.2).</summary>
    /// <param name="key">The key in Base32.</param>
    /// <param name="code">Six digits.</param>
    /// <param name="now">The time.</param>
    /// <param name="lastStep">The step of the last code that was taken; 0 for none.</param>
    /// <param name="step">The step of this code.</param>
    public static bool TryVerify(string key, string code, DateTimeOffset now, long lastStep, out long step)
    {
        step = 0;
        if (code.Length != Digits || !code.All(char.IsAsciiDigit) || !Base32.TryDecode(key, out var bytes) || bytes.Length == 0)
        {
            return false;
        }

        var present = now.ToUnixTimeSeconds() / StepSeconds;
        for (var candidate = present - Drift; candidate <= present + Drift; candidate++)
        {
            var expected = Compute(HashAlgorithmName.SHA1, bytes, candidate, Digits);
            if (candidate > lastStep && CryptographicOperations.FixedTimeEquals(Ascii(expected), Ascii(code)))
            {
                step = candidate;
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the code of a step would be taken now, were it not used.</summary>
    internal static bool IsInTime(long step, DateTimeOffset now) => Math.Abs(step - (now.ToUnixTimeSeconds() / StepSeconds)) <= Drift;

    /// <summary>The code of one step: dynamic truncation of RFC 4226 §5.3.</summary>
    internal static string Compute(HashAlgorithmName algorithm, ReadOnlySpan<byte> key, long step, int digits)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA512.HashSizeInBytes];
        var length = CryptographicOperations.HmacData(algorithm, key, counter, hash);
        var offset = hash[length - 1] & 0x0F;
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[offset..]) & int.MaxValue;
        var modulus = 1L;
        for (var i = 0; i < digits; i++)
        {
            modulus *= 10;
        }

        return (number % modulus).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    private static byte[] Ascii(string digits) => System.Text.Encoding.ASCII.GetBytes(digits);
}

/// <summary>Base32 without padding, RFC 4648 §6; lower case when written, any case when read.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int TextLimit = 256;

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[((bytes.Length * 8) + 4) / 5];
        for (var i = 0; i < text.Length; i++)
        {
            var bit = i * 5;
            var high = bytes[bit / 8] << 8;
            var low = (bit / 8) + 1 < bytes.Length ? bytes[(bit / 8) + 1] : 0;
            text[i] = Alphabet[((high | low) >> (11 - (bit % 8))) & 31];
        }

        return new string(text);
    }

    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length > TextLimit)
        {
            return false;
        }

        var decoded = new byte[text.Length * 5 / 8];
        for (var i = 0; i < text.Length; i++)
        {
            var value = Alphabet.IndexOf(char.ToLowerInvariant(text[i]), StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            for (var b = 0; b < 5; b++)
            {
                var bit = (i * 5) + b;
                if (bit / 8 < decoded.Length)
                {
                    decoded[bit / 8] |= (byte)(((value >> (4 - b)) & 1) << (7 - (bit % 8)));
                }
            }
        }

        bytes = decoded;
        return true;
    }
}
