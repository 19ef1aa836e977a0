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

    /// <summary>All chunks; a damaged one has no names.</summary>
    internal IReadOnlyList<Chunk> All { get; }

    internal static SeriesChunks Read(CatalogueDatabase catalogue, SeriesName series, CancellationToken ct) => new(catalogue.MetadataOf(series, ct));

    internal bool Has(MetadataName name) => _places.ContainsKey(name);

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
        private readonly Lazy<ReadOnlyMemory<byte>[]?> _unpacked;

        internal Chunk(MetadataChunkRow row)
        {
            Id = row.Id;
            Names = MetadataChunk.IsWhole(row) ? MetadataChunk.NamesOf(row) : [];
            _unpacked = new Lazy<ReadOnlyMemory<byte>[]?>(() => MetadataChunk.Unpack(row));
        }

        internal long Id { get; }

        /// <summary>Of which contents it holds the metadata; none when it is damaged.</summary>
        internal IReadOnlyList<MetadataName> Names { get; }

        /// <summary>Their JSON in that order; null when it is damaged.</summary>
        internal ReadOnlyMemory<byte>[]? Unpacked => _unpacked.Value;
    }
}
