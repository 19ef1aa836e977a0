using System.CommandLine;
using Panal.Node.Options;

namespace Panal.Node.Commands;

/// <summary>The command-line options that are settings, shared by the commands that read the configuration.</summary>
internal sealed class NodeArguments
{
    private readonly List<(Option Option, string Setting, Func<ParseResult, string?> Read)> _settings = [];

    public NodeArguments(Command command, bool withSettings)
    {
        command.Add(Data);
        if (!withSettings)
        {
            return;
        }

        AddSetting<string>(command, "--ae-title", "TITLE", "NetworkAE:AETitle", "AE title of this node.");
        AddSetting<int?>(command, "--dicom-port", "PORT", "NetworkConnection:DicomPort", "Port of DICOM; 0 switches it off.");
        AddSetting<int?>(command, "--dicom-tls-port", "PORT", "NetworkConnection:DicomTlsPort", "Port of DICOM over TLS; 0 switches it off.");
        AddSetting<int?>(command, "--http-port", "PORT", "NetworkConnection:HttpPort", "Port of HTTP; 0 switches it off.");
        AddSetting<int?>(command, "--link-port", "PORT", "NetworkConnection:LinkPort", "Port of links to other members of the network; 0 switches it off.");
        AddSetting<string>(command, "--bind", "ADDRESS", "NetworkConnection:Bind", "Address to listen on; * is every address.");
        AddSetting<bool?>(command, "--open", "", "NetworkAE:Open", "Accept every caller; for a closed laboratory network only.");
    }

    /// <summary>The data folder; it holds everything that the node keeps.</summary>
    public Option<string> Data { get; } = new("--data")
    {
        Description = "Folder that holds everything the node keeps.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "./data",
    };

    /// <summary>Names of the command-line options by setting.</summary>
    public IEnumerable<(string Setting, string Option)> Names => _settings.Select(s => (s.Setting, s.Option.Name));

    /// <summary>Reads the configuration with what the command line says on top.</summary>
    public NodeConfiguration Load(ParseResult parsed)
    {
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (option, setting, read) in _settings)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                given[setting] = read(parsed);
            }
        }

        return NodeConfiguration.Load(parsed.GetRequiredValue(Data), given);
    }

    /// <summary>Reads the configuration and ends the command, with all errors, when it is not valid.</summary>
    public NodeConfiguration LoadValid(ParseResult parsed)
    {
        var configuration = Load(parsed);
        var errors = configuration.Validate();
        return errors.Count == 0
            ? configuration
            : throw new CommandException(ExitCode.Configuration, string.Join(Environment.NewLine, errors));
    }

    private void AddSetting<T>(Command command, string name, string valueName, string setting, string description)
    {
        var option = new Option<T>(name) { Description = description };
        if (valueName.Length > 0)
        {
            option.HelpName = valueName;
        }

        command.Add(option);
        _settings.Add((option, setting, parsed => Convert.ToString(parsed.GetValue(option), System.Globalization.CultureInfo.InvariantCulture)));
    }
}
