using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Panal.Archive.Retrieve;
using Panal.Federation.Broker;
using Panal.Node.Admin;
using Panal.Node.Hosting;

namespace Panal.Node.Commands;

/// <summary>`panal broker`: lets the running node mirror the archive of somebody else, and says how it is doing.</summary>
internal static class BrokerCommand
{
    private const string None = "–";

    public static Command Create() => new("broker", "Mirror archives that are no nodes: their studies are found in the whole network, and got on demand.")
    {
        CreateAdd(),
        Asking("list", "Show the brokers of this node.", static (parsed, views) => List(parsed.InvocationConfiguration.Output, views)),
        CreateNamed("status", "Show how a broker, or each of them, is doing.", isOptional: true),
        CreateSweep(),
        CreateForward(),
        CreateNamed("remove", "End a broker and forget what only its archive has; what was got from it stays.", isOptional: false),
    };

    private static Command CreateAdd()
    {
        var name = new Argument<string>("NAME") { Description = "Name of the broker: letters, digits, hyphens." };
        var dicom = new Option<string>("--dicom") { Description = "The archive, such as PACS@192.0.2.1:104.", HelpName = "AET@HOST:PORT", Required = true };
        var tls = new Option<bool>("--tls") { Description = "It is called over TLS." };
        var retrieve = new Option<ForeignRetrieval>("--retrieve") { Description = "How images are got: get, move to this node, which the archive must know then, or wado.", HelpName = "get|move|wado" };
        var web = new Option<string>("--dicomweb") { Description = "Where the archive offers DICOMweb, for --retrieve wado, such as https://pacs.example/dicom-web.", HelpName = "URL", DefaultValueFactory = _ => "" };
        var credentials = new Option<FileInfo>("--credentials") { Description = "File with what DICOMweb asks for: 'Basic NAME:PASSWORD' or 'Bearer TOKEN'. Read for each request.", HelpName = "FILE" };
        var requests = new Option<double>("--requests") { Description = "Questions a second at most.", HelpName = "NUMBER", DefaultValueFactory = _ => 10 };
        var retrievals = new Option<int>("--retrievals") { Description = "Retrievals at a time at most.", HelpName = "NUMBER", DefaultValueFactory = _ => 2 };
        var answers = new Option<int>("--answers") { Description = "Answers to one question at most; a question with more is split.", HelpName = "NUMBER", DefaultValueFactory = _ => 400 };
        var hours = new Option<string>("--hours") { Description = "Hours of the day in which everything is swept, such as 20-6; the whole day when left out.", HelpName = "FROM-TO", DefaultValueFactory = _ => "" };
        var poll = new Option<int>("--poll") { Description = "Seconds between two looks at what is new; more when nothing is.", HelpName = "SECONDS", DefaultValueFactory = _ => 60 };
        var recheck = new Option<int>("--recheck") { Description = "Days between two sweeps of everything.", HelpName = "DAYS", DefaultValueFactory = _ => 7 };
        var forward = new Option<bool>("--forward") { Description = "Send on to the archive what is stored into this node." };
        var command = new Command("add", "Mirror an archive, or change how.") { name, dicom, tls, retrieve, web, credentials, requests, retrievals, answers, hours, poll, recheck, forward };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (title, host, port) = ParseAddress(parsed.GetRequiredValue(dicom));
            var definition = new BrokerDefinition
            {
                Name = parsed.GetRequiredValue(name),
                Source = Guid.Empty,
                AeTitle = title,
                Host = host,
                Port = port,
                Tls = parsed.GetValue(tls),
                Retrieve = parsed.GetValue(retrieve),
                DicomWeb = parsed.GetRequiredValue(web),
                CredentialsFile = parsed.GetValue(credentials)?.FullName ?? "",
                RequestsPerSecond = parsed.GetValue(requests),
                MaximumRetrievals = parsed.GetValue(retrievals),
                AnswerLimit = parsed.GetValue(answers),
                Hours = parsed.GetRequiredValue(hours),
                PollSeconds = parsed.GetValue(poll),
                RecheckDays = parsed.GetValue(recheck),
                Forward = parsed.GetValue(forward),
            };
            if (definition.Fault() is { } fault)
            {
                throw new CommandException(ExitCode.Failure, fault);
            }

            var json = JsonSerializer.Serialize(definition, BrokerViewJson.Default.BrokerDefinition);
            await AskAsync(parsed, arguments, $"add?definition={Uri.EscapeDataString(json)}", static _ => { }, cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                $"{definition.AeTitle} is mirrored as {definition.Name}; see how far with: panal broker status {definition.Name}").ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateSweep()
    {
        var name = new Argument<string>("NAME") { Description = "The broker." };
        var all = new Option<bool>("--all") { Description = "Sweep everything again, whatever the hour, not only what is new." };
        var command = new Command("sweep", "Look at once at what is new in an archive, and wait until that is done.") { name, all };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var shown = "";
            var last = await AskAsync(
                parsed, arguments, $"sweep?name={Uri.EscapeDataString(parsed.GetRequiredValue(name))}{(parsed.GetValue(all) ? "&all" : "")}",
                view =>
                {
                    if (view.Broker is { } status && Line(status) is var line && line != shown)
                    {
                        output.WriteLine(shown = line);
                    }
                },
                cancellationToken).ConfigureAwait(false);
            return last is null ? (int)ExitCode.Failure : (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateForward()
    {
        var name = new Argument<string>("NAME") { Description = "The broker." };
        var study = new Argument<string>("STUDY") { Description = "Study Instance UID." };
        var command = new Command("forward", "Send to an archive what this node holds of a study.") { name, study };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = $"forward?name={Uri.EscapeDataString(parsed.GetRequiredValue(name))}&study={Uri.EscapeDataString(parsed.GetRequiredValue(study))}";
            var last = await AskAsync(parsed, arguments, request, static _ => { }, cancellationToken).ConfigureAwait(false);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"{last?.Queued} images are queued.")).ConfigureAwait(false);
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command CreateNamed(string what, string description, bool isOptional)
    {
        var name = new Argument<string>("NAME") { Description = "The broker.", Arity = isOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne, DefaultValueFactory = _ => "" };
        var command = new Command(what, description) { name };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var views = new List<BrokerView>();
            await AskAsync(parsed, arguments, $"{what}?name={Uri.EscapeDataString(parsed.GetValue(name) ?? "")}", views.Add, cancellationToken).ConfigureAwait(false);
            foreach (var status in views.Select(static view => view.Broker).OfType<BrokerStatus>())
            {
                var output = parsed.InvocationConfiguration.Output;
                await output.WriteLineAsync(isOptional ? Describe(status) : $"{status.Definition.Name} is removed.").ConfigureAwait(false);
            }

            return (int)ExitCode.Success;
        });
        return command;
    }

