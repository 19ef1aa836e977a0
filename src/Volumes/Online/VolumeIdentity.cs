using System.Text.Json;
using System.Text.Json.Nodes;

namespace Panal.Volumes.Online;

/// <summary>The file that says which volume a directory is. See docs/formats/volume.md.</summary>
internal static class VolumeIdentity
{
    public const string FileName = "panal-volume.json";

    private const int FormatVersion = 1;
    private const int LimitBytes = 4096;

    /// <summary>Checks the identity, or gives one to a new directory; returns what is wrong, or null.</summary>
    public static string? Open(IVolumeFiles files, string root, VolumeId id, string group, bool isReadOnly, KnownVolumes known)
    {
        var path = Path.Combine(root, FileName);
        var knownUnique = known.Find(id);
        if (files.Exists(path))
        {
            return Check(SmallFile.Read(files, path, LimitBytes), id, knownUnique, known);
        }

        if (knownUnique is not null || isReadOnly)
        {
            return $"there is no {FileName}: is the disk mounted?";
        }

        var unique = Guid.NewGuid();
        files.CreateDirectory(root);
        SmallFile.Replace(files, path, JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject { ["panalVolume"] = FormatVersion, ["id"] = id.Value, ["unique"] = unique.ToString(), ["group"] = group }));
        if (Path.GetDirectoryName(root) is { Length: > 0 } parent)
        {
            files.SyncDirectory(parent);
        }

        known.Add(id, unique);
        return null;
    }

    private static string? Check(byte[] content, VolumeId id, Guid? knownUnique, KnownVolumes known)
    {
        try
        {
            using var identity = JsonDocument.Parse(content);
            var root = identity.RootElement;
            if (root.GetProperty("panalVolume").GetInt32() != FormatVersion)
            {
                return "its format is newer than this program";
            }

            var found = root.GetProperty("id").GetInt32();
            var unique = root.GetProperty("unique").GetGuid();
            if (found != id.Value || (knownUnique is not null && knownUnique != unique))
            {
                return $"the directory is another volume (number {found})";
            }

            if (knownUnique is null)
            {
                known.Add(id, unique);
            }

            return null;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"{FileName} cannot be understood";
        }
    }
}

/// <summary>The volumes that this data directory has used before: an empty mount point is then not taken for a new one.</summary>
internal sealed class KnownVolumes(IVolumeFiles files, string dataDirectory)
{
    private const int LimitBytes = 1 << 20;

    private readonly string _path = Path.Combine(dataDirectory, "volumes.json");
    private readonly Dictionary<int, Guid> _volumes = Read(files, Path.Combine(dataDirectory, "volumes.json"));

    public Guid? Find(VolumeId id) => _volumes.TryGetValue(id.Value, out var unique) ? unique : null;

    public void Add(VolumeId id, Guid unique)
    {
        _volumes[id.Value] = unique;
        var content = new JsonObject();
        foreach (var (number, value) in _volumes)
        {
            content[number.ToString(System.Globalization.CultureInfo.InvariantCulture)] = value.ToString();
        }

        SmallFile.Replace(files, _path, JsonSerializer.SerializeToUtf8Bytes(content));
    }

    private static Dictionary<int, Guid> Read(IVolumeFiles files, string path)
    {
        if (!files.Exists(path))
        {
            return [];
        }

        try
        {
            using var content = JsonDocument.Parse(SmallFile.Read(files, path, LimitBytes));
            return content.RootElement.EnumerateObject().ToDictionary(
                entry => int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture), entry => entry.Value.GetGuid());
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            throw new StorageFailedException("volumes.json in the data directory cannot be understood; restore or remove it.");
        }
    }
}

/// <summary>Small files that are read and replaced as a whole.</summary>
internal static class SmallFile
{
    public static byte[] Read(IVolumeFiles files, string path, int limitBytes)
    {
        using var file = files.Open(path, writable: false);
        if (file.LengthBytes > limitBytes)
        {
            throw new IOException("A file of the volume is longer than it may be.");
        }

        var content = new byte[file.LengthBytes];
        return content[..file.Read(content, 0)];
    }

    /// <summary>Replaces a file atomically and durably.</summary>
    public static void Replace(IVolumeFiles files, string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".next";
        files.Delete(next);
        using (var file = files.Create(next))
        {
            file.Write(content, default, 0);
            file.SyncData();
        }

        files.Rename(next, path);
        files.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
