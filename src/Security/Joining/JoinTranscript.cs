using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Joining;

/// <summary>
/// What both sides of a join saw, as one hash; see docs/formats/join.md. A man in the middle must give one side a key, a root or a nonce
/// of his own, and then the two authentication strings differ, except with a chance of 1 in 2^40 each time he is seen trying: the node's
/// nonce is committed to before it sees the centre's, and shown after.
/// </summary>
public sealed class JoinTranscript
{
    /// <summary>Bytes of either side's nonce.</summary>
    public const int NonceBytes = 32;

    /// <summary>Bytes of commitments and proofs.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    // Crockford's base 32: no I, L, O, U, which people read and type for others.
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int StringLetters = 8;
    private const int BitsOfLetter = 5;

    private readonly byte[] _hash;

    /// <summary>Hashes what one side saw.</summary>
    public JoinTranscript(Guid network, X509Certificate2 root, ReadOnlySpan<byte> nodeNonce, ReadOnlySpan<byte> centreNonce, ReadOnlySpan<byte> body)
    {
        if (nodeNonce.Length != NonceBytes)
        {
            throw new ArgumentException($"A nonce has {NonceBytes} bytes.", nameof(nodeNonce));
        }

        if (centreNonce.Length != NonceBytes)
        {
            throw new ArgumentException($"A nonce has {NonceBytes} bytes.", nameof(centreNonce));
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("panal join transcript 1"u8);
        hash.AppendData(network.ToByteArray(bigEndian: true));
        hash.AppendData(SHA256.HashData(root.RawDataMemory.Span));
        hash.AppendData(nodeNonce);
        hash.AppendData(centreNonce);
        hash.AppendData(SHA256.HashData(body));
        _hash = hash.GetHashAndReset();
    }

    /// <summary>The short authentication string that people compare: 8 letters and digits as <c>XXXX-XXXX</c>, 40 bits.</summary>
    public string AuthenticationString
    {
        get
        {
            var bits = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(_hash) >> (64 - (StringLetters * BitsOfLetter));
            Span<char> text = stackalloc char[StringLetters];
            for (var i = StringLetters - 1; i >= 0; i--, bits >>= BitsOfLetter)
            {
                text[i] = Letters[(int)(bits & 31)];
            }

            return $"{text[..(StringLetters / 2)]}-{text[(StringLetters / 2)..]}";
        }
    }

    /// <summary>The commitment to a nonce and a body.</summary>
    public static byte[] Commit(ReadOnlySpan<byte> nodeNonce, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("panal join commitment 1"u8);
        hash.AppendData(nodeNonce);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    /// <summary>Whether a nonce and a body are those that were committed to.</summary>
    public static bool IsCommitted(ReadOnlySpan<byte> commitment, ReadOnlySpan<byte> nodeNonce, ReadOnlySpan<byte> body) =>
        nodeNonce.Length == NonceBytes && CryptographicOperations.FixedTimeEquals(commitment, Commit(nodeNonce, body));

    /// <summary>Proves that the node was invited, without showing the secret.</summary>
    public byte[] Prove(Invitation invitation) => HMACSHA256.HashData(invitation.Secret.Span, _hash);

    /// <summary>Whether a proof was made with this invitation for this very exchange.</summary>
    public bool IsProof(ReadOnlySpan<byte> proof, Invitation invitation) => CryptographicOperations.FixedTimeEquals(proof, Prove(invitation));
}
