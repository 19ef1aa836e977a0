using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Identities;

/// <summary>What a signed document says. The numbers are on disk and on the wire and never change.</summary>
public enum DocumentKind : byte
{
    /// <summary>Who is a member.</summary>
    Roster = 1,

    /// <summary>Who is no longer.</summary>
    DenyList = 2,

    /// <summary>Which roots are trusted.</summary>
    TrustBundle = 3,
}

/// <summary>A document with the certificate of its signer and the signature; see docs/formats/network.md.</summary>
/// <remarks>Reading one proves its shape only; <see cref="TrustBundle"/> says whether the signer may sign it.</remarks>
public sealed class SignedDocument : IDisposable
{
    /// <summary>Longest certificate of a signer, in bytes; ours have some 600.</summary>
    public const int SignerLimitBytes = 2048;

    /// <summary>Longest document of any kind, in bytes.</summary>
    public const int LimitBytes = RosterLimitBytes + SignerLimitBytes + FixedBytes;

    private const int RosterLimitBytes = 4 * 1024 * 1024;
    private const int DenyListLimitBytes = 1024 * 1024;
    private const int TrustBundleLimitBytes = 64 * 1024;
    private const int SignatureBytes = 64;
    private const int SignerOffset = 7;
    private const int FixedBytes = SignerOffset + sizeof(uint) + SignatureBytes;

    private readonly int _payloadOffset;
    private readonly int _payloadLength;

    private SignedDocument(DocumentKind kind, ReadOnlyMemory<byte> bytes, X509Certificate2 signer, int payloadOffset, int payloadLength)
    {
        Kind = kind;
        Bytes = bytes;
        Signer = signer;
        _payloadOffset = payloadOffset;
        _payloadLength = payloadLength;
    }

    private static ReadOnlySpan<byte> Magic => "PNS1"u8;

    /// <summary>What it says.</summary>
    public DocumentKind Kind { get; }

    /// <summary>The whole of it, as it is kept and sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Who signed it, by its own word.</summary>
    public X509Certificate2 Signer { get; }

    /// <summary>The JSON inside.</summary>
    public ReadOnlySpan<byte> Payload => Bytes.Span.Slice(_payloadOffset, _payloadLength);

    /// <summary>Longest payload of a kind, in bytes; 0 when there is no such kind.</summary>
    public static int PayloadLimitBytes(DocumentKind kind) => kind switch
    {
        DocumentKind.Roster => RosterLimitBytes,
        DocumentKind.DenyList => DenyListLimitBytes,
        DocumentKind.TrustBundle => TrustBundleLimitBytes,
        _ => 0,
    };

    /// <summary>Reads the first document of some bytes.</summary>
    /// <param name="bytes">They must stay as they are.</param>
    /// <param name="consumedBytes">Its length.</param>
    /// <exception cref="NetworkDocumentException">There is none, or it is cut off.</exception>
    public static SignedDocument Read(ReadOnlyMemory<byte> bytes, out int consumedBytes)
    {
        var span = bytes.Span;
        if (span.Length < SignerOffset || !span.StartsWith(Magic))
        {
            throw new NetworkDocumentException("It does not begin as a signed document does.");
        }

        var kind = (DocumentKind)span[4];
        var payloadLimit = PayloadLimitBytes(kind);
        if (payloadLimit == 0)
        {
            throw new NetworkDocumentException($"There is no document of kind {(byte)kind}.");
        }

        var signerLength = BinaryPrimitives.ReadUInt16BigEndian(span[5..]);
        var payloadOffset = SignerOffset + signerLength + sizeof(uint);
        if (signerLength is 0 or > SignerLimitBytes || span.Length < payloadOffset)
        {
            throw new NetworkDocumentException("Its signer's certificate is too long, empty or cut off.");
        }

        var payloadLength = BinaryPrimitives.ReadUInt32BigEndian(span[(payloadOffset - sizeof(uint))..]);
        if (payloadLength == 0 || payloadLength > payloadLimit || span.Length - payloadOffset < payloadLength + SignatureBytes)
        {
            throw new NetworkDocumentException("Its content is too long, empty or cut off.");
        }

        consumedBytes = payloadOffset + (int)payloadLength + SignatureBytes;
        var signer = Certificates.Read(span.Slice(SignerOffset, signerLength));
        return new SignedDocument(kind, bytes[..consumedBytes], signer, payloadOffset, (int)payloadLength);
    }

    /// <summary>Reads bytes that are one document and nothing else.</summary>
    /// <exception cref="NetworkDocumentException">They are not.</exception>
    public static SignedDocument Read(ReadOnlyMemory<byte> bytes)
    {
        var document = Read(bytes, out var consumed);
        if (consumed == bytes.Length)
        {
            return document;
        }

        document.Dispose();
        throw new NetworkDocumentException("Something follows the signature.");
    }

    /// <summary>Writes and signs a document.</summary>
    /// <exception cref="NetworkDocumentException">The payload is longer than the kind allows.</exception>
    public static SignedDocument Sign(DocumentKind kind, ReadOnlySpan<byte> payload, X509Certificate2 signer, ECDsa key)
    {
        if (payload.Length > PayloadLimitBytes(kind))
        {
            throw new NetworkDocumentException("The network has grown beyond what one document holds.");
        }

        var certificate = signer.RawDataMemory.Span;
        var bytes = new byte[FixedBytes + certificate.Length + payload.Length];
        Magic.CopyTo(bytes);
        bytes[4] = (byte)kind;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(5), (ushort)certificate.Length);
        certificate.CopyTo(bytes.AsSpan(SignerOffset));
        var rest = bytes.AsSpan(SignerOffset + certificate.Length);
        BinaryPrimitives.WriteUInt32BigEndian(rest, (uint)payload.Length);
        payload.CopyTo(rest[sizeof(uint)..]);
        key.SignData(bytes.AsSpan(0, bytes.Length - SignatureBytes), bytes.AsSpan(bytes.Length - SignatureBytes), HashAlgorithmName.SHA256);
        return Read(bytes);
    }

    /// <summary>Whether the signer that it names made the signature.</summary>
    public bool IsSigned()
    {
        try
        {
            using var key = Signer.GetECDsaPublicKey();
            var span = Bytes.Span;
            return key is not null && key.VerifyData(span[..^SignatureBytes], span[^SignatureBytes..], HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            // The certificate holds no key that can be read.
            return false;
        }
    }

    /// <summary>Forgets the signer's certificate.</summary>
    public void Dispose() => Signer.Dispose();
}
