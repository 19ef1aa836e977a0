using System.CommandLine;
using Panal.Node.Commands;

namespace Panal.Node;

internal static class Program
{
    private static Task<int> Main(string[] arguments) => RunAsync(arguments, Console.Out, Console.Error);

    /// <summary>Runs one command line; the value is the exit code of the process.</summary>
    internal static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            // Every command stops by itself when it is told to, and bounds the time that it takes for it.
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await CreateCommands().Parse(arguments).InvokeAsync(invocation).ConfigureAwait(false);
        }
        catch (CommandException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return (int)e.ExitCode;
        }
        catch (Options.ConfigurationException e)
        {
            await error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return (int)ExitCode.Configuration;
        }
    }

    /// <summary>The command line; one file a command.</summary>
    internal static RootCommand CreateCommands() => new("Panal, a peer-to-peer PACS.")
    {
        ServeCommand.Create(),
        AccountCommand.Create(),
        AeCommand.Create(),
        CheckCommand.Create(),
        EchoCommand.Create(),
        StoreCommand.Create(),
        FindCommand.Create(),
        MoveCommand.Create(),
        GetCommand.Create(),
        ImportCommand.Create(),
        VerifyCommand.Create(),
        CompactCommand.Create(),
        MetadataCommand.Create(),
        NetworkCommand.Create(),
        JoinCommand.Create(),
        FetchCommand.Create(),
        TransfersCommand.Create(),
        BrokerCommand.Create(),
        RecycleCommand.Create(),
        RecycleCommand.CreatePin(),
        RecycleCommand.CreateUnpin(),
        PlaceCommand.Create(),
        PlaceCommand.CreateRebuild(),
        CorrectCommand.Create(),
        DumpCommand.Create(),
        TranscodeCommand.Create(),
        CodecsCommand.Create(),
        VersionCommand.Create(),
        DocsCommand.Create(),
    };
}
