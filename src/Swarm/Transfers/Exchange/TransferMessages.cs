using System.Buffers;
using System.Buffers.Binary;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Exchange;

/// <summary>The content of Begin.</summary>
/// <param name="Scope">What the objects belong to.</param>
/// <param name="UplinkBytesPerSecond">What the receiver's uplink carries.</param>
/// <param name="Objects">How many objects are told after it.</param>
internal sealed record TransferBegin(TransferScope Scope, double UplinkBytesPerSecond, int Objects);

/// <summary>A block that has come: where it belongs, its proof, its bytes.</summary>
/// <param name="Block">Its number.</param>
/// <param name="Proof">Hashes of its proof.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct BlockMessage(int Block, ReadOnlySequence<byte> Proof, ReadOnlySequence<byte> Bytes);

/// <summary>Contents of the frames that are no runs of blocks. See docs/formats/transfer.md.</summary>
internal static class TransferMessages
{
    /// <summary>Most objects in one frame.</summary>
    public const int MaxObjectsInFrame = 1024;

    /// <summary>Most peers in one frame.</summary>
    public const int MaxPeers = 64;

    private const int ObjectBytes = ContentHash.LengthBytes + 8;
    private const int BlockHeaderBytes = 5;

    /// <summary>Writes whose objects are wanted, and the objects.</summary>
    public static void WriteOpening(IBufferWriter<byte> output, TransferScope scope, double uplinkBytesPerSecond, BlockMap map)
    {
        var name = scope.Bytes;
        var content = TransferFrame.Begin(output, TransferFrameKind.Begin, 1 + name.Length + 12);
        content[0] = (byte)name.Length;
        name.CopyTo(content[1..]);
        BinaryPrimitives.WriteUInt64LittleEndian(content[(1 + name.Length)..], (ulong)uplinkBytesPerSecond);
        BinaryPrimitives.WriteUInt32LittleEndian(content[(9 + name.Length)..], (uint)map.Objects.Length);
        output.Advance(TransferFrame.HeaderBytes + content.Length);
        for (var objects = map.Objects; !objects.IsEmpty; objects = objects[Math.Min(MaxObjectsInFrame, objects.Length)..])
        {
            WriteObjects(output, objects[..Math.Min(MaxObjectsInFrame, objects.Length)]);
        }
    }

    private static void WriteObjects(IBufferWriter<byte> output, ReadOnlySpan<TransferObject> objects)
    {
        var content = TransferFrame.Begin(output, TransferFrameKind.Objects, objects.Length * ObjectBytes);
        for (var i = 0; i < objects.Length; i++)
        {
            objects[i].Hash.CopyTo(content[(i * ObjectBytes)..]);
            BinaryPrimitives.WriteUInt64LittleEndian(content[(i * ObjectBytes + ContentHash.LengthBytes)..], (ulong)objects[i].LengthBytes);
        }

        output.Advance(TransferFrame.HeaderBytes + content.Length);
    }

    /// <summary>Reads a Begin.</summary>
    /// <exception cref="TransferViolationException">Its layout is broken, or it tells of no objects or too many.</exception>
    public static TransferBegin ReadBegin(in ReadOnlySequence<byte> content)
    {
        if (content.Length is < 14 or > 1 + TransferScope.MaxBytes + 12)
        {
            throw new TransferViolationException("A Begin has an impossible length.");
        }

        Span<byte> buffer = stackalloc byte[(int)content.Length];
        content.CopyTo(buffer);
        int nameBytes = buffer[0];
        if (buffer.Length != 1 + nameBytes + 12 || !TransferScope.TryRead(buffer.Slice(1, nameBytes), out var scope))
        {
            throw new TransferViolationException("A Begin has no scope.");
        }

        var objects = BinaryPrimitives.ReadUInt32LittleEndian(buffer[(9 + nameBytes)..]);
        if (objects is 0 or > BlockMap.MaxObjects)
        {
            throw new TransferViolationException("A transfer has no objects or too many.");
        }

        return new TransferBegin(scope, BinaryPrimitives.ReadUInt64LittleEndian(buffer[(1 + nameBytes)..]), (int)objects);
    }

    /// <summary>Reads the objects of one frame and adds them to those before.</summary>
    /// <param name="content">The content of the frame.</param>
    /// <param name="objects">Where they go.</param>
    /// <param name="expected">How many there are to be in all.</param>
    /// <exception cref="TransferViolationException">The layout is broken, there are more than announced, or a length is impossible.</exception>
    public static void ReadObjects(in ReadOnlySequence<byte> content, List<TransferObject> objects, int expected)
    {
        if (content.Length is 0 or > MaxObjectsInFrame * ObjectBytes || content.Length % ObjectBytes != 0
            || content.Length / ObjectBytes > expected - objects.Count)
        {
            throw new TransferViolationException("Objects have an impossible length.");
        }

        Span<byte> buffer = stackalloc byte[ObjectBytes];
        for (var at = 0; at < content.Length; at += ObjectBytes)
        {
            content.Slice(at, ObjectBytes).CopyTo(buffer);
            var length = BinaryPrimitives.ReadUInt64LittleEndian(buffer[ContentHash.LengthBytes..]);
            if (length > (ulong)BlockMap.MaxBlocks * ContentHash.BlockBytes)
            {
                throw new TransferViolationException("An object is longer than any.");
            }

            objects.Add(new TransferObject(new ContentHash(buffer[..ContentHash.LengthBytes]), (long)length, false));
        }
    }

