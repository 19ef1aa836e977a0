using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Panal.Volumes.Staging;

/// <summary>
/// Objects that have their final files and whose bytes still lie in a released segment, until it is used again: what
/// has just come is what is asked for most, and the log is in memory when the settled files are not.
/// </summary>
internal sealed class RecentObjects
{
    /// <summary>Smaller ones are read from their files: a log full of them would need too many entries.</summary>
    public const long SmallestBytes = 64 * 1024;

    private readonly ConcurrentDictionary<string, StagedObject> _objects = new(StringComparer.Ordinal);

    /// <summary>An object has been settled; called under its own lock, before the log forgets it.</summary>
    public void Add(Segment segment, StagedObject staged)
    {
        if (staged.Kind == FrameKind.Object && staged.LengthBytes >= SmallestBytes && !staged.IsDeleted)
        {
            segment.Recent.Add(staged);
            _objects[staged.Path] = staged;
        }
    }

    public bool TryGet(string path, [NotNullWhen(true)] out StagedObject? staged) => _objects.TryGetValue(path, out staged);

    /// <summary>The object is about to be deleted.</summary>
    public void Remove(string path) => _objects.TryRemove(path, out _);

    /// <summary>The segment is about to be used again, or removed.</summary>
    public void Forget(Segment segment)
    {
        foreach (var staged in segment.Recent)
        {
            _objects.TryRemove(KeyValuePair.Create(staged.Path, staged));
        }

        segment.Recent.Clear();
    }
}
