namespace Panal.DicomWeb.Retrieve;

/// <summary>The JSON of instances that were asked for lately.</summary>
public sealed class MetadataCache
{
    /// <summary>Most bytes that are kept: some 20,000 slices.</summary>
    private const long LimitBytes = 64L << 20;

    private readonly RecentBytes<(string Hash, string Url)> _recent = new(LimitBytes);

    internal bool TryGet(string contentHash, string url, out ReadOnlyMemory<byte> json) => _recent.TryGet((contentHash, url), out json);

    internal void Add(string contentHash, string url, ReadOnlyMemory<byte> json) => _recent.Add((contentHash, url), json.Span);
}
