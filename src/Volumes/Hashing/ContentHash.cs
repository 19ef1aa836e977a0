using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Panal.Volumes;

/// <summary>
/// 32 bytes that name a content: the Merkle tree hash of RFC 9162 §2.1.1 with SHA-256 over blocks of 65,536 bytes.
/// See docs/formats/content-hash.md.
/// </summary>
public readonly record struct ContentHash : ISpanFormattable
{
    /// <summary>Length of a hash, in bytes.</summary>
    public const int LengthBytes = 32;

    /// <summary>Length of the blocks that are the leaves of the tree, in bytes; the last may be shorter.</summary>
    public const int BlockBytes = 65_536;

    private readonly Bytes _bytes;

    /// <summary>Takes over the 32 bytes of a hash.</summary>
    /// <exception cref="ArgumentException">There are more or fewer bytes than 32.</exception>
    public ContentHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != LengthBytes)
        {
            throw new ArgumentException("A content hash has 32 bytes.", nameof(bytes));
        }

        bytes.CopyTo(_bytes);
    }

    /// <summary>The hash of a content that lies in memory as a whole.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content)
    {
        using var hasher = new ContentHasher();
        hasher.Append(content);
        return hasher.Complete();
    }

    /// <summary>Writes the 32 bytes to a buffer.</summary>
    public void CopyTo(Span<byte> destination) => ((ReadOnlySpan<byte>)_bytes).CopyTo(destination);

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray() => ((ReadOnlySpan<byte>)_bytes).ToArray();

    /// <summary>Reads 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static ContentHash Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var hash) ? hash : throw new FormatException("A content hash is written as 64 hexadecimal digits.");

    /// <summary>Reads 64 hexadecimal digits; false if the text is something else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ContentHash hash)
    {
        Span<byte> bytes = stackalloc byte[LengthBytes];
        hash = default;
        if (text.Length != LengthBytes * 2
            || Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        hash = new ContentHash(bytes);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(ContentHash other) => ((ReadOnlySpan<byte>)_bytes).SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(_bytes);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(_bytes);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Convert.TryToHexStringLower(_bytes, destination, out charsWritten);

    [InlineArray(LengthBytes)]
    [SuppressMessage("Style", "IDE0044", Justification = "An inline array's field is written through its span.")]
    private struct Bytes
    {
        private byte _first;
    }
}
