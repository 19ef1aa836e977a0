using System.Buffers;
using System.Security.Cryptography;
using Panal.Swarm.Pieces;
using Panal.Volumes;

namespace Panal.Swarm.Transfers.Running;

/// <summary>An object of ours that is served, with its whole tree.</summary>
internal sealed class ServedObject(IHeldObject file, BlockTree tree, long lengthBytes) : IDisposable
{
    /// <summary>Reads a block and its proof; -1 if the file is shorter than it was.</summary>
    /// <returns>Length of the proof, in bytes.</returns>
    /// <exception cref="IOException">The disk fails.</exception>
    public int Read(int block, Span<byte> bytes, Span<byte> proof)
    {
        var offset = (long)block * ContentHash.BlockBytes;
        var wanted = bytes[..(int)Math.Min(ContentHash.BlockBytes, lengthBytes - offset)];
        return file.ReadAt(wanted, offset) == wanted.Length ? tree.WriteProof(block, proof) : -1;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Reads an object and builds its tree; null if it is not there or not what it should be.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public static ServedObject? TryOpen(IHeldScope scope, TransferObject wanted)
    {
        if (scope.Open(wanted.Hash) is not { } file)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ContentHash.BlockBytes);
        try
        {
            using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var hashes = new byte[BlockMap.BlocksOf(wanted.LengthBytes) * ContentHash.LengthBytes];
            for (var at = 0; at < hashes.Length; at += ContentHash.LengthBytes)
            {
                var read = file.ReadAt(buffer.AsSpan(0, ContentHash.BlockBytes), at / ContentHash.LengthBytes * (long)ContentHash.BlockBytes);
                BlockTree.HashBlock(buffer.AsSpan(0, read), sha256, hashes.AsSpan(at, ContentHash.LengthBytes));
            }

            if (BlockTree.TryBuild(wanted.Hash, hashes) is { } tree)
            {
                return new ServedObject(file, tree, wanted.LengthBytes);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        file.Dispose();
        return null;
    }
}

/// <summary>The objects that are served now: open, with their trees, the latest used of them. For several threads at once.</summary>
/// <param name="maxOpen">Files open at most while nobody reads more.</param>
/// <param name="maxTreeBytes">Bytes of all trees at most while nobody reads more: 64 bytes a block.</param>
internal sealed class ServedObjects(int maxOpen = 128, long maxTreeBytes = 16 << 20) : IDisposable
{
    private const int TreeBytesOfBlock = 2 * ContentHash.LengthBytes;

    private readonly Lock _gate = new();
    private readonly Dictionary<ContentHash, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _treeBytes;

    /// <summary>Reads a block of an object of ours, with its proof; -1 if that cannot be.</summary>
    /// <returns>Length of the proof, in bytes.</returns>
    /// <exception cref="IOException">The disk fails.</exception>
    public int Read(IHeldScope scope, TransferObject wanted, int block, Span<byte> bytes, Span<byte> proof)
    {
        var entry = Rent(scope, wanted);
        var isRead = false;
        try
        {
            var read = entry.Object.Value?.Read(block, bytes, proof) ?? -1;
            isRead = read >= 0;
            return read;
        }
        finally
        {
            Return(entry, isRead);
        }
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var entry in _byUse)
            {
                entry.Close();
            }

            _byUse.Clear();
            _entries.Clear();
        }
    }

    private Entry Rent(IHeldScope scope, TransferObject wanted)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(wanted.Hash, out var node))
            {
                // Made by the first who reads, outside the gate; others of the same object wait for it.
                var made = new Lazy<ServedObject?>(() => ServedObject.TryOpen(scope, wanted));
                node = new LinkedListNode<Entry>(new Entry(wanted.Hash, made, BlockMap.BlocksOf(wanted.LengthBytes) * TreeBytesOfBlock));
                _entries.Add(wanted.Hash, node);
                _treeBytes += node.Value.TreeBytes;
            }
            else
            {
                _byUse.Remove(node);
            }

            _byUse.AddFirst(node);
            node.Value.Users++;
            return node.Value;
        }
    }

    private void Return(Entry entry, bool isGood)
    {
        lock (_gate)
        {
            entry.Users--;
            entry.IsStale |= !isGood;
            for (var node = _byUse.Last; node is not null;)
            {
                var before = node.Previous;
                if (node.Value.Users == 0 && (node.Value.IsStale || _byUse.Count > maxOpen || _treeBytes > maxTreeBytes))
                {
                    _byUse.Remove(node);
                    _entries.Remove(node.Value.Hash);
                    _treeBytes -= node.Value.TreeBytes;
                    node.Value.Close();
                }

                node = _byUse.Count > maxOpen || _treeBytes > maxTreeBytes || !isGood ? before : null;
            }
        }
    }

    private sealed class Entry(ContentHash hash, Lazy<ServedObject?> made, long treeBytes)
    {
        public ContentHash Hash => hash;

        public Lazy<ServedObject?> Object => made;

        public long TreeBytes => treeBytes;

        public int Users { get; set; }

        public bool IsStale { get; set; }

        public void Close()
        {
            if (made.IsValueCreated)
            {
                made.Value?.Dispose();
            }
        }
    }
}
