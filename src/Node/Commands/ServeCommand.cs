using System.CommandLine;
using System.Runtime.InteropServices;
using Panal.Node.Hosting;

namespace Panal.Node.Commands;

/// <summary>`panal serve`: runs the node in the foreground until SIGTERM or SIGINT.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var command = new Command("serve", "Run the node in the foreground.");
        var arguments = new NodeArguments(command, withSettings: true);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var output = parsed.InvocationConfiguration.Output;
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cancelled = cancellationToken.Register(() => stop.TrySetResult());
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);

        await using var host = await NodeHost.StartAsync(configuration, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        Door.Write(output, host.Doors());
        if (configuration.NetworkAE.Open)
        {
            await output.WriteLineAsync("WARNING: --open lets everybody in who reaches these ports. Use it in a closed laboratory network only.").ConfigureAwait(false);
        }

        if (host.SetUpAddress() is { } setUp)
        {
            await output.WriteLineAsync("There is no account yet. `panal account add NAME --role administrator` makes one"
                + (host.HasPage ? ", or this set-up link, once and until the node stops:" : "; this node was built without its page (npm was missing).")).ConfigureAwait(false);
            if (host.HasPage)
            {
                await output.WriteLineAsync(setUp).ConfigureAwait(false);
            }
        }

        await output.WriteLineAsync("ready").ConfigureAwait(false);
        await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        await stop.Task.ConfigureAwait(false);
        await host.StopAsync().ConfigureAwait(false);
        return (int)ExitCode.Success;

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }
}
