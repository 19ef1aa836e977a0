using System.Buffers.Binary;
using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Keeping;

/// <summary>
/// The objects of one transfer on their way, on disk: verified blocks only, each with its proof, so that it can be given to others and
/// believed after a crash. See docs/formats/partial-transfer.md. For several threads at once.
/// </summary>
internal sealed class PartialObjects
{
    private const byte BlockRecord = 1;
    private const byte KeptRecord = 2;
    private const byte WishRecord = 3;
    private const int ShortRecordBytes = 5;
    private const int PausedWish = 1;
    private const int InteractiveWish = 2;
    private const int HashBytes = ContentHash.LengthBytes;
    private const int RecordHeaderBytes = 6 + HashBytes;

    private readonly PartialFolder _folder;
    private readonly IVolumeFile _blocks;
    private readonly IVolumeFile _proofs;
    private readonly long[] _offsets;
    private readonly BlockTree?[] _trees;
    private readonly bool[] _isKept;
    private readonly Lock _gate = new();
    private long _proofsEnd;
    private int _users = 1;
    private bool _isObsolete;

    public PartialObjects(PartialFolder folder, Guid id, TransferPlan plan, BlockMap map, IVolumeFile blocks, IVolumeFile proofs)
    {
        (_folder, Id, Plan, Map, _blocks, _proofs) = (folder, id, plan, map, blocks, proofs);
        _offsets = new long[map.Objects.Length];
        for (var i = 1; i < _offsets.Length; i++)
        {
            _offsets[i] = _offsets[i - 1] + map.Objects[i - 1].LengthBytes;
        }

        Priority = plan.Priority;
        _trees = new BlockTree?[map.Objects.Length];
        _isKept = new bool[map.Objects.Length];
    }

    /// <summary>Identity of the transfer.</summary>
    public Guid Id { get; }

    /// <summary>What is brought.</summary>
    public TransferPlan Plan { get; }

    /// <summary>The blocks of it.</summary>
    public BlockMap Map { get; }

    /// <summary>Whether somebody told it to rest; known after <see cref="Replay"/>.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Whether somebody waits for it, as was told last; known after <see cref="Replay"/>.</summary>
    public TransferPriority Priority { get; private set; }

    /// <summary>Objects that the archive has.</summary>
    public int KeptObjects { get; private set; }

    /// <summary>The same, with the parts of a whole counted as one.</summary>
    public int KeptWholes { get; private set; }

    /// <summary>True if the archive has an object.</summary>
    public bool IsKept(int index)
    {
        lock (_gate)
        {
            return _isKept[index];
        }
    }

    /// <summary>Verifies what is on the disk and tells of each block that is right; for the first user, before all else.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Replay(Action<int> verified)
    {
        var record = new byte[RecordHeaderBytes + BlockTree.MaxProofHashes * HashBytes];
        var bytes = new byte[ContentHash.BlockBytes];
        Span<byte> hash = stackalloc byte[HashBytes];
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (TryReadRecord(record, out var number, out var length))
        {
            _proofsEnd += length;
            if (record[0] == KeptRecord)
            {
                MarkKept(number);
                continue;
            }

            if (record[0] == WishRecord)
            {
                (IsPaused, Priority) = ((number & PausedWish) != 0, (number & InteractiveWish) != 0 ? TransferPriority.Interactive : TransferPriority.Bulk);
                continue;
            }

            var block = bytes.AsSpan(0, Map.LengthOf(number));
            if (_blocks.Read(block, OffsetOf(number)) != block.Length)
            {
                continue;
            }

            BlockTree.HashBlock(block, sha256, hash);
            if (TreeOf(Map.ObjectOf(number)).TryProve(number - Map.FirstBlockOf(Map.ObjectOf(number)), hash, record.AsSpan(RecordHeaderBytes, length - RecordHeaderBytes)))
            {
                verified(number);
            }
        }
    }

    private bool TryReadRecord(Span<byte> record, out int number, out int length)
    {
        (number, length) = (0, 0);
        var read = _proofs.Read(record, _proofsEnd);
        if (read < ShortRecordBytes)
        {
            return false;
        }

        var named = BinaryPrimitives.ReadUInt32LittleEndian(record[1..]);
        number = (int)named;
        if (record[0] == KeptRecord)
        {
            length = ShortRecordBytes;
            return named < Map.Objects.Length;
        }

        if (record[0] == WishRecord)
        {
            length = ShortRecordBytes;
            return named <= (PausedWish | InteractiveWish);
        }

        if (record[0] != BlockRecord || read < RecordHeaderBytes || named >= Map.Blocks || record[5] > BlockTree.MaxProofHashes)
        {
            return false;
        }

        length = RecordHeaderBytes + record[5] * HashBytes;
        return read >= length;
    }

