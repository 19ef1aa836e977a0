using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Panal.Security.Joining;

/// <summary>A token that lets one node in without anybody watching; see docs/formats/join.md. It names the authority too.</summary>
public sealed class Invitation
{
    /// <summary>How long one is good for: it is meant to be typed or pasted now.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    private const int SecretBytes = 16;
    private const int TextLength = (SHA256.HashSizeInBytes + SecretBytes) / 3 * 4;

    private readonly byte[] _secret;

    private Invitation(string fingerprint, byte[] secret)
    {
        Fingerprint = fingerprint;
        _secret = secret;
    }

    /// <summary>Fingerprint of the authority, 64 hexadecimal digits.</summary>
    public string Fingerprint { get; }

    internal ReadOnlyMemory<byte> Secret => _secret;

    /// <summary>Makes one with 128 random bits.</summary>
    public static Invitation Create(string fingerprint) => new(fingerprint, RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Reads the 64 characters.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Invitation? invitation)
    {
        invitation = null;
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes + SecretBytes];
        if (text.Length != TextLength || !text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            || !Base64Url.TryDecodeFromUtf8(Encoding.ASCII.GetBytes(text), bytes, out var written) || written != bytes.Length)
        {
            return false;
        }

        invitation = new Invitation(Convert.ToHexStringLower(bytes[..SHA256.HashSizeInBytes]), bytes[SHA256.HashSizeInBytes..].ToArray());
        return true;
    }

    /// <summary>The 64 characters: a secret, for the one who joins.</summary>
    public string ToText() => Base64Url.EncodeToString([.. Convert.FromHexString(Fingerprint), .. _secret]);

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}
