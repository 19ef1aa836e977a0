using System.Numerics;
using System.Security.Cryptography;

namespace Panal.Volumes;

/// <summary>
/// Computes a <see cref="ContentHash"/> while bytes pass by; keeps one hash per level of the tree, nothing else.
/// Reusable; not for several threads at once. See docs/formats/content-hash.md.
/// </summary>
public sealed class ContentHasher : IDisposable
{
    private const int MaxLevels = 48;           // 2^48 blocks of 64 KiB: more than a length in 63 bits can have
    private const int HashBytes = ContentHash.LengthBytes;

    private readonly IncrementalHash _block = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _stack = new byte[MaxLevels * HashBytes];
    private int _depth;
    private int _blockLength;
    private long _blocks;

    /// <summary>Bytes appended since the start or the last <see cref="Complete"/>.</summary>
    public long LengthBytes => _blocks * ContentHash.BlockBytes + _blockLength;

    /// <summary>Appends bytes; allocates nothing.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_blockLength == 0)
            {
                _block.AppendData([0x00]);           // RFC 9162 §2.1.1: leaves and nodes never hash alike
            }

            var taken = Math.Min(bytes.Length, ContentHash.BlockBytes - _blockLength);
            _block.AppendData(bytes[..taken]);
            _blockLength += taken;
            bytes = bytes[taken..];
            if (_blockLength == ContentHash.BlockBytes)
            {
                CloseBlock();
            }
        }
    }

    /// <summary>The hash of everything appended; the hasher is then ready for the next content.</summary>
    public ContentHash Complete()
    {
        if (_blockLength > 0)
        {
            CloseBlock();
        }

        if (_depth == 0)
        {
            Span<byte> empty = stackalloc byte[HashBytes];
            SHA256.HashData([], empty);              // RFC 9162 §2.1.1: the hash of an empty list
            return new ContentHash(empty);
        }

        while (_depth > 1)
        {
            Merge();
        }

        var hash = new ContentHash(_stack.AsSpan(0, HashBytes));
        (_depth, _blocks) = (0, 0);
        return hash;
    }

    /// <summary>Forgets what was appended.</summary>
    public void Reset()
    {
        if (_blockLength > 0)
        {
            Span<byte> dropped = stackalloc byte[HashBytes];
            _block.GetHashAndReset(dropped);
        }

        (_depth, _blocks, _blockLength) = (0, 0, 0);
    }

    private void CloseBlock()
    {
        _block.GetHashAndReset(_stack.AsSpan(_depth * HashBytes, HashBytes));
        _depth++;
        _blocks++;
        _blockLength = 0;

        // Two full subtrees of one size become one; as many times as the count of blocks is even.
        for (var merges = BitOperations.TrailingZeroCount(_blocks); merges > 0 && _depth > 1; merges--)
        {
            Merge();
        }
    }

    private void Merge()
    {
        Span<byte> node = stackalloc byte[1 + 2 * HashBytes];
        var left = _stack.AsSpan((_depth - 2) * HashBytes, 2 * HashBytes);
        node[0] = 0x01;
        left.CopyTo(node[1..]);
        SHA256.HashData(node, left[..HashBytes]);
        _depth--;
    }

    /// <inheritdoc/>
    public void Dispose() => _block.Dispose();
}
