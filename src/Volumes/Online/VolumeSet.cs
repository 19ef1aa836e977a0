namespace Panal.Volumes.Online;

/// <summary>Volumes that stand in for one another.</summary>
internal sealed class VolumeGroup(string name, IReadOnlyList<Volume> volumes, Func<long> stagedBytes)
{
    public string Name => name;

    public IReadOnlyList<Volume> Volumes => volumes;

    /// <summary>The volume that takes the next object.</summary>
    /// <exception cref="StorageFullException">All that work are full.</exception>
    /// <exception cref="StorageFailedException">None works.</exception>
    public Volume Writable() =>
        TryFindWritable() ?? throw Refusal();

    public Volume? TryFindWritable()
    {
        foreach (var volume in volumes)
        {
            volume.Measure(stagedBytes());
            if (volume.IsWritable)
            {
                return volume;
            }
        }

        return null;
    }

    /// <summary>Why nothing can be stored.</summary>
    public IOException Refusal()
    {
        var isFull = false;
        var reasons = new List<string>();
        foreach (var volume in volumes)
        {
            var status = volume.Status;
            isFull |= status.State == VolumeState.Full;
            reasons.Add($"volume {status.Id}: {status.State} ({status.Reason})");
        }

        var text = string.Join("; ", reasons);
        return isFull ? new StorageFullException(text) : new StorageFailedException(text);
    }
}

/// <summary>All volumes by number; an object is looked for where the catalogue says first, then on the others.</summary>
internal sealed class VolumeSet(IReadOnlyList<VolumeGroup> groups)
{
    private readonly Volume[] _volumes = [.. groups.SelectMany(group => group.Volumes)];

    public IReadOnlyList<VolumeGroup> Groups => groups;

    public IReadOnlyList<Volume> All => _volumes;

    public Volume? TryGet(VolumeId id) => Array.Find(_volumes, volume => volume.Id == id);

    public VolumeGroup GroupOf(Volume volume) => groups.First(group => group.Volumes.Contains(volume));

    /// <summary>The volume that has the object, or null; the settler may have had to use another than first meant.</summary>
    public Volume? Find(VolumeId likely, string path)
    {
        if (TryGet(likely) is { } first && first.Exists(path))
        {
            return first;
        }

        foreach (var volume in _volumes)
        {
            if (volume.Id != likely && volume.Exists(path))
            {
                return volume;
            }
        }

        return null;
    }

    /// <summary>Opens a final file wherever it is.</summary>
    /// <exception cref="ObjectMissingException">No volume has it.</exception>
    /// <exception cref="StorageFailedException">It may be on a volume that has failed.</exception>
    public IVolumeFile Open(VolumeId likely, string path)
    {
        var first = TryGet(likely);
        if (first?.TryOpen(path) is { } file)
        {
            return file;
        }

        foreach (var volume in _volumes)
        {
            if (volume != first && volume.TryOpen(path) is { } other)
            {
                return other;
            }
        }

        var isUnknown = first is null || first.Status.State == VolumeState.Failed;
        throw isUnknown ? new StorageFailedException($"volume {likely} is not available") : new ObjectMissingException();
    }
}
