namespace Panal.Catalogue;

/// <summary>The metadata of some instances of a series, compressed; see docs/formats/metadata-chunk.md.</summary>
/// <param name="Id">Number of the row; 0 for one that is not stored yet.</param>
/// <param name="Instances">How many instances it stands for.</param>
/// <param name="Names">Names of their contents, one behind the other.</param>
/// <param name="Chunk">Their metadata.</param>
public sealed record MetadataChunkRow(long Id, int Instances, ReadOnlyMemory<byte> Names, ReadOnlyMemory<byte> Chunk)
{
    /// <summary>It is patient data.</summary>
    public override string ToString() => "[redacted]";
}

/// <summary>Names a series: the same Series Instance UID may stand in two studies.</summary>
/// <param name="StudyInstanceUid">Its study.</param>
/// <param name="SeriesInstanceUid">Its own UID.</param>
public readonly record struct SeriesName(string StudyInstanceUid, string SeriesInstanceUid);

/// <summary>How much metadata is stored.</summary>
/// <param name="Series">Series of which instances are here.</param>
/// <param name="StoredSeries">Of them those of which some metadata is stored.</param>
/// <param name="StoredInstances">Instances whose metadata is stored.</param>
/// <param name="StoredBytes">Bytes that it takes.</param>
public sealed record MetadataCounts(long Series, long StoredSeries, long StoredInstances, long StoredBytes);
