using System.Numerics;
using System.Security.Cryptography;
using Panal.Volumes;

namespace Panal.Swarm.Pieces;

/// <summary>
/// What is known of the hash tree of one object: the nodes on the paths of the blocks that were proved. Proves to others every block that
/// was proved to it, with RFC 9162 §2.1.3.1; takes nothing that does not lead to the hash of the object. See docs/formats/transfer.md.
/// </summary>
/// <remarks>
/// Nodes are kept a level: level 0 has the leaves, each level above half of them, rounded up, where a last node without a sibling moves up
/// unchanged. That is the tree of RFC 9162 §2.1.1, whose left subtrees are full. Not for several threads at once.
/// </remarks>
internal sealed class BlockTree
{
    /// <summary>Most hashes of a proof: an object of 2^22 blocks (256 GiB).</summary>
    public const int MaxProofHashes = 22;

    private const int HashBytes = ContentHash.LengthBytes;

    private readonly int[] _levelStarts;            // first node of each level, and the number of nodes
    private readonly byte[] _nodes;
    private readonly BlockSet _proved;              // a sibling's hash may be known without its block having been proved

    /// <summary>The tree of an object of which nothing is known but its hash.</summary>
    /// <param name="root">The content hash.</param>
    /// <param name="blocks">Blocks of the object, 1 to <see cref="BlockMap.MaxBlocks"/>.</param>
    public BlockTree(ContentHash root, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, BlockMap.MaxBlocks);
        Blocks = blocks;
        var levels = blocks == 1 ? 1 : BitOperations.Log2((uint)blocks - 1) + 2;
        _levelStarts = new int[levels + 1];
        for (var (level, width) = (0, blocks); level < levels; level++, width = (width + 1) / 2)
        {
            _levelStarts[level + 1] = _levelStarts[level] + width;
        }

