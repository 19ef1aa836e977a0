using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Panal.Volumes.Online;
using Panal.Volumes.Staging;

namespace Panal.Volumes;

/// <summary>One directory of objects, and whether it can take more. See docs/formats/volume.md.</summary>
internal sealed class Volume(VolumeOptions options, string group, IVolumeFiles files, TimeProvider time, ILogger logger)
{
    /// <summary>Directory that the volume keeps for itself; object paths cannot begin with a dot.</summary>
    public const string OwnDirectory = ".panal";

    private static readonly TimeSpan FreeBytesAge = TimeSpan.FromSeconds(1);

    /// <summary>Directories known to be directories; forgotten all at once when there are too many.</summary>
    private const int KnownDirectoriesLimit = 20_000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _knownDirectories = new(StringComparer.Ordinal);
    private readonly string _root = Path.GetFullPath(options.RootPath);
    private VolumeState _state = options.IsReadOnly ? VolumeState.ReadOnly : VolumeState.Writable;
    private string _reason = options.IsReadOnly ? "read-only by configuration" : string.Empty;
    private long _freeBytes;
    private long _freeBytesTimestamp;
    private long _troubleTimestamp;
    private bool _isMeasured;
    private volatile bool _hasApart;

    public VolumeId Id { get; } = new(options.Id);

    public string Group => group;

    public string Root => _root;

    private string PartsDirectory => Path.Combine(_root, OwnDirectory, "parts");

    private string ApartDirectory => Path.Combine(_root, OwnDirectory, "apart");

    public bool IsWritable
    {
        get
        {
            lock (_lock)
            {
                return _state == VolumeState.Writable;
            }
        }
    }

