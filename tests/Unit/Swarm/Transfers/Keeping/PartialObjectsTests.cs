using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Swarm.Transfers;
using Panal.Swarm.Transfers.Keeping;
using Panal.Volumes;
using Panal.Volumes.Files;

namespace Panal.Unit.Swarm.Transfers.Keeping;

public sealed class PartialObjectsTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("panal-unit-").FullName;
    private readonly byte[][] _contents = [Content(150_000, 1), Content(0, 2), Content(70_000, 3)];
    private readonly TransferPlan _plan;
    private readonly Guid _id = Guid.NewGuid();

    public PartialObjectsTests() => _plan = new TransferPlan(
        new TransferScope("1.2.3"), [.. _contents.Select((bytes, i) => new TransferObject(ContentHash.Of(bytes), bytes.Length, i == 0))], TransferPriority.Interactive);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void What_was_kept_is_there_after_a_crash_with_its_proofs()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0, 2, 3);
        partial.Kept(1);

        // No file is closed or synced: as after kill -9.
        var (again, blocks) = Reopen();
        Assert.Equal([0, 2, 3], blocks);
        Assert.Equal((1, true, false), (again.KeptObjects, again.IsKept(1), again.IsKept(0)));
        Assert.Equal(_plan.Objects, again.Plan.Objects);
        Assert.Equal((_plan.Scope, _plan.Priority), (again.Plan.Scope, again.Plan.Priority));
        var (bytes, proof) = (new byte[65_536], new byte[22 * 32]);
        Assert.Equal(ProofOf(2).Length, again.Read(2, bytes, proof));
        Assert.Equal(BlockOf(2), bytes[..BlockOf(2).Length]);
        Assert.Equal(ProofOf(2), proof[..ProofOf(2).Length]);
        Assert.Equal(-1, again.Read(1, bytes, proof));
        again.Release();
        partial.Release();
    }

    [Fact]
    public void A_file_of_proofs_that_is_cut_at_any_byte_gives_the_blocks_before_and_goes_on()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0, 1, 2);
        partial.Kept(0);
        partial.Release();
        var whole = File.ReadAllBytes(PathOf(".proofs"));
        var record = whole.Length / 3;
        for (var length = 0; length <= whole.Length; length += 7)
        {
            File.WriteAllBytes(PathOf(".proofs"), whole[..length]);
            var (again, blocks) = Reopen();
            Assert.True(blocks.SequenceEqual(Enumerable.Range(0, blocks.Count)), $"cut at {length}");
            Assert.InRange(blocks.Count, Math.Min(3, length / (record + 40)), 3);
            Keep(again, 4);
            again.Release();
            Assert.Contains(4, Closing(Reopen()));
        }
    }

    [Theory]
    [InlineData(true, TransferPriority.Interactive)]
    [InlineData(true, TransferPriority.Bulk)]
    [InlineData(false, TransferPriority.Bulk)]
    public void What_it_was_told_last_holds_after_a_crash(bool isPaused, TransferPriority priority)
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0);
        partial.Wish(isPaused: true, TransferPriority.Bulk);
        partial.Wish(isPaused: false, TransferPriority.Interactive);
        partial.Wish(isPaused, priority);
        Keep(partial, 1);
        partial.Release();
        var (again, blocks) = Reopen();
        Assert.Equal([0, 1], blocks);
        Assert.Equal((isPaused, priority), (again.IsPaused, again.Priority));
        again.Release();

        // After its end nobody can tell it anything.
        again.Wish(!isPaused, priority);
    }

    [Fact]
    public void A_wish_of_a_later_version_ends_what_is_believed()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0);
        partial.Wish(isPaused: true, TransferPriority.Bulk);
        Keep(partial, 1);
        partial.Release();
        var proofs = File.ReadAllBytes(PathOf(".proofs"));
        var at = proofs.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[3, 1, 0, 0, 0]);
        proofs[at + 1] = 4;
        File.WriteAllBytes(PathOf(".proofs"), proofs);
        var (again, blocks) = Reopen();
        Assert.Equal([0], blocks);
        Assert.False(again.IsPaused);
        again.Release();
    }

    [Fact]
    public void A_flipped_byte_anywhere_gives_no_block_that_is_false()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0, 1, 2, 4);
        partial.Release();
        foreach (var name in (string[])[".proofs", ".blocks"])
        {
            var whole = File.ReadAllBytes(PathOf(name));
            for (var at = 0; at < whole.Length; at += name == ".proofs" ? 3 : 9_973)
            {
                var broken = whole.ToArray();
                broken[at] ^= 0x41;
                File.WriteAllBytes(PathOf(name), broken);
                var (again, blocks) = Reopen();
                var bytes = new byte[65_536];
                Assert.All(blocks, block =>
                {
                    Assert.True(again.Read(block, bytes, new byte[22 * 32]) >= 0);
                    Assert.Equal(BlockOf(block), bytes[..BlockOf(block).Length]);
                });
                again.Release();
            }

            File.WriteAllBytes(PathOf(name), whole);
        }
    }

    [Fact]
    public void A_false_block_is_not_kept_even_over_a_right_one()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 2);
        var (falseBytes, hash) = (new byte[BlockOf(2).Length], new byte[32]);
        BlockTree.HashBlock(falseBytes, IncrementalHash.CreateHash(HashAlgorithmName.SHA256), hash);
        Assert.False(partial.TryKeep(2, falseBytes, hash, ProofOf(2)));
        Assert.False(partial.TryKeep(0, BlockOf(2), LeafOf(2), ProofOf(2)));
        Assert.False(partial.TryKeep(2, BlockOf(2), LeafOf(2), ProofOf(2).AsSpan(32)));
        var bytes = new byte[65_536];
        Assert.True(partial.Read(2, bytes, new byte[22 * 32]) >= 0);
        Assert.Equal(BlockOf(2), bytes[..BlockOf(2).Length]);
        partial.Release();
    }

    [Fact]
    public void Whole_objects_are_read_back_as_they_were()
    {
        var partial = Folder().Create(_id, _plan);
        Keep(partial, 0, 1, 2, 3, 4, 5);
        for (var i = 0; i < _contents.Length; i++)
        {
            using var whole = new MemoryStream();
            using var stream = partial.Open(i);
            stream.CopyTo(whole);
            Assert.Equal(_contents[i], whole.ToArray());
        }

        partial.Release();
    }

    [Fact]
    public void An_abandoned_transfer_is_deleted_when_the_last_reader_has_left()
    {
        var partial = Folder().Create(_id, _plan);
        Assert.True(partial.TryUse());
        partial.Abandon();
        partial.Release();
        Assert.Equal(3, Directory.EnumerateFiles(_path).Count());
        partial.Release();
        Assert.Empty(Directory.EnumerateFiles(_path));
        Assert.False(partial.TryUse());
    }

    [Fact]
    public void What_belongs_to_no_transfer_is_swept_and_other_files_are_left_alone()
    {
        File.WriteAllText(PathOf(".blocks"), "x");
        File.WriteAllText(PathOf(".new"), "x");
        File.WriteAllText(Path.Combine(_path, "note.txt"), "x");
        Assert.Empty(Folder().OpenAll(static _ => false));
        Assert.Equal(["note.txt"], Directory.EnumerateFiles(_path).Where(name => !name.EndsWith(".new", StringComparison.Ordinal)).Select(name => Path.GetFileName(name)));
    }

    [Fact]
    public void A_transfer_that_is_open_is_not_opened_again_nor_swept()
    {
        var folder = Folder();
        var partial = folder.Create(_id, _plan);
        Assert.Empty(folder.OpenAll(id => id == _id));
        Assert.Equal(3, Directory.EnumerateFiles(_path).Count());
        partial.Release();
    }

    [Fact]
    public void Room_is_promised_once_to_each_transfer()
    {
        var files = VolumeFiles.OfThisMachine;
        var free = files.FreeBytes(_path);
        var folder = new PartialFolder(files, _path, free - 3 * 220_000L - (16 << 20));
        var partial = folder.Create(_id, _plan);
        var large = new TransferPlan(_plan.Scope, [new TransferObject(ContentHash.Of([7]), 1L << 40, false)], TransferPriority.Bulk);
        Assert.ThrowsAny<Exception>(() => folder.Create(Guid.NewGuid(), large));
        Assert.Equal(3, Directory.EnumerateFiles(_path).Count());
        partial.Release();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_manifest_with_a_cut_or_flipped_byte_is_none(bool hasParts)
    {
        var plan = hasParts ? InParts() : _plan;
        var whole = PartialManifest.Encode(plan).ToArray();
        Assert.Equal(plan.Objects, PartialManifest.TryDecode(whole)!.Objects);
        Assert.Equal(hasParts ? "PANALTR2" : "PANALTR1", System.Text.Encoding.ASCII.GetString(whole, 0, 8));
        for (var at = 0; at < whole.Length; at++)
        {
            Assert.Null(PartialManifest.TryDecode(whole.AsSpan(0, at)));
            var broken = whole.ToArray();
            broken[at] ^= 0x80;
            Assert.Null(PartialManifest.TryDecode(broken));
        }
    }

    [Fact]
    public void A_whole_without_one_of_its_parts_is_no_plan()
    {
        var objects = InParts().Objects;
        Assert.Equal((5, 3), (new BlockMap([.. objects]).Objects.Length, new BlockMap([.. objects]).Wholes));
        Assert.Equal([0, 2], new BlockMap([.. objects]).PartsOf(2));
        foreach (var wrong in (TransferObject[][])[[objects[0]], [objects[0], objects[0]], [objects[0] with { Part = new(0, 2, 2) }], [objects[0] with { Part = new(0, 0, 9) }], [.. objects, objects[0]]])
        {
            Assert.Throws<ArgumentException>(() => new BlockMap(wrong));
        }
    }

    /// <summary>Two wholes of two parts and one that is whole by itself.</summary>
    private TransferPlan InParts() => _plan with
    {
        Objects =
        [
            .. Enumerable.Range(0, 4).Select(i => new TransferObject(ContentHash.Of([(byte)i]), 1, i == 0) { Part = new TransferPart(i % 2, (byte)(i / 2), 2) }),
            new TransferObject(ContentHash.Of([9]), 1, false),
        ],
    };

    private PartialFolder Folder() => new(VolumeFiles.OfThisMachine, _path, 0);

    private string PathOf(string extension) => Path.Combine(_path, _id + extension);

    private (PartialObjects Partial, List<int> Blocks) Reopen()
    {
        var partial = Assert.Single(Folder().OpenAll(static _ => false));
        var blocks = new List<int>();
        partial.Replay(blocks.Add);
        return (partial, blocks);
    }

    private static List<int> Closing((PartialObjects Partial, List<int> Blocks) opened)
    {
        opened.Partial.Release();
        return opened.Blocks;
    }

    private void Keep(PartialObjects partial, params int[] blocks) =>
        Assert.All(blocks, block => Assert.True(partial.TryKeep(block, BlockOf(block), LeafOf(block), ProofOf(block))));

    private byte[] BlockOf(int block)
    {
        var map = new BlockMap([.. _plan.Objects]);
        return _contents[map.ObjectOf(block)].AsSpan((int)map.OffsetOf(block), map.LengthOf(block)).ToArray();
    }

    private byte[] LeafOf(int block)
    {
        var hash = new byte[32];
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BlockTree.HashBlock(BlockOf(block), sha256, hash);
        return hash;
    }

    private byte[] ProofOf(int block)
    {
        var map = new BlockMap([.. _plan.Objects]);
        var index = map.ObjectOf(block);
        byte[] leaves = [.. Enumerable.Range(map.FirstBlockOf(index), map.BlocksOfObject(index)).SelectMany(LeafOf)];
        var proof = new byte[22 * 32];
        return proof[..BlockTree.TryBuild(_plan.Objects[index].Hash, leaves)!.WriteProof(block - map.FirstBlockOf(index), proof)];
    }

    private static byte[] Content(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
