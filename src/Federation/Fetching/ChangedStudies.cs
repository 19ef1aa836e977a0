using Panal.Catalogue;

namespace Panal.Federation.Fetching;

/// <summary>Which study each of the latest changes is about: looked up once for all who follow the feed for a study of theirs.</summary>
/// <remarks>For several threads at once. Bounded by <see cref="Capacity"/>.</remarks>
/// <param name="catalogue">Whose changes.</param>
internal sealed class ChangedStudies(CatalogueDatabase catalogue)
{
    /// <summary>Changes that are remembered; whoever is further behind looks at his study itself.</summary>
    public const int Capacity = 4096;

    private readonly Lock _gate = new();
    private readonly List<ChangedStudy> _changes = [];
    private long _last;

    /// <summary>The changes after a sequence; null if they are too many, or were forgotten or compacted away.</summary>
    public ChangedStudy[]? Since(long sequence)
    {
        lock (_gate)
        {
            ReadOn();
            return sequence > _last || sequence < _last - _changes.Count ? null : [.. _changes[^(int)(_last - sequence)..]];
        }
    }

    private void ReadOn()
    {
        if (catalogue.LastSequence() is var newest && newest > _last + Capacity)
        {
            // Nobody has looked for long: what was stored meanwhile concerns nobody who begins now.
            _changes.Clear();
            _last = newest;
        }

        foreach (var change in catalogue.Changes(_last, Capacity))
        {
            if (change.Sequence != _last + 1)
            {
                _changes.Clear();
            }

            _changes.Add(new ChangedStudy(change.Sequence, change.SopInstanceUid, StudyOf(change)));
            _last = change.Sequence;
        }

        _changes.RemoveRange(0, Math.Max(0, _changes.Count - Capacity));
    }

    private string? StudyOf(Change change) =>
        change.Kind == ChangeKind.StudyCorrected ? change.SopInstanceUid : catalogue.FindInstance(change.SopInstanceUid)?.StudyInstanceUid;
}

/// <summary>A change and its study.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Uid">The instance, or the study that was corrected.</param>
/// <param name="StudyInstanceUid">The study; null if the instance is not known any more.</param>
internal readonly record struct ChangedStudy(long Sequence, string Uid, string? StudyInstanceUid);
