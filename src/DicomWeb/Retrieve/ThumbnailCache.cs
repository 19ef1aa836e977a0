namespace Panal.DicomWeb.Retrieve;

/// <summary>Thumbnails that were made lately. They follow from bytes that never change, so none of them is ever stale.</summary>
public sealed class ThumbnailCache
{
    /// <summary>Bytes of all thumbnails together: some 8,000 of the usual size, more than a list of studies and its series shows.</summary>
    private const long LimitBytes = 32L << 20;

    /// <summary>What an entry takes beside its picture, about.</summary>
    private const int EntryBytes = 512;

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _byAge = [];
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private long _lengthBytes;

    private sealed record Entry(string Key, byte[] Picture);

    internal bool TryGet(string key, out byte[] picture)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                picture = [];
                return false;
            }

            _byAge.Remove(node);
            _byAge.AddLast(node);
            picture = node.Value.Picture;
            return true;
        }
    }

    internal void Add(string key, byte[] picture)
    {
        lock (_gate)
        {
            var node = new LinkedListNode<Entry>(new Entry(key, picture));
            if (!_entries.TryAdd(key, node))
            {
                return;
            }

            _byAge.AddLast(node);
            _lengthBytes += picture.Length + EntryBytes;
            while (_lengthBytes > LimitBytes && _byAge.First is { } oldest)
            {
                _byAge.RemoveFirst();
                _entries.Remove(oldest.Value.Key);
                _lengthBytes -= oldest.Value.Picture.Length + EntryBytes;
            }
        }
    }
}
