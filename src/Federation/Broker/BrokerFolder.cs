using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Panal.Federation.Broker.Sweeping;

namespace Panal.Federation.Broker;

/// <summary>What a node keeps of its brokers on disk; see docs/formats/brokers.md.</summary>
/// <param name="path">The folder; it is made with the first broker.</param>
public sealed class BrokerFolder(string path)
{
    /// <summary>Longest file that is read, in bytes.</summary>
    public const int FileLimitBytes = 4 * 1024 * 1024;

    /// <summary>Studies that are begun to be gathered again after a start at most.</summary>
    public const int GatheringLimit = 256;

    /// <summary>Brokers of one node at most.</summary>
    public const int BrokerLimit = 32;

    private const string DefinitionExtension = ".json";
    private const string ProgressExtension = ".progress";
    private const string GatheringsName = "gatherings.list";

    /// <summary>The brokers of this node, by name.</summary>
    /// <exception cref="InvalidDataException">A file is not what the page says.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public IReadOnlyList<BrokerDefinition> Load()
    {
        if (!Directory.Exists(path))
        {
            return [];
        }

        var definitions = new List<BrokerDefinition>();
        foreach (var file in Directory.EnumerateFiles(path, "*" + DefinitionExtension).Order(StringComparer.Ordinal).Take(BrokerLimit))
        {
            var definition = Read(file, BrokerJson.Default.BrokerDefinition);
            if (definition.Fault() is { } fault || definition.Name != Path.GetFileNameWithoutExtension(file) || definition.Source == Guid.Empty)
            {
                throw new InvalidDataException($"{file} defines no broker.");
            }

            definitions.Add(definition);
        }

        return definitions;
    }

    /// <summary>Keeps a definition; durable when it returns.</summary>
    public void Save(BrokerDefinition definition)
    {
        Make();
        Write(definition.Name + DefinitionExtension, definition, BrokerJson.Default.BrokerDefinition);
    }

    /// <summary>Forgets a broker and how far it was.</summary>
    public void Remove(string name)
    {
        File.Delete(Path.Combine(path, name + DefinitionExtension));
        File.Delete(Path.Combine(path, name + ProgressExtension));
    }

    /// <summary>How far the sweeping of an archive is; a new one where nothing is known, or what is known cannot be read: sweeping again costs time only.</summary>
    public SweepProgress LoadProgress(string name)
    {
        try
        {
            var progress = Read(Path.Combine(path, name + ProgressExtension), BrokerJson.Default.SweepProgress);
            return progress.IsValid ? progress : new SweepProgress();
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            return new SweepProgress();
        }
    }

    /// <summary>Keeps how far the sweeping is. Not synced: power loss makes it begin where it was kept last.</summary>
    public void SaveProgress(string name, SweepProgress progress) => Write(name + ProgressExtension, progress, BrokerJson.Default.SweepProgress);

    /// <summary>Studies that were being gathered when the node stopped; none where nothing is known, or what is known cannot be read: whoever wants them asks again.</summary>
    public IReadOnlyList<GatheredStudy> LoadGatherings()
    {
        try
        {
            return [.. Read(Path.Combine(path, GatheringsName), BrokerJson.Default.GatheredStudyArray).Where(static one => Dicom.Uid.IsWellFormed(one.StudyInstanceUid)).Take(GatheringLimit)];
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            return [];
        }
    }

    /// <summary>Keeps which studies are being gathered. Not synced: what power loss takes is asked for again by whoever wants it.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public void SaveGatherings(IEnumerable<GatheredStudy> studies)
    {
        Make();
        Write<GatheredStudy[]>(GatheringsName, [.. studies], BrokerJson.Default.GatheredStudyArray);
    }

    private void Make() => _ = OperatingSystem.IsWindows()
        ? Directory.CreateDirectory(path)
        : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private static T Read<T>(string file, JsonTypeInfo<T> type)
        where T : class
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        if (stream.Length > FileLimitBytes)
        {
            throw new InvalidDataException($"{file} is too long.");
        }

        try
        {
            return JsonSerializer.Deserialize(stream, type) ?? throw new InvalidDataException($"{file} is empty.");
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{file} cannot be read: {fault.Message}", fault);
        }
    }

    private void Write<T>(string name, T value, JsonTypeInfo<T> type)
    {
        var target = Path.Combine(path, name);
        using (var stream = new FileStream(target + ".new", FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(stream, value, type);
            stream.Flush(flushToDisk: typeof(T) == typeof(BrokerDefinition));
        }

        File.Move(target + ".new", target, overwrite: true);
    }
}

/// <summary>A study that is being gathered.</summary>
/// <param name="StudyInstanceUid">Which.</param>
/// <param name="Priority">Whether somebody waits.</param>
public sealed record GatheredStudy(string StudyInstanceUid, Swarm.Transfers.TransferPriority Priority)
{
    /// <summary>No patient data in logs.</summary>
    public override string ToString() => "[redacted]";
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(BrokerDefinition))]
[JsonSerializable(typeof(SweepProgress))]
[JsonSerializable(typeof(GatheredStudy[]))]
internal sealed partial class BrokerJson : JsonSerializerContext;
