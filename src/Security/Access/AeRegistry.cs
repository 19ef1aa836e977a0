namespace Panal.Security.Access;

/// <summary>The application entities that this node knows: aes.json of its data folder.</summary>
/// <remarks>
/// Several processes may use one file: `panal ae add` beside a running node. Changes take a lock file; readers look at the file's
/// time and length at each question and read it again when it changed. A file that has become invalid leaves the last valid
/// entities in force and shows in <see cref="Problem"/>.
/// </remarks>
public sealed class AeRegistry
{
    /// <summary>Name of the file in the data folder.</summary>
    public const string FileName = "aes.json";

    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(20);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Snapshot _current;
    private AeRegistryException? _problem;

    /// <summary>Opens the registry of a data folder.</summary>
    /// <exception cref="AeRegistryException">aes.json is not valid; all errors are named.</exception>
    public AeRegistry(string dataFolder, TimeProvider time)
    {
        _path = Path.Combine(dataFolder, FileName);
        _time = time;
        _current = Load(_path, StampOf(_path));
    }

    /// <summary>Why the file as it is now is not in force, or null.</summary>
    public AeRegistryException? Problem => Volatile.Read(ref _problem);

    /// <summary>All entities, in the order of the file.</summary>
    public IReadOnlyList<ApplicationEntity> Entities => Current().Entities;

    /// <summary>The entity with this title, or null; spaces at its ends do not count, case does.</summary>
    public ApplicationEntity? Find(string title) => Current().ByTitle.GetValueOrDefault(AeTitle.Trim(title));

    /// <summary>Registers an entity, or replaces the one with its title.</summary>
    /// <returns>True when the title was new.</returns>
    /// <exception cref="AeRegistryException">The entity is not valid, or the file cannot be changed.</exception>
    public async Task<bool> AddAsync(ApplicationEntity entity, CancellationToken cancellationToken)
    {
        var isNew = true;
        await ChangeAsync(
            entities =>
            {
                var at = entities.FindIndex(e => e.AETitle == entity.AETitle);
                isNew = at < 0;
                if (isNew)
                {
                    entities.Add(entity);
                }
                else
                {
                    entities[at] = entity;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return isNew;
    }

    /// <summary>Removes an entity.</summary>
    /// <returns>False when there is none with this title.</returns>
    public async Task<bool> RemoveAsync(string title, CancellationToken cancellationToken)
    {
        var removed = 0;
        await ChangeAsync(entities => removed = entities.RemoveAll(e => e.AETitle == AeTitle.Trim(title)), cancellationToken).ConfigureAwait(false);
        return removed > 0;
    }

    private async Task ChangeAsync(Action<List<ApplicationEntity>> change, CancellationToken cancellationToken)
    {
        using var held = await LockAsync(cancellationToken).ConfigureAwait(false);
        var entities = AeRegistryFile.Read(_path).ToList();
        change(entities);
        var errors = AeRegistryFile.Validate(entities);
        if (errors.Count > 0)
        {
            throw new AeRegistryException(errors);
        }

        AeRegistryFile.Write(_path, entities);
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (_time.GetElapsedTime(since) < LockTimeout)
            {
                await Task.Delay(LockRetry, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new AeRegistryException([$"{_path} cannot be changed: {e.Message}"]);
            }
        }
    }

    private Snapshot Current()
    {
        var current = Volatile.Read(ref _current);
        var stamp = StampOf(_path);
        if (stamp == current.Stamp)
        {
            return current;
        }

        lock (_gate)
        {
            if (stamp == _current.Stamp)
            {
                return _current;
            }

            try
            {
                _problem = null;
                _current = Load(_path, stamp);
            }
            catch (AeRegistryException e)
            {
                _problem = e;
                _current = _current with { Stamp = stamp };
            }

            return _current;
        }
    }

    private static Snapshot Load(string path, (DateTime, long) stamp)
    {
        var entities = AeRegistryFile.Read(path);
        return new Snapshot(stamp, entities, entities.ToDictionary(e => e.AETitle));
    }

    private static (DateTime Written, long LengthBytes) StampOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private sealed record Snapshot(
        (DateTime Written, long LengthBytes) Stamp,
        IReadOnlyList<ApplicationEntity> Entities,
        Dictionary<string, ApplicationEntity> ByTitle);
}