        _nodes = new byte[_levelStarts[levels] * HashBytes];
        _proved = new BlockSet(blocks);
        root.CopyTo(Node(levels - 1, 0));
    }

    /// <summary>Blocks of the object.</summary>
    public int Blocks { get; }

    private int Levels => _levelStarts.Length - 1;

    /// <summary>The whole tree of an object that is at hand, from the hashes of its blocks; null if they do not lead to its hash.</summary>
    public static BlockTree? TryBuild(ContentHash root, ReadOnlySpan<byte> leafHashes)
    {
        var tree = new BlockTree(root, leafHashes.Length / HashBytes);
        Span<byte> expected = stackalloc byte[HashBytes];
        root.CopyTo(expected);
        leafHashes.CopyTo(tree._nodes);
        for (var level = 0; level + 1 < tree.Levels; level++)
        {
            for (var i = 0; i < tree.Width(level + 1); i++)
            {
                tree.Parent(level, i * 2, tree.Node(level, i * 2), tree.Node(level + 1, i));
            }
        }

        tree._proved.Fill();
        return tree.Node(tree.Levels - 1, 0).SequenceEqual(expected) ? tree : null;
    }

    /// <summary>The hash of a block's bytes as a leaf (RFC 9162 §2.1.1); of no bytes, the hash of the empty list.</summary>
    public static void HashBlock(ReadOnlySpan<byte> bytes, IncrementalHash sha256, Span<byte> hash)
    {
        if (!bytes.IsEmpty)
        {
            sha256.AppendData([0x00]);
        }

        sha256.AppendData(bytes);
        sha256.GetHashAndReset(hash);
    }

    /// <summary>Hashes of the proof of a block: one for each level on which its path has a sibling.</summary>
    public int ProofHashes(int block) => ProofHashes(Blocks, block);

    /// <summary>The same for a block of an object of so many blocks.</summary>
    public static int ProofHashes(int blocks, int block)
    {
        var hashes = 0;
        for (var (index, width) = (block, blocks); width > 1; (index, width) = (index / 2, (width + 1) / 2))
        {
            hashes += (index ^ 1) < width ? 1 : 0;
        }

        return hashes;
    }

    /// <summary>True if the block was proved, or the tree built; then it can be proved to others.</summary>
    public bool IsProved(int block) => _proved.Contains(block);

    /// <summary>Writes the proof of a block, lowest sibling first; returns its length in bytes.</summary>
    /// <exception cref="InvalidOperationException">The block was never proved.</exception>
    public int WriteProof(int block, Span<byte> proof)
    {
        if (!IsProved(block))
        {
            throw new InvalidOperationException("Nobody proved this block.");
        }

        var written = 0;
        for (var level = 0; level + 1 < Levels; level++)
        {
            var sibling = block >> level ^ 1;
            if (sibling < Width(level))
            {
                Node(level, sibling).CopyTo(proof[written..]);
                written += HashBytes;
            }
        }

        return written;
    }

    /// <summary>Checks that a block with this hash belongs where it is said to, without a tree.</summary>
    /// <param name="root">The content hash.</param>
    /// <param name="blocks">Blocks of the object.</param>
    /// <param name="block">Number of the block within the object.</param>
    /// <param name="leafHash">The hash of its bytes.</param>
    /// <param name="proof">Its proof.</param>
    public static bool IsProof(ContentHash root, int blocks, int block, ReadOnlySpan<byte> leafHash, ReadOnlySpan<byte> proof)
    {
        if ((uint)block >= (uint)blocks || leafHash.Length != HashBytes)
        {
            return false;
        }

        Span<byte> node = stackalloc byte[HashBytes];
        leafHash.CopyTo(node);
        for (var (index, width) = (block, blocks); width > 1; (index, width) = (index / 2, (width + 1) / 2))
        {
            if ((index ^ 1) >= width)
            {
                continue;
            }

            if (proof.Length < HashBytes)
            {
                return false;
            }

            Hash(index % 2 == 0 ? node : proof[..HashBytes], index % 2 == 0 ? proof[..HashBytes] : node, node);
            proof = proof[HashBytes..];
        }

        Span<byte> expected = stackalloc byte[HashBytes];
        root.CopyTo(expected);
        return proof.IsEmpty && node.SequenceEqual(expected);
    }

    /// <summary>Checks that a block with this hash belongs where it is said to, and remembers its path; false changes nothing.</summary>
    public bool TryProve(int block, ReadOnlySpan<byte> leafHash, ReadOnlySpan<byte> proof)
    {
        if ((uint)block >= (uint)Blocks || leafHash.Length != HashBytes || proof.Length != ProofHashes(block) * HashBytes)
        {
            return false;
        }

        Span<byte> path = stackalloc byte[(MaxProofHashes + 1) * HashBytes];
        leafHash.CopyTo(path);
        var rest = proof;
        for (var level = 0; level + 1 < Levels; level++)
        {
            var from = path.Slice(level * HashBytes, HashBytes);
            var to = path.Slice((level + 1) * HashBytes, HashBytes);
            var index = block >> level;
            if ((index ^ 1) >= Width(level))
            {
                from.CopyTo(to);
                continue;
            }

            Hash(index % 2 == 0 ? from : rest[..HashBytes], index % 2 == 0 ? rest[..HashBytes] : from, to);
            rest = rest[HashBytes..];
        }

        if (!path.Slice((Levels - 1) * HashBytes, HashBytes).SequenceEqual(Node(Levels - 1, 0)))
        {
            return false;
        }

        Remember(block, path, proof);
        return true;
    }

    private void Remember(int block, ReadOnlySpan<byte> path, ReadOnlySpan<byte> proof)
    {
        for (var level = 0; level + 1 < Levels; level++)
        {
            var index = block >> level;
            path.Slice(level * HashBytes, HashBytes).CopyTo(Node(level, index));
            if ((index ^ 1) < Width(level))
            {
                proof[..HashBytes].CopyTo(Node(level, index ^ 1));
                proof = proof[HashBytes..];
            }
        }

        _proved.Add(block);
    }

    private int Width(int level) => _levelStarts[level + 1] - _levelStarts[level];

    private Span<byte> Node(int level, int index) => _nodes.AsSpan((_levelStarts[level] + index) * HashBytes, HashBytes);

    private void Parent(int level, int left, ReadOnlySpan<byte> leftHash, Span<byte> parent)
    {
        if (left + 1 < Width(level))
        {
            Hash(leftHash, Node(level, left + 1), parent);
        }
        else
        {
            leftHash.CopyTo(parent);
        }
    }

    private static void Hash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> node)
    {
        Span<byte> both = stackalloc byte[1 + 2 * HashBytes];
        both[0] = 0x01;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + HashBytes)..]);
        SHA256.HashData(both, node);
    }
}
