namespace Panal.DicomWeb.Retrieve;

/// <summary>The JSON of instances that were asked for lately. It follows from bytes that never change, so it is never stale.</summary>
public sealed class MetadataCache
{
    /// <summary>Most bytes that are kept: some 20,000 slices.</summary>
    private const long LimitBytes = 64L << 20;

    /// <summary>What an entry takes beside its JSON, about.</summary>
    private const int EntryBytes = 512;

    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _byAge = [];
    private readonly Dictionary<(string Hash, string Url), LinkedListNode<Entry>> _entries = [];
    private long _lengthBytes;

    private sealed record Entry((string Hash, string Url) Key, ReadOnlyMemory<byte> Json);

    internal bool TryGet(string contentHash, string url, out ReadOnlyMemory<byte> json)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue((contentHash, url), out var node))
            {
                json = default;
                return false;
            }

            _byAge.Remove(node);
            _byAge.AddLast(node);
            json = node.Value.Json;
            return true;
        }
    }

    internal void Add(string contentHash, string url, ReadOnlyMemory<byte> json)
    {
        // One huge object must not drive out all others.
        if (json.Length > LimitBytes / 16)
        {
            return;
        }

        lock (_gate)
        {
            var node = new LinkedListNode<Entry>(new Entry((contentHash, url), json.ToArray()));
            if (!_entries.TryAdd(node.Value.Key, node))
            {
                return;
            }

            _byAge.AddLast(node);
            _lengthBytes += json.Length + EntryBytes;
            while (_lengthBytes > LimitBytes && _byAge.First is { } oldest)
            {
                _byAge.RemoveFirst();
                _entries.Remove(oldest.Value.Key);
                _lengthBytes -= oldest.Value.Json.Length + EntryBytes;
            }
        }
    }
}
