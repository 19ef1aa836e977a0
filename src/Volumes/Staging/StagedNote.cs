using Panal.Volumes.Staging;

namespace Panal.Volumes;

/// <summary>A note in the staging log that has not reached the catalogue yet; its segment stays until then.</summary>
public sealed class StagedNote
{
    private Segment? _segment;

    internal StagedNote(Segment segment) => _segment = segment;

    /// <summary>The catalogue has it; more than once does no harm.</summary>
    public void Applied() => Interlocked.Exchange(ref _segment, null)?.NoteApplied();
}
