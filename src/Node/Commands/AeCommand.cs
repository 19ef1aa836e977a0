using System.CommandLine;
using Panal.Node.Hosting;
using Panal.Security.Access;

namespace Panal.Node.Commands;

/// <summary>`panal ae add|list|remove`: the application entities that may call, and where instances may be sent.</summary>
internal static class AeCommand
{
    public static Command Create() => new("ae", "Register the application entities that may call, and be sent to.")
    {
        CreateAdd(),
        CreateList(),
        CreateRemove(),
    };

    private static Command CreateAdd()
    {
        var title = new Argument<string>("title") { Description = "AE title; case counts." };
        var host = new Option<string>("--host") { Description = "Host name, IP address, or network such as 10.1.2.0/24.", HelpName = "HOST", DefaultValueFactory = _ => "" };
        var port = new Option<int>("--port") { Description = "Port that it listens on; needed to send to it.", HelpName = "PORT" };
        var tls = new Option<bool>("--tls") { Description = "It is called over TLS and has to call over TLS." };
        var fingerprint = new Option<string>("--certificate") { Description = "SHA-256 fingerprint of the certificate that it shows.", HelpName = "SHA256", DefaultValueFactory = _ => "" };
        var rights = new Option<string>("--rights") { Description = "What it may do: echo, store, find, retrieve, commit, all.", HelpName = "LIST", DefaultValueFactory = _ => "all" };
        var destinations = new Option<string>("--move-to") { Description = "AE titles that it may name as C-MOVE destination; all registered ones when left out.", HelpName = "LIST", DefaultValueFactory = _ => "" };
        var description = new Option<string>("--description") { Description = "Free text.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = new Command("add", "Register an application entity, or change it.") { title, host, port, tls, fingerprint, rights, destinations, description };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => AddAsync(
            parsed,
            arguments,
            new ApplicationEntity
            {
                AETitle = AeTitle.Trim(parsed.GetRequiredValue(title)),
                Description = parsed.GetRequiredValue(description),
                NetworkConnection = new NetworkConnection
                {
                    Hostname = parsed.GetRequiredValue(host),
                    Port = parsed.GetValue(port),
                    Tls = parsed.GetValue(tls),
                },
                AuthorizedNodeCertificate = parsed.GetRequiredValue(fingerprint),
                Rights = ParseRights(parsed.GetRequiredValue(rights)),
                MoveDestinations = Split(parsed.GetRequiredValue(destinations)),
            },
            cancellationToken));
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("list", "Show the registered application entities.");
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, _) =>
        {
            var entities = Open(parsed, arguments, create: false)?.Entities ?? [];
            TextTable.Write(
                parsed.InvocationConfiguration.Output,
                ["AE title", "Host", "Port", "TLS", "Certificate", "Rights", "Description"],
                entities.Select(RowOf));
            return Task.FromResult((int)ExitCode.Success);
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var title = new Argument<string>("title") { Description = "AE title; case counts." };
        var command = new Command("remove", "Forget an application entity.") { title };
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = parsed.GetRequiredValue(title);
            var registry = Open(parsed, arguments, create: false);
            var removed = registry is not null && await Checked(() => registry.RemoveAsync(wanted, cancellationToken)).ConfigureAwait(false);
            return removed
                ? (int)ExitCode.Success
                : throw new CommandException(ExitCode.Failure, $"{AeTitle.ForDisplay(wanted)} is not registered.");
        });
        return command;
    }

    private static async Task<int> AddAsync(ParseResult parsed, NodeArguments arguments, ApplicationEntity entity, CancellationToken cancellationToken)
    {
        var registry = Open(parsed, arguments, create: true)!;
        var isNew = await Checked(() => registry.AddAsync(entity, cancellationToken)).ConfigureAwait(false);
        await parsed.InvocationConfiguration.Output.WriteLineAsync(isNew ? $"{entity.AETitle} is registered." : $"{entity.AETitle} is changed.").ConfigureAwait(false);
        return (int)ExitCode.Success;
    }

    private static AeRegistry? Open(ParseResult parsed, NodeArguments arguments, bool create)
    {
        var folder = parsed.GetRequiredValue(arguments.Data);
        if (create)
        {
            Directory.CreateDirectory(folder);
        }
        else if (!Directory.Exists(folder))
        {
            return null;
        }

        try
        {
            return new AeRegistry(folder, TimeProvider.System);
        }
        catch (AeRegistryException e)
        {
            throw new CommandException(ExitCode.Configuration, e.Message);
        }
    }

    private static async Task<bool> Checked(Func<Task<bool>> change)
    {
        try
        {
            return await change().ConfigureAwait(false);
        }
        catch (AeRegistryException e)
        {
            throw new CommandException(ExitCode.Configuration, e.Message);
        }
    }

    private static Rights ParseRights(string list)
    {
        var rights = Rights.None;
        foreach (var name in Split(list))
        {
            if (!RightsNames.TryParse(name, out var right))
            {
                throw new CommandException(ExitCode.Configuration, $"There is no right {name}: echo, store, find, retrieve, commit, all.");
            }

            rights |= right;
        }

        return rights;
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string[] RowOf(ApplicationEntity entity) =>
    [
        entity.AETitle,
        entity.NetworkConnection.Hostname,
        entity.NetworkConnection.Port == 0 ? "" : entity.NetworkConnection.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        entity.NetworkConnection.Tls ? "yes" : "",
        entity.AuthorizedNodeCertificate.Length > 0 ? entity.AuthorizedNodeCertificate[..12] + "…" : "",
        string.Join(", ", RightsNames.Of(entity.Rights)),
        entity.Description,
    ];
}
