using System.CommandLine;
using Panal.ServiceClasses.Tables;
using Panal.ServiceClasses.Verification;

namespace Panal.Node.Commands;

/// <summary>`panal echo`: asks another application entity whether it is there.</summary>
internal static class EchoCommand
{
    public static Command Create()
    {
        var repeat = new Option<int>("--repeat") { Description = "How often to ask.", HelpName = "COUNT", DefaultValueFactory = _ => 1 };
        var command = new Command("echo", "Ask another application entity whether it is there (C-ECHO).");
        var arguments = new ClientArguments(command);
        command.Add(repeat);
        command.SetAction((parsed, cancellationToken) => ClientArguments.RunAsync(async () =>
        {
            var scu = new VerificationScu(ClientArguments.Dialer(), TimeProvider.System);
            var answers = await scu.EchoAsync(
                arguments.Peer(parsed), arguments.CallingAeTitle(parsed), Math.Max(parsed.GetValue(repeat), 1), cancellationToken).ConfigureAwait(false);
            var output = parsed.InvocationConfiguration.Output;
            foreach (var (status, elapsed) in answers)
            {
                await output.WriteLineAsync($"{status:X4} after {elapsed.TotalMilliseconds:0.0} ms").ConfigureAwait(false);
            }

            return answers.All(answer => ServiceStatus.KindOf(answer.Status) == StatusKind.Success);
        }));
        return command;
    }
}
