using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Unit.Swarm.Pieces;

public sealed class BlockTreeTests
{
    private const int HashBytes = 32;

    public static TheoryData<int> Sizes => [.. Enumerable.Range(1, 40), 63, 64, 65, 127, 1_000];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_block_is_proved_alone_with_the_path_of_RFC_9162(int blocks)
    {
        var leaves = Leaves(blocks);
        var tree = BlockTree.TryBuild(new ContentHash(Tree(leaves)), Join(leaves));
        Assert.NotNull(tree);
        for (var block = 0; block < blocks; block++)
        {
            var expected = Path(block, leaves);
            var proof = new byte[BlockTree.MaxProofHashes * HashBytes];
            Assert.Equal(expected.Length, tree.WriteProof(block, proof));
            Assert.Equal(expected, proof[..expected.Length]);
            Assert.Equal(expected.Length, tree.ProofHashes(block) * HashBytes);
            Assert.True(new BlockTree(new ContentHash(Tree(leaves)), blocks).TryProve(block, leaves[block], expected));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(1_000_000)]
    public void The_root_is_the_content_hash_of_the_bytes(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var blocks = (int)BlockMap.BlocksOf(length);
        var leaves = new byte[blocks * HashBytes];
        for (var i = 0; i < blocks; i++)
        {
            var block = content.AsSpan(i * ContentHash.BlockBytes, Math.Min(ContentHash.BlockBytes, length - i * ContentHash.BlockBytes));
            BlockTree.HashBlock(block, sha256, leaves.AsSpan(i * HashBytes, HashBytes));
        }

        Assert.NotNull(BlockTree.TryBuild(ContentHash.Of(content), leaves));
    }

    [Fact]
    public void A_receiver_proves_to_others_what_was_proved_to_it_and_nothing_else()
    {
        var leaves = Leaves(11);
        var root = new ContentHash(Tree(leaves));
        var receiver = new BlockTree(root, 11);
        foreach (var block in new[] { 10, 3, 0, 7 })
        {
            Assert.True(receiver.TryProve(block, leaves[block], Path(block, leaves)));
            var proof = new byte[BlockTree.MaxProofHashes * HashBytes];
            var length = receiver.WriteProof(block, proof);
            Assert.Equal(Path(block, leaves), proof[..length]);
        }

        // The hash of block 2 is known from the proof of block 3; the block is not.
        Assert.False(receiver.IsProved(2));
        Assert.Throws<InvalidOperationException>(() => receiver.WriteProof(2, new byte[BlockTree.MaxProofHashes * HashBytes]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(8)]
    public void A_proof_with_any_byte_changed_or_of_another_length_is_refused_and_changes_nothing(int blocks)
    {
        var leaves = Leaves(blocks);
        var root = new ContentHash(Tree(leaves));
        for (var block = 0; block < blocks; block++)
        {
            var proof = Path(block, leaves);
            var tree = new BlockTree(root, blocks);
            for (var i = 0; i < proof.Length; i++)
            {
                proof[i] ^= 0x20;
                Assert.False(tree.TryProve(block, leaves[block], proof));
                proof[i] ^= 0x20;
                Assert.False(tree.TryProve(block, leaves[block], proof.AsSpan(0, i)));
            }

            Assert.False(tree.TryProve(block, leaves[block], [.. proof, .. new byte[HashBytes]]));
            Assert.False(tree.TryProve(block, SHA256.HashData([1]), proof));
            Assert.False(tree.TryProve(block, leaves[block].AsSpan(1), proof));
            Assert.False(tree.TryProve(blocks, leaves[block], proof));
            Assert.False(tree.TryProve(-1, leaves[block], proof));
            Assert.False(tree.IsProved(block));
            Assert.True(tree.TryProve(block, leaves[block], proof));
        }
    }

    [Fact]
    public void A_block_is_not_proved_at_another_place()
    {
        var leaves = Leaves(9);
        var tree = new BlockTree(new ContentHash(Tree(leaves)), 9);
        for (var block = 0; block < 9; block++)
        {
            for (var place = 0; place < 9; place++)
            {
                Assert.Equal(block == place, tree.TryProve(place, leaves[block], Path(block, leaves)));
            }
        }
    }

    [Fact]
    public void Hashes_that_do_not_lead_to_the_root_make_no_tree()
    {
        var leaves = Leaves(5);
        var root = new ContentHash(Tree(leaves));
        leaves[3][0] ^= 1;
        Assert.Null(BlockTree.TryBuild(root, Join(leaves)));
    }

    private static byte[][] Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => SHA256.HashData(BitConverter.GetBytes(i * 7919)))];

    private static byte[] Join(IEnumerable<byte[]> parts) => [.. parts.SelectMany(p => p)];

    // RFC 9162 §2.1.1, as it is written there.
    private static byte[] Tree(ReadOnlySpan<byte[]> leaves) => leaves.Length == 1
        ? leaves[0]
        : SHA256.HashData([1, .. Tree(leaves[..Split(leaves.Length)]), .. Tree(leaves[Split(leaves.Length)..])]);

    // RFC 9162 §2.1.3.1.
    private static byte[] Path(int block, ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        var split = Split(leaves.Length);
        return block < split
            ? [.. Path(block, leaves[..split]), .. Tree(leaves[split..])]
            : [.. Path(block - split, leaves[split..]), .. Tree(leaves[..split])];
    }

    private static int Split(int count)
    {
        var split = 1;
        while (split * 2 < count)
        {
            split *= 2;
        }

        return split;
    }
}