    public VolumeStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new VolumeStatus(Id, group, _root, _state, _reason, _freeBytes, options.ReserveBytes);
            }
        }
    }

    /// <summary>Checks or creates what makes the directory this volume; what is wrong becomes its state.</summary>
    public void Open(KnownVolumes known)
    {
        try
        {
            var problem = VolumeIdentity.Open(files, _root, Id, group, options.IsReadOnly, known);
            if (problem is not null)
            {
                Become(VolumeState.Failed, problem);
                return;
            }

            if (!options.IsReadOnly)
            {
                files.CreateDirectory(PartsDirectory);
                files.SyncDirectory(Path.Combine(_root, OwnDirectory));
                files.SyncDirectory(_root);
            }

            _hasApart = files.List(ApartDirectory).Count > 0;
            Measure(stagedBytes: 0);
        }
        catch (IOException error)
        {
            WriteFailed(error);
        }
    }

    /// <summary>Looks at the free space, at most once a second.</summary>
    public void Measure(long stagedBytes)
    {
        lock (_lock)
        {
            var isFresh = _isMeasured && time.GetElapsedTime(_freeBytesTimestamp) < FreeBytesAge;
            if (isFresh || _state is VolumeState.ReadOnly or VolumeState.Failed)
            {
                return;
            }

            _freeBytesTimestamp = time.GetTimestamp();
            _isMeasured = true;
        }

        try
        {
            var free = files.FreeBytes(_root);
            lock (_lock)
            {
                _freeBytes = free;
                var isShort = free - stagedBytes < options.ReserveBytes;
                if (isShort && _state == VolumeState.Writable)
                {
                    Become(VolumeState.Full, "the reserve is reached");
                }
            }
        }
        catch (IOException error)
        {
            WriteFailed(error);
        }
    }

    /// <summary>Tries a full or failed volume again when the interval has passed.</summary>
    public void Retry(TimeSpan interval, long stagedBytes, KnownVolumes known)
    {
        VolumeState state;
        lock (_lock)
        {
            state = _state;
            if (state is VolumeState.Writable or VolumeState.ReadOnly || time.GetElapsedTime(_troubleTimestamp) < interval)
            {
                return;
            }

            _troubleTimestamp = time.GetTimestamp();
        }

        try
        {
            if (VolumeIdentity.Open(files, _root, Id, group, options.IsReadOnly, known) is { } problem)
            {
                Become(VolumeState.Failed, problem);
                return;
            }

            var free = files.FreeBytes(_root);
            if (free - stagedBytes < options.ReserveBytes)
            {
                Become(VolumeState.Full, "the reserve is reached");
                return;
            }

            Probe();
            lock (_lock)
            {
                (_state, _reason, _freeBytes) = (VolumeState.Writable, string.Empty, free);
            }

            Log.VolumeWritable(logger, Id.Value);
        }
        catch (IOException error)
        {
            WriteFailed(error);
        }
    }

    private void Probe()
    {
        files.CreateDirectory(PartsDirectory);
        var path = Path.Combine(PartsDirectory, "probe");
        files.Delete(path);
        using (var probe = files.Create(path))
        {
            probe.Write("panal"u8, default, 0);
            probe.SyncData();
        }

        files.Delete(path);
    }

    /// <summary>Draws the consequence of a failed write; other errors than "full" and "failed" have none.</summary>
    public void WriteFailed(IOException error)
    {
        if (error is StorageFullException)
        {
            Become(VolumeState.Full, error.Message);
        }
        else if (error is StorageFailedException)
        {
            Become(VolumeState.Failed, error.Message);
        }
    }

    private void Become(VolumeState state, string reason)
    {
        lock (_lock)
        {
            _troubleTimestamp = time.GetTimestamp();
            if (_state == VolumeState.ReadOnly || (_state == state && _reason == reason))
            {
                return;
            }

            (_state, _reason) = (state, reason);
        }

        Log.VolumeChanged(logger, Id.Value, state, reason);
    }

    public IVolumeFile CreatePart(ulong number)
    {
        var path = PartPath(number);
        try
        {
            return files.Create(path);
        }
        catch (IOException) when (files.Exists(path))
        {
            // An earlier attempt left it and could not delete it.
            files.Delete(path);
            return files.Create(path);
        }
    }

    public void SyncParts() => files.SyncDirectory(PartsDirectory);

    public void DeletePart(ulong number)
    {
        try
        {
            files.Delete(PartPath(number));
        }
        catch (IOException)
        {
            // It has no record in the log; the next start removes it.
        }
    }

    /// <summary>Removes files that were on their way when the process ended, except those that the log still knows.</summary>
    public void SweepParts(IReadOnlySet<ulong> known)
    {
        try
        {
            foreach (var name in files.List(PartsDirectory))
            {
                if (!ulong.TryParse(name, out var number) || !known.Contains(number))
                {
                    files.Delete(Path.Combine(PartsDirectory, name));
                }
            }
        }
        catch (IOException error)
        {
            WriteFailed(error);
        }
    }

    /// <summary>Opens the file of a large object that is not placed yet; null if it is not there.</summary>
    public IVolumeFile? TryOpenPart(ulong number) => TryOpenFile(PartPath(number));

    /// <summary>Opens a final file for reading; null if it is not there.</summary>
    public IVolumeFile? TryOpen(string path)
    {
        if (IsBelowLink(path))
        {
            return TryOpenFile(ApartPath(path));
        }

        if (TryOpenFile(Full(path)) is { } file)
        {
            // Of the next file beside it only that itself needs to be looked at.
            Know(Path.GetDirectoryName(path) ?? string.Empty);
            return file;
        }

        return _hasApart ? TryOpenFile(ApartPath(path)) : null;
    }

    // The file first: most often there is none, and then no link needs to be looked for.
    public bool Exists(string path) =>
        (files.Exists(Full(path)) && !IsBelowLink(path)) || (_hasApart && files.Exists(ApartPath(path)));

    /// <summary>Deletes a final file durably; false if it was not there.</summary>
    public bool Delete(string path)
    {
        var isRemoved = false;
        if (!IsBelowLink(path) && files.Delete(Full(path)))
        {
            isRemoved = true;
            files.SyncDirectory(Path.GetDirectoryName(Full(path))!);
        }

        if (_hasApart && files.Delete(ApartPath(path)))
        {
            isRemoved = true;
            files.SyncDirectory(ApartDirectory);
        }

        return isRemoved;
    }

    /// <summary>Makes the final file of a staged object; durable only after <see cref="Sync"/>.</summary>
    public void Place(StagedObject staged, ulong partNumber)
    {
        var part = PartPath(partNumber);
        if (staged.Kind == FrameKind.Object)
        {
            CopyToPart(staged, partNumber);
        }
        else if (!files.Exists(part) && Exists(staged.Path))
        {
            return;         // placed before the last stop
        }

        try
        {
            if (staged.Kind == FrameKind.LargeObject)
            {
                // Its only copy moves: the directories must be durable before its new name can be.
                EnsureDirectory(Path.GetDirectoryName(staged.Path) ?? string.Empty);
                SyncDirectoriesOf([staged.Path]);
            }

            Rename(part, staged.Path);
        }
        catch (IOException error) when (error is not (StorageFullException or StorageFailedException) && files.Exists(part))
        {
            // A file where a directory should be, a link, a name that this file system does not take.
            Log.PlacedApart(logger, Id.Value, error.Message);
            files.CreateDirectory(ApartDirectory);
            files.Rename(part, ApartPath(staged.Path));
            _hasApart = true;
        }
    }

    private void Rename(string part, string path)
    {
        var directory = Path.GetDirectoryName(path) ?? string.Empty;
        EnsureDirectory(directory);
        try
        {
            files.Rename(part, Full(path));
        }
        catch (ObjectMissingException) when (files.Exists(part))
        {
            // Somebody removed an empty directory behind our back: make it again, once.
            lock (_knownDirectories)
            {
                _knownDirectories.Clear();
            }

            EnsureDirectory(directory);
            files.Rename(part, Full(path));
        }
    }

    private void CopyToPart(StagedObject staged, ulong partNumber)
    {
        using var file = CreatePart(partNumber);
        files.Copy(staged.Segment!.File, staged.DataOffset, file, 0, staged.LengthBytes);
        if (!files.CanSyncFileSystem)
        {
            file.SyncData();
        }
    }

    /// <summary>Makes everything placed so far durable.</summary>
    public void Sync(IEnumerable<string> placedPaths)
    {
        if (files.CanSyncFileSystem)
        {
            files.SyncFileSystem(_root);
            return;
        }

        SyncDirectoriesOf(placedPaths);
        if (_hasApart)
        {
            files.SyncDirectory(ApartDirectory);
        }

        files.SyncDirectory(Path.Combine(_root, OwnDirectory));
        files.SyncDirectory(PartsDirectory);
    }

    // From the root downwards, so that nothing durable ever hangs below something that is not.
    private void SyncDirectoriesOf(IEnumerable<string> paths)
    {
        var directories = new SortedSet<string>(StringComparer.Ordinal) { _root };
        foreach (var path in paths)
        {
            for (var directory = Path.GetDirectoryName(path); !string.IsNullOrEmpty(directory); directory = Path.GetDirectoryName(directory))
            {
                directories.Add(Full(directory));
            }
        }

        foreach (var directory in directories)
        {
            files.SyncDirectory(directory);
        }
    }

    private IVolumeFile? TryOpenFile(string fullPath)
    {
        try
        {
            return files.IsLink(fullPath) ? null : files.Open(fullPath, writable: false);
        }
        catch (ObjectMissingException)
        {
            return null;
        }
        catch (StorageFailedException) when (!files.Exists(fullPath))
        {
            return null;        // a directory
        }
    }

    private string Full(string path) => Path.Combine(_root, path);

    private string PartPath(ulong number) =>
        Path.Combine(PartsDirectory, number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private string ApartPath(string path) =>
        Path.Combine(ApartDirectory, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path))));

    private void EnsureDirectory(string relative)
    {
        if (relative.Length == 0 || IsKnown(relative))
        {
            return;
        }

        if (IsBelowLink(relative + "/_"))
        {
            throw new IOException("a symbolic link stands in the way");
        }

        files.CreateDirectory(Full(relative));
        Know(relative);
    }

    // A directory, and all above it, that were seen to be directories and no links.
    private void Know(string relative)
    {
        lock (_knownDirectories)
        {
            if (_knownDirectories.Contains(relative))
            {
                return;
            }

            if (_knownDirectories.Count >= KnownDirectoriesLimit)
            {
                _knownDirectories.Clear();
            }

            for (var directory = relative; directory.Length > 0; directory = Path.GetDirectoryName(directory) ?? string.Empty)
            {
                _knownDirectories.Add(directory);
            }
        }
    }

    private bool IsKnown(string directory)
    {
        lock (_knownDirectories)
        {
            return _knownDirectories.Contains(directory);
        }
    }

    // Links inside of a volume are never followed: they may lead out of it.
    private bool IsBelowLink(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            var directory = path[..slash];
            if (IsKnown(directory))
            {
                return false;
            }

            if (files.IsLink(Full(directory)))
            {
                return true;
            }
        }

        return false;
    }
}