    private static Command Asking(string name, string description, Action<ParseResult, List<BrokerView>> show)
    {
        var command = new Command(name, description);
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var views = new List<BrokerView>();
            await AskAsync(parsed, arguments, "status", views.Add, cancellationToken).ConfigureAwait(false);
            show(parsed, views);
            return (int)ExitCode.Success;
        });
        return command;
    }

    /// <summary>Asks the running node; what it cannot do ends the command.</summary>
    private static async Task<BrokerView?> AskAsync(
        ParseResult parsed, NodeArguments arguments, string request, Action<BrokerView> report, CancellationToken cancellationToken)
    {
        BrokerView? last = null;
        await ArchiveWork.AskNodeAsync(
            arguments.LoadValid(parsed), "/admin/brokers/" + request, BrokerViewJson.Default.BrokerView,
            view =>
            {
                last = view;
                report(view);
            },
            cancellationToken).ConfigureAwait(false);
        return last?.Problem is { } problem ? throw new CommandException(ExitCode.Failure, problem) : last;
    }

    private static (string Title, string Host, int Port) ParseAddress(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var colon = text.LastIndexOf(':');
        return at > 0 && colon > at && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (text[..at], text[(at + 1)..colon].Trim('[', ']'), port)
            : throw new CommandException(ExitCode.Failure, "The archive is given as AET@HOST:PORT.");
    }

    private static void List(TextWriter output, List<BrokerView> views) => TextTable.Write(
        output,
        ["Name", "Archive", "Retrieve", "Studies", "Images", "Sweep", "Trouble"],
        views.Select(static view => view.Broker).OfType<BrokerStatus>().Select(static status => new[]
        {
            status.Definition.Name,
            $"{status.Definition.AeTitle}@{status.Definition.Host}:{status.Definition.Port}",
            status.Definition.Retrieve.ToString(),
            status.Studies.ToString(CultureInfo.InvariantCulture),
            status.Instances.ToString(CultureInfo.InvariantCulture),
            Sweep(status),
            status.Trouble ?? None,
        }));

    private static string Sweep(BrokerStatus status) => status.WindowsLeft > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{status.WindowsDone} windows done, {status.WindowsLeft} or more left")
        : "complete";

    private static string Line(BrokerStatus status) => string.Create(
        CultureInfo.InvariantCulture, $"{status.Definition.Name}: {status.Studies} studies, {status.Instances} images; {Sweep(status)}");

    private static string Describe(BrokerStatus status)
    {
        var definition = status.Definition;
        return string.Create(CultureInfo.InvariantCulture, $"""
            {Line(status)}
              archive      {definition.AeTitle} at {definition.Host}:{definition.Port}{(definition.Tls ? " over TLS" : "")}, by {(definition.Retrieve == ForeignRetrieval.Wado ? "WADO-RS from " + definition.DicomWeb : "C-" + definition.Retrieve.ToString().ToUpperInvariant())}
              limits       {definition.RequestsPerSecond:0.##} questions a second, {definition.MaximumRetrievals} retrievals, {definition.AnswerLimit} answers, hours {(definition.Hours.Length > 0 ? definition.Hours : "all")}
              swept        {At(status.CompletedAt)}; what is new {At(status.PolledAt)}; {status.Requests} questions since the start
              retrieved    {status.InstancesRetrieved} images, {status.InstancesMissing} were offered and not given
              forwarded    {status.InstancesForwarded} images, {status.ForwardsWaiting} jobs wait{(definition.Forward ? "" : "; only what is asked for")}
              gone         {status.StudiesDropped} studies
              doubtful     {status.Doubtful} studies{(status.LastDoubt is { } doubt ? "; " + doubt : "")}
              trouble      {status.Trouble ?? None}
            """);
    }

    private static string At(DateTimeOffset? at) => at?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "not yet";
}
