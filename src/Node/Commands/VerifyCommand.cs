using System.CommandLine;
using Panal.Archive.Fixity;
using Panal.Node.Admin;

namespace Panal.Node.Commands;

/// <summary>`panal verify`: reads every stored file back and compares its hash with the catalogue.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Read everything back from the volumes and compare it with the catalogue.");
        var arguments = new NodeArguments(command, withSettings: false);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, arguments, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, NodeArguments arguments, CancellationToken cancellationToken)
    {
        var configuration = arguments.LoadValid(parsed);
        var output = parsed.InvocationConfiguration.Output;
        var error = parsed.InvocationConfiguration.Error;
        var last = await TransferProgress.LastReportAsync<VerifyProgress>(output, "Verifying", static report => (report.DoneInstances, report.TotalInstances), report => ArchiveWork.RunAsync(
            configuration,
            "/admin/verify",
            AdminJson.Default.VerifyProgress,
            static (rooms, say, token) => rooms.GetRequiredService<Verifier>().VerifyAllAsync(say, token),
            progress =>
            {
                report(progress);
                if (progress.Latest is { } faulty)
                {
                    error.WriteLine($"{faulty.SopInstanceUid} on volume {faulty.VolumeId}: {faulty.Outcome}");
                }
            },
            cancellationToken)).ConfigureAwait(false);
        if (last is not { IsComplete: true })
        {
            throw new CommandException(ExitCode.Failure, "The verification broke off.");
        }

        await output.WriteLineAsync($"{last.Intact} of {last.DoneCopies} files intact, {last.DoneBytes / 1e9:0.0} GB read").ConfigureAwait(false);
        return (int)(last.Intact == last.DoneCopies ? ExitCode.Success : ExitCode.Failure);
    }
}
