using System.Globalization;
using System.Text.Json;

namespace Panal.Node.Options;

/// <summary>One setting as it is now.</summary>
/// <param name="Name">Section and name, such as "NetworkAE:AETitle".</param>
/// <param name="Value">The value in force; secrets are masked.</param>
/// <param name="Source">Where it comes from: default, panal.json, environment or command line.</param>
internal sealed record EffectiveSetting(string Name, string Value, string Source);

/// <summary>The configuration of a node: defaults, then panal.json of the data folder, then PANAL_… variables, then the command line.</summary>
internal sealed class NodeConfiguration
{
    public const string FileName = "panal.json";
    public const string EnvironmentPrefix = "PANAL_";

    private const string Mask = "********";
    private readonly List<(string Source, IConfiguration Values)> _sources = [];

    private NodeConfiguration(string dataFolder, IConfigurationRoot root)
    {
        DataFolder = dataFolder;
        Root = root;
    }

    /// <summary>Full path of the data folder.</summary>
    public string DataFolder { get; }

    public IConfigurationRoot Root { get; }

    public DeviceOptions Device => Bind<DeviceOptions>(DeviceOptions.Section);

    public NetworkAEOptions NetworkAE => Bind<NetworkAEOptions>(NetworkAEOptions.Section);

    public NetworkConnectionOptions NetworkConnection => Bind<NetworkConnectionOptions>(NetworkConnectionOptions.Section);

    public ArchiveSettings Archive => Bind<ArchiveSettings>(ArchiveSettings.Section);

    public CompactionSettings Compaction => Bind<CompactionSettings>(CompactionSettings.Section);

    public MetadataSettings Metadata => Bind<MetadataSettings>(MetadataSettings.Section);

    public DicomWebSettings DicomWeb => Bind<DicomWebSettings>(DicomWebSettings.Section);

    public RelaySettings Relay => Bind<RelaySettings>(RelaySettings.Section);

    public TransferSettings Transfers => Bind<TransferSettings>(TransferSettings.Section);

    /// <summary>Reads all sources.</summary>
    /// <param name="commandLine">Settings by full name, as the command line gave them.</param>
    /// <exception cref="ConfigurationException">panal.json is not readable JSON.</exception>
    public static NodeConfiguration Load(string dataFolder, IReadOnlyDictionary<string, string?> commandLine)
    {
        var folder = Path.GetFullPath(dataFolder);
        var file = new ConfigurationBuilder().Add(new SettingsFile(Path.Combine(folder, FileName))).Build();
        var environment = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).Build();
        var line = new ConfigurationBuilder().AddInMemoryCollection(commandLine).Build();
        // Not chained: a chained source treats an empty value as none, and an empty value may be meant.
        var root = new ConfigurationRoot([.. file.Providers, .. environment.Providers, .. line.Providers]);
        var configuration = new NodeConfiguration(folder, root);
        configuration._sources.AddRange([("command line", line), ("environment", environment), (FileName, file)]);
        return configuration;
    }

    /// <summary>All that is wrong with the configuration, each with its setting's name; empty when it can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        errors.AddRange(UnknownSettings());
        foreach (var section in SettingsCatalogue.Sections)
        {
            try
            {
                var failures = section.Validate(Root.GetSection(section.Name));
                errors.AddRange(failures.Select(f => $"{section.Name}: {f}"));
            }
            catch (InvalidOperationException e)
            {
                // The binder names the setting, and says in the inner exception what it could not read.
                errors.Add(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
            }
        }

        return errors;
    }

    /// <summary>Every setting with its value and its source, in the order of the documentation.</summary>
    public IEnumerable<EffectiveSetting> Effective()
    {
        foreach (var setting in SettingsCatalogue.Settings)
        {
            var (source, value) = ("default", setting.DefaultText);
            foreach (var (name, values) in _sources)
            {
                if (values[setting.Name] is { } set)
                {
                    (source, value) = (name, set);
                    break;
                }
            }

            yield return new EffectiveSetting(setting.Name, setting.IsSecret && value.Length > 0 ? Mask : value, source);
        }
    }

    /// <summary>Binds one section to its options record.</summary>
    public T Bind<T>(string section)
        where T : class, new() => Root.GetSection(section).Get<T>() ?? new T();

    /// <summary>A misspelt name in the file would silently leave the default in force.</summary>
    private IEnumerable<string> UnknownSettings()
    {
        var known = SettingsCatalogue.Settings.Select(s => s.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (source, values) in _sources.Where(s => s.Source == FileName))
        {
            foreach (var (name, value) in values.AsEnumerable())
            {
                if (value is not null && !known.Contains(name))
                {
                    yield return string.Create(CultureInfo.InvariantCulture, $"{source}: there is no setting {name}.");
                }
            }
        }
    }

    /// <summary>panal.json, read once at the start: a changed file takes effect at the next start and never half-way.</summary>
    private sealed class SettingsFile(string path) : IConfigurationSource
    {
        /// <summary>A configuration file is written by hand; anything longer is not one.</summary>
        private const long LengthLimitBytes = 1024 * 1024;

        public IConfigurationProvider Build(IConfigurationBuilder builder) => new SettingsFileProvider(path, LengthLimitBytes);
    }

    private sealed class SettingsFileProvider(string path, long lengthLimitBytes) : ConfigurationProvider
    {
        public override void Load()
        {
            if (!File.Exists(path))
            {
                return;
            }

            try
            {
                using var stream = File.OpenRead(path);
                if (stream.Length > lengthLimitBytes)
                {
                    throw new ConfigurationException($"{path} is longer than {lengthLimitBytes} bytes.");
                }

                using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
                Read(document.RootElement, null);
            }
            catch (JsonException e)
            {
                throw new ConfigurationException($"{path} is not valid JSON: {e.Message}", e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ConfigurationException($"{path} cannot be read: {e.Message}", e);
            }
        }

        private void Read(JsonElement element, string? name)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in element.EnumerateObject())
                    {
                        Read(property.Value, name is null ? property.Name : ConfigurationPath.Combine(name, property.Name));
                    }

                    break;
                case JsonValueKind.Array:
                    // Lists are one text with commas, the same in the file, in a variable and on the command line.
                    Data[name ?? ""] = string.Join(',', element.EnumerateArray().Select(e => e.ToString()));
                    break;
                default:
                    Data[name ?? ""] = element.ToString();
                    break;
            }
        }
    }
}

/// <summary>The configuration cannot be read; the message is for the administrator.</summary>
internal sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
