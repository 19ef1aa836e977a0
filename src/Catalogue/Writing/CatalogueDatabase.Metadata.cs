using Panal.Catalogue.Queries;

namespace Panal.Catalogue;

/// <content>Stored metadata; see docs/formats/metadata-chunk.md.</content>
public sealed partial class CatalogueDatabase
{
    /// <summary>The chunks of a series, the oldest first.</summary>
    public IReadOnlyList<MetadataChunkRow> MetadataOf(SeriesName series, CancellationToken ct) =>
        _readers.Read(series, static (reader, series) => MetadataLookups.Of(reader, series), ct);

    /// <summary>Series with instances here of which more instances are known than have metadata stored, in the order in which they were heard of.</summary>
    /// <param name="afterId">0, or Last of the step before.</param>
    public (IReadOnlyList<SeriesName> Series, long Last) SeriesWithoutMetadata(long afterId, int limit, CancellationToken ct) =>
        _readers.Read((afterId, limit), static (reader, state) => MetadataLookups.Missing(reader, state.afterId, state.limit), ct);

    /// <summary>How many such series there are; reads all of them.</summary>
    public long CountSeriesWithoutMetadata(CancellationToken ct) => _readers.Read(0, static (reader, _) => MetadataLookups.CountMissing(reader), ct);

    /// <summary>Series of whose instances or whose study the changes between two sequence numbers tell, the first one excluded.</summary>
    public IReadOnlyList<SeriesName> SeriesChanged(long afterSequence, long untilSequence, CancellationToken ct) => _readers.Read(
        (afterSequence, untilSequence), static (reader, of) => MetadataLookups.Changed(reader, of.afterSequence, of.untilSequence), ct);

    /// <summary>How much metadata is stored; reads all series.</summary>
    public MetadataCounts MetadataCounts(CancellationToken ct) => _readers.Read(0, static (reader, _) => MetadataLookups.Counts(reader), ct);

    /// <summary>Replaces chunks of a series by others in one transaction. It is not synced: what power loss takes is made again.</summary>
    /// <param name="series">The series.</param>
    /// <param name="gone">Numbers of chunks that go; unknown ones are passed over.</param>
    /// <param name="chunks">Chunks that come.</param>
    /// <param name="sopInstanceUids">The instances that they stand for.</param>
    /// <param name="ct">Nothing is changed when it fires before the work is queued.</param>
    /// <returns>False when the series or one of the instances is gone; nothing is changed then.</returns>
    public ValueTask<bool> ReplaceMetadataAsync(
        SeriesName series, IReadOnlyList<long> gone, IReadOnlyList<MetadataChunkRow> chunks, IReadOnlyList<string> sopInstanceUids, CancellationToken ct) => _queue.RunAsync(
        (series, gone, chunks, sopInstanceUids), static (writer, state) => writer.Metadata.Replace(state.series, state.gone, state.chunks, state.sopInstanceUids), ct);
}