    /// <summary>Writes that the sender holds every block.</summary>
    public static void WriteHaveAll(IBufferWriter<byte> output)
    {
        TransferFrame.Begin(output, TransferFrameKind.HaveAll, 0);
        output.Advance(TransferFrame.HeaderBytes);
    }

    /// <summary>Writes what the sender's uplink carries.</summary>
    public static void WriteUplink(IBufferWriter<byte> output, double bytesPerSecond)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(TransferFrame.Begin(output, TransferFrameKind.Uplink, 8), (ulong)bytesPerSecond);
        output.Advance(TransferFrame.HeaderBytes + 8);
    }

    /// <summary>Reads an Uplink, in bytes a second.</summary>
    /// <exception cref="TransferViolationException">Its layout is broken.</exception>
    public static double ReadUplink(in ReadOnlySequence<byte> content)
    {
        if (content.Length != 8)
        {
            throw new TransferViolationException("An Uplink has an impossible length.");
        }

        Span<byte> buffer = stackalloc byte[8];
        content.CopyTo(buffer);
        return BinaryPrimitives.ReadUInt64LittleEndian(buffer);
    }

    /// <summary>Writes who else wants the same; of more than <see cref="MaxPeers"/> the first.</summary>
    public static void WritePeers(IBufferWriter<byte> output, ReadOnlySpan<NodeId> peers)
    {
        peers = peers[..Math.Min(peers.Length, MaxPeers)];
        var content = TransferFrame.Begin(output, TransferFrameKind.Peers, peers.Length * NodeId.LengthBytes);
        for (var i = 0; i < peers.Length; i++)
        {
            peers[i].CopyTo(content[(i * NodeId.LengthBytes)..]);
        }

        output.Advance(TransferFrame.HeaderBytes + content.Length);
    }

    /// <summary>Reads a Peers.</summary>
    /// <exception cref="TransferViolationException">Its layout is broken.</exception>
    public static NodeId[] ReadPeers(in ReadOnlySequence<byte> content)
    {
        if (content.Length is 0 or > MaxPeers * NodeId.LengthBytes || content.Length % NodeId.LengthBytes != 0)
        {
            throw new TransferViolationException("Peers have an impossible length.");
        }

        var peers = new NodeId[(int)content.Length / NodeId.LengthBytes];
        Span<byte> buffer = stackalloc byte[NodeId.LengthBytes];
        for (var i = 0; i < peers.Length; i++)
        {
            content.Slice(i * NodeId.LengthBytes, NodeId.LengthBytes).CopyTo(buffer);
            peers[i] = NodeId.Read(buffer);
        }

        return peers;
    }

    /// <summary>Writes the header of the frame of a block; gives the span that its bytes go to. Without advancing, nothing is written.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="block">Its number for the receiver.</param>
    /// <param name="proofBytes">Length of its proof, in bytes.</param>
    /// <param name="lengthBytes">Length of the block, in bytes.</param>
    /// <param name="proof">Where the proof goes.</param>
    /// <param name="frameBytes">What to advance the output by when proof and bytes are there.</param>
    public static Span<byte> BeginBlock(IBufferWriter<byte> output, int block, int proofBytes, int lengthBytes, out Span<byte> proof, out int frameBytes)
    {
        var content = TransferFrame.Begin(output, TransferFrameKind.Block, BlockHeaderBytes + proofBytes + lengthBytes, lengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)block);
        content[4] = (byte)(proofBytes / ContentHash.LengthBytes);
        proof = content.Slice(BlockHeaderBytes, proofBytes);
        frameBytes = TransferFrame.HeaderBytes + content.Length;
        return content[(BlockHeaderBytes + proofBytes)..];
    }

    /// <summary>Reads a Block of a map.</summary>
    /// <exception cref="TransferViolationException">Its layout is broken, there is no such block, or it has another length.</exception>
    public static BlockMessage ReadBlock(in ReadOnlySequence<byte> content, BlockMap map)
    {
        if (content.Length < BlockHeaderBytes)
        {
            throw new TransferViolationException("A Block has an impossible length.");
        }

        Span<byte> header = stackalloc byte[BlockHeaderBytes];
        content.Slice(0, BlockHeaderBytes).CopyTo(header);
        var block = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var proofBytes = header[4] * ContentHash.LengthBytes;
        if (block >= (uint)map.Blocks || header[4] > BlockTree.MaxProofHashes
            || content.Length != BlockHeaderBytes + proofBytes + map.LengthOf((int)block))
        {
            throw new TransferViolationException("A Block does not fit where it is said to belong.");
        }

        return new BlockMessage((int)block, content.Slice(BlockHeaderBytes, proofBytes), content.Slice(BlockHeaderBytes + proofBytes));
    }
}
