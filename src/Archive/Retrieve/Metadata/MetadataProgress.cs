namespace Panal.Archive.Retrieve.Metadata;

/// <summary>How far a run is.</summary>
/// <param name="Total">Series of which some metadata was missing when it began.</param>
/// <param name="Looked">Of them looked at.</param>
/// <param name="Instances">Instances whose metadata was stored.</param>
/// <param name="IsComplete">True in the last report.</param>
public sealed record MetadataProgress(long Total, long Looked, long Instances, bool IsComplete);

/// <summary>How the storing of metadata stands.</summary>
/// <param name="IsOn">It is stored in the background.</param>
/// <param name="MissingSeries">Series with instances here of which some is missing.</param>
/// <param name="Series">Series of which some is stored.</param>
/// <param name="Instances">Instances whose metadata is stored.</param>
/// <param name="Bytes">Bytes that it takes.</param>
public sealed record MetadataStatus(bool IsOn, long MissingSeries, long Series, long Instances, long Bytes);