    /// <summary>Keeps a block if it is what it should be; false if it is not.</summary>
    /// <param name="block">Its number.</param>
    /// <param name="bytes">Its bytes, of its length.</param>
    /// <param name="hash">The hash of the bytes as a leaf.</param>
    /// <param name="proof">Its proof.</param>
    /// <exception cref="IOException">The disk fails or is full; nothing is kept.</exception>
    public bool TryKeep(int block, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> proof)
    {
        var index = Map.ObjectOf(block);
        if (!IsProof(index, block - Map.FirstBlockOf(index), hash, proof))
        {
            return false;
        }

        // Bytes before proof: what was proved is given to others, and what has a record is read at the next start.
        _blocks.Write(bytes, default, OffsetOf(block));
        Span<byte> record = stackalloc byte[RecordHeaderBytes + BlockTree.MaxProofHashes * HashBytes];
        record[0] = BlockRecord;
        BinaryPrimitives.WriteInt32LittleEndian(record[1..], block);
        record[5] = (byte)(proof.Length / HashBytes);
        hash.CopyTo(record[6..]);
        proof.CopyTo(record[RecordHeaderBytes..]);
        lock (_gate)
        {
            _proofs.Write(record[..(RecordHeaderBytes + proof.Length)], default, _proofsEnd);
            _proofsEnd += RecordHeaderBytes + proof.Length;
            return TreeOf(index).TryProve(block - Map.FirstBlockOf(index), hash, proof);
        }
    }

    // In a tree of its own: the one that others are served from must know no block whose bytes are not written.
    private bool IsProof(int index, int block, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> proof) =>
        BlockTree.IsProof(Map.Objects[index].Hash, Map.BlocksOfObject(index), block, hash, proof);

    /// <summary>Reads a block that was kept, and its proof; -1 if it was not kept.</summary>
    /// <returns>Length of the proof, in bytes.</returns>
    /// <exception cref="IOException">The disk fails.</exception>
    public int Read(int block, Span<byte> bytes, Span<byte> proof)
    {
        var index = Map.ObjectOf(block);
        int proofBytes;
        lock (_gate)
        {
            if (_trees[index] is not { } tree || !tree.IsProved(block - Map.FirstBlockOf(index)))
            {
                return -1;
            }

            proofBytes = tree.WriteProof(block - Map.FirstBlockOf(index), proof);
        }

        var wanted = bytes[..Map.LengthOf(block)];
        return _blocks.Read(wanted, OffsetOf(block)) == wanted.Length ? proofBytes : -1;
    }

    /// <summary>Opens an object whose blocks are all kept.</summary>
    public Stream Open(int index) => new PartialObjectStream(_blocks, _offsets[index], Map.Objects[index].LengthBytes);

    /// <summary>The archive has an object.</summary>
    public void Kept(int index)
    {
        lock (_gate)
        {
            if (!MarkKept(index))
            {
                return;
            }

            WriteShortRecord(KeptRecord, index);
        }

        _folder.Fulfilled(Map.Objects[index].LengthBytes);
    }

    private bool MarkKept(int index)
    {
        if (_isKept[index])
        {
            return false;
        }

        _isKept[index] = true;
        KeptObjects++;
        KeptWholes += Map.Objects[index].Part is null or { IsLast: true } ? 1 : 0;
        return true;
    }

    /// <summary>Somebody tells it to rest or to go on, to go first or to let others: it holds at the next start too.</summary>
    /// <exception cref="IOException">The disk fails; it holds until the node stops.</exception>
    public void Wish(bool isPaused, TransferPriority priority)
    {
        lock (_gate)
        {
            if (_users > 0 && (isPaused, priority) != (IsPaused, Priority))
            {
                (IsPaused, Priority) = (isPaused, priority);
                WriteShortRecord(WishRecord, (isPaused ? PausedWish : 0) | (priority == TransferPriority.Interactive ? InteractiveWish : 0));
            }
        }
    }

    /// <summary>One more reads from it; false if it is closed already.</summary>
    public bool TryUse()
    {
        lock (_gate)
        {
            if (_users == 0)
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    /// <summary>Its files are not needed at the next start: they go when the last user has left.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isObsolete = true;
        }

        for (var i = 0; i < _isKept.Length; i++)
        {
            if (!IsKept(i))
            {
                _folder.Fulfilled(Map.Objects[i].LengthBytes);
            }
        }
    }

    /// <summary>A user has left; the last one closes the files.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0)
            {
                return;
            }
        }

        _blocks.Dispose();
        _proofs.Dispose();
        if (_isObsolete)
        {
            _folder.Delete(Id);
        }
    }

    private void WriteShortRecord(byte kind, int number)
    {
        Span<byte> record = stackalloc byte[ShortRecordBytes];
        record[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(record[1..], number);
        _proofs.Write(record, default, _proofsEnd);
        _proofsEnd += record.Length;
    }

    private BlockTree TreeOf(int index) => _trees[index] ??= new BlockTree(Map.Objects[index].Hash, Map.BlocksOfObject(index));

    private long OffsetOf(int block) => _offsets[Map.ObjectOf(block)] + Map.OffsetOf(block);
}
