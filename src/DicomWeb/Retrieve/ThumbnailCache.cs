namespace Panal.DicomWeb.Retrieve;

/// <summary>Thumbnails that were made lately.</summary>
public sealed class ThumbnailCache
{
    /// <summary>Bytes of all thumbnails together: some 8,000 of the usual size, more than a list of studies and its series shows.</summary>
    private const long LimitBytes = 32L << 20;

    private readonly RecentBytes<string> _recent = new(LimitBytes);

    internal bool TryGet(string key, out ReadOnlyMemory<byte> picture) => _recent.TryGet(key, out picture);

    internal void Add(string key, ReadOnlyMemory<byte> picture) => _recent.Add(key, picture.Span);
}
