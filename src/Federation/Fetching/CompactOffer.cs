using Panal.Archive.Compaction;
using Panal.Volumes;

namespace Panal.Federation.Fetching;

/// <summary>A content that a node also has in fewer bytes.</summary>
/// <param name="Content">Content hash of the file as it was stored at first.</param>
/// <param name="Hash">Content hash of the compact file.</param>
/// <param name="LengthBytes">Length of the compact file.</param>
/// <param name="Stages">The stages that it can be sent in, the coarse one first; empty when only whole.</param>
public sealed record CompactOffer(ContentHash Content, ContentHash Hash, long LengthBytes, IReadOnlyList<CompactStage> Stages)
{
    /// <summary>What a transfer brings of it, in the order in which it comes: the stages, or the file.</summary>
    public IReadOnlyList<ContentHash> Brought => Stages.Count > 0 ? [.. Stages.Select(static stage => stage.Hash)] : [Hash];

    /// <summary>Two holders tell of the same form when each byte that they send is the same.</summary>
    public bool Equals(CompactOffer? other) =>
        other is not null && Content == other.Content && Hash == other.Hash && LengthBytes == other.LengthBytes && Stages.SequenceEqual(other.Stages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Content, Hash);
}
