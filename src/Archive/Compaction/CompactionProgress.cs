namespace Panal.Archive.Compaction;

/// <summary>How far a run is.</summary>
/// <param name="Total">Copies that nobody had decided upon when it began.</param>
/// <param name="Looked">Of them looked at.</param>
/// <param name="Compacted">Made compact, or in a trial: could be made compact.</param>
/// <param name="LeftAlone">Remembered as having no compact form.</param>
/// <param name="Waiting">Not yet of age, or not wanted by the policy.</param>
/// <param name="ReceivedBytes">Length of the compacted ones as they were received.</param>
/// <param name="CompactBytes">Their length as compact forms.</param>
/// <param name="IsComplete">True in the last report.</param>
public sealed record CompactionProgress(
    long Total, long Looked, long Compacted, long LeftAlone, long Waiting, long ReceivedBytes, long CompactBytes, bool IsComplete);

/// <summary>How compaction stands.</summary>
/// <param name="IsOn">It is done in the background.</param>
/// <param name="IsPaused">It rests until it is told to go on, or the node starts again.</param>
/// <param name="Undecided">Copies that nobody has decided upon.</param>
/// <param name="Compact">Copies that are compact.</param>
/// <param name="LeftAlone">Copies that stay as they are.</param>
/// <param name="ReceivedBytes">Length of the compact ones as they were received.</param>
/// <param name="CompactBytes">Their length now.</param>
public sealed record CompactionStatus(bool IsOn, bool IsPaused, long Undecided, long Compact, long LeftAlone, long ReceivedBytes, long CompactBytes);
