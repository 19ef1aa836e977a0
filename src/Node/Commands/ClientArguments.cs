using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive.Search;
using Panal.Dicom;
using Panal.Dimse;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.QueryRetrieve;

namespace Panal.Node.Commands;

/// <summary>What the commands that call another application entity have in common: whom to call, as whom.</summary>
internal sealed class ClientArguments
{
    private readonly Argument<string> _host = new("host") { Description = "Host name or address of the peer." };
    private readonly Argument<int> _port = new("port") { Description = "TCP port of the peer." };
    private readonly Option<string> _called = new("--called") { Description = "AE title of the peer.", HelpName = "TITLE", DefaultValueFactory = _ => "ANY-SCP" };
    private readonly Option<string> _calling = new("--calling") { Description = "Our AE title.", HelpName = "TITLE", DefaultValueFactory = _ => "PANAL" };

    /// <param name="command">Gets the arguments.</param>
    /// <param name="isPeerNeeded">Whether it calls a peer whatever else is said.</param>
    public ClientArguments(Command command, bool isPeerNeeded = true)
    {
        if (!isPeerNeeded)
        {
            _host.Arity = _port.Arity = ArgumentArity.ZeroOrOne;
        }

        command.Add(_host);
        command.Add(_port);
        command.Add(_called);
        command.Add(_calling);
    }

    public PeerAddress Peer(ParseResult parsed)
    {
        var host = parsed.GetValue(_host) ?? throw new CommandException(ExitCode.Failure, "Host and port of the peer are missing.");
        var peer = new PeerAddress(TitleOf(parsed, _called), host, parsed.GetValue(_port), Tls: false);
        return peer.Port is > 0 and <= ushort.MaxValue
            ? peer
            : throw new CommandException(ExitCode.Failure, "The port is a number from 1 to 65535.");
    }

    public string CallingAeTitle(ParseResult parsed) => TitleOf(parsed, _calling);

    public static PeerDialer Dialer() =>
        new(new AssociationOptions(), new PeerConnectionOptions(), TimeProvider.System, NullLogger<PeerDialer>.Instance);

    /// <summary>Runs a client; what the peer or the network refuses becomes one line and exit code 1.</summary>
    public static async Task<int> RunAsync(Func<Task<bool>> client)
    {
        try
        {
            return (int)(await client().ConfigureAwait(false) ? ExitCode.Success : ExitCode.Failure);
        }
        catch (Exception e) when (e is PeerUnreachableException or AssociationRejectedException or AssociationEndedException
            or ServiceNotAcceptedException or OperationFailedException or DicomFormatException)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }

    private static string TitleOf(ParseResult parsed, Option<string> option)
    {
        var title = Security.Access.AeTitle.Trim(parsed.GetRequiredValue(option));
        return Security.Access.AeTitle.IsValid(title)
            ? title
            : throw new CommandException(ExitCode.Failure, $"{option.Name}: 1 to 16 characters of ASCII, no backslash, no control characters.");
    }
}

/// <summary>Which entities a command means: the options of find, move and get.</summary>
internal sealed class IdentifierArguments
{
    private static readonly string[] LevelNames = ["patient", "study", "series", "image"];

    private readonly Option<string> _model = new("--model") { Description = "Information model: study or patient.", HelpName = "MODEL", DefaultValueFactory = _ => "study" };
    private readonly Option<string?> _level = new("--level") { Description = "patient, study, series or image; the lowest one named when left out.", HelpName = "LEVEL" };
    private readonly Option<string?> _patient = new("--patient") { Description = "Patient ID.", HelpName = "ID" };
    private readonly Option<string?> _study = new("--study") { Description = "Study Instance UID.", HelpName = "UID" };
    private readonly Option<string?> _series = new("--series") { Description = "Series Instance UID.", HelpName = "UID" };
    private readonly Option<string?> _image = new("--image") { Description = "SOP Instance UID.", HelpName = "UID" };
    private readonly Option<string[]> _keys = new("--key", "-k")
    {
        Description = "A key, such as PatientName=GAR*, or 0008,0061=CT; without a value it is only returned. May be given several times.",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    public IdentifierArguments(Command command)
    {
        command.Add(_model);
        command.Add(_level);
        command.Add(_patient);
        command.Add(_study);
        command.Add(_series);
        command.Add(_image);
        command.Add(_keys);
    }

    public InformationModel Model(ParseResult parsed) => parsed.GetRequiredValue(_model).ToLowerInvariant() switch
    {
        "study" => InformationModel.StudyRoot,
        "patient" => InformationModel.PatientRoot,
        var other => throw new CommandException(ExitCode.Failure, $"There is no model {other}: study or patient."),
    };

    /// <summary>Makes the identifier.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="returned">Keys to ask for besides, where they are not given.</param>
    public DataSet Identifier(ParseResult parsed, Func<string, IEnumerable<Tag>> returned)
    {
        (Option<string?> Option, Tag Key)[] unique =
        [
            (_patient, Tags.PatientID), (_study, Tags.StudyInstanceUID), (_series, Tags.SeriesInstanceUID), (_image, Tags.SOPInstanceUID),
        ];
        var lowest = Array.FindLastIndex(unique, one => parsed.GetValue(one.Option) is not null);
        var level = parsed.GetValue(_level)?.ToLowerInvariant() ?? LevelNames[Model(parsed) == InformationModel.PatientRoot ? Math.Max(lowest, 0) : Math.Max(lowest, 1)];
        if (!LevelNames.Contains(level))
        {
            throw new CommandException(ExitCode.Failure, $"There is no level {level}: {string.Join(", ", LevelNames)}.");
        }

        // Unicode holds every name; it is declared only when it is needed.
        var identifier = new DataSet();
        if (parsed.GetRequiredValue(_keys).Any(key => !System.Text.Ascii.IsValid(key)))
        {
            identifier.Set(Tags.SpecificCharacterSet, "ISO_IR 192");
        }

        identifier.Set(Tags.QueryRetrieveLevel, level.ToUpperInvariant());
        foreach (var tag in returned(level))
        {
            identifier.SetEmpty(tag);
        }

        foreach (var (option, key) in unique)
        {
            if (parsed.GetValue(option) is { } value)
            {
                identifier.Set(key, value.Split('\\'));
            }
        }

        foreach (var key in parsed.GetRequiredValue(_keys))
        {
            Set(identifier, key);
        }

        return identifier;
    }

    private static void Set(DataSet identifier, string key)
    {
        var parts = key.Split('=', 2);
        if (!Tag.TryParse(parts[0], out var tag))
        {
            throw new CommandException(ExitCode.Failure, $"There is no attribute {parts[0]}.");
        }

        if (parts.Length == 1 || parts[1].Length == 0)
        {
            identifier.SetEmpty(tag);
        }
        else
        {
            identifier.Set(tag, parts[1].Split('\\'));
        }
    }
}
