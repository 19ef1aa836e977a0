using Panal.Catalogue;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>The stored metadata of one series; each chunk is unpacked when something in it is asked for, once.</summary>
internal sealed class SeriesChunks
{
    private readonly Dictionary<MetadataName, (Chunk Chunk, int Index)> _places = [];

    private SeriesChunks(IReadOnlyList<MetadataChunkRow> rows)
    {
        All = [.. rows.Select(static row => new Chunk(row))];
        foreach (var chunk in All)
        {
            foreach (var (index, name) in chunk.Names.Index())
            {
                _places.TryAdd(name, (chunk, index));
            }
        }
    }

    /// <summary>All chunks, whole or not.</summary>
    internal IReadOnlyList<Chunk> All { get; }

    internal static SeriesChunks Read(CatalogueDatabase catalogue, SeriesName series, CancellationToken ct) => new(catalogue.MetadataOf(series, ct));

    /// <summary>Whether there is a chunk that names it; it may be damaged.</summary>
    internal bool Names(MetadataName name) => _places.ContainsKey(name);

    internal bool TryGet(MetadataName name, out ReadOnlyMemory<byte> json)
    {
        json = default;
        if (!_places.TryGetValue(name, out var place) || place.Chunk.Unpacked is not { } parts)
        {
            return false;
        }

        json = parts[place.Index];
        return true;
    }

    internal sealed class Chunk
    {
        private readonly MetadataChunkRow _row;
        private readonly Lazy<ReadOnlyMemory<byte>[]?> _unpacked;

        internal Chunk(MetadataChunkRow row)
        {
            (_row, Names) = (row, MetadataChunk.NamesOf(row));
            _unpacked = new Lazy<ReadOnlyMemory<byte>[]?>(() => MetadataChunk.Unpack(row));
        }

        internal long Id => _row.Id;

        /// <summary>Of which contents it holds the metadata, if it is not damaged.</summary>
        internal IReadOnlyList<MetadataName> Names { get; }

        internal bool IsWhole => MetadataChunk.IsWhole(_row);

        /// <summary>Their JSON in that order; null when it is damaged.</summary>
        internal ReadOnlyMemory<byte>[]? Unpacked => _unpacked.Value;
    }
}
