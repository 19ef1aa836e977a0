namespace Panal.DicomWeb.Retrieve;

/// <summary>What was made lately from bytes that never change: it is never stale, and the least recently used goes first.</summary>
/// <param name="limitBytes">Bytes that are kept at most.</param>
internal sealed class RecentBytes<TKey>(long limitBytes)
    where TKey : notnull
{
    /// <summary>What an entry takes beside its bytes, about.</summary>
    private const int EntryBytes = 512;

    private readonly Lock _gate = new();
    private readonly LinkedList<(TKey Key, ReadOnlyMemory<byte> Bytes)> _byAge = [];
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, ReadOnlyMemory<byte> Bytes)>> _entries = [];
    private long _lengthBytes;

    internal bool TryGet(TKey key, out ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                bytes = default;
                return false;
            }

            _byAge.Remove(node);
            _byAge.AddLast(node);
            bytes = node.Value.Bytes;
            return true;
        }
    }

    /// <summary>Keeps a copy of bytes.</summary>
    internal void Add(TKey key, ReadOnlySpan<byte> bytes)
    {
        // One huge entry must not drive out all others.
        if (bytes.Length > limitBytes / 16)
        {
            return;
        }

        lock (_gate)
        {
            var node = new LinkedListNode<(TKey, ReadOnlyMemory<byte>)>((key, bytes.ToArray()));
            if (!_entries.TryAdd(key, node))
            {
                return;
            }

            _byAge.AddLast(node);
            _lengthBytes += bytes.Length + EntryBytes;
            while (_lengthBytes > limitBytes && _byAge.First is { } oldest)
            {
                _byAge.RemoveFirst();
                _entries.Remove(oldest.Value.Key);
                _lengthBytes -= oldest.Value.Bytes.Length + EntryBytes;
            }
        }
    }
}
