using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.ServiceClasses;
using Panal.ServiceClasses.Peers;
using Panal.ServiceClasses.Storage;
using Panal.ServiceClasses.StorageCommitment;
using Panal.ServiceClasses.Tables;

namespace Panal.Node.Commands;

/// <summary>`panal store`: sends files to another application entity, byte for byte wherever it takes their transfer syntax.</summary>
internal static class StoreCommand
{
    private static readonly TimeSpan CommitmentPatience = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        var paths = new Argument<string[]>("path") { Description = "Files, or folders with all that is below them.", Arity = ArgumentArity.OneOrMore };
        var commit = new Option<bool>("--commit") { Description = "Ask for storage commitment of what was sent, and wait for the result." };
        var command = new Command("store", "Send files to another application entity (C-STORE).");
        var arguments = new ClientArguments(command);
        command.Add(paths);
        command.Add(commit);
        command.SetAction((parsed, cancellationToken) => ClientArguments.RunAsync(async () =>
        {
            var peer = arguments.Peer(parsed);
            var calling = arguments.CallingAeTitle(parsed);
            var output = parsed.InvocationConfiguration.Output;
            var error = parsed.InvocationConfiguration.Error;
            var (instances, unreadable) = await ReadAsync(parsed.GetRequiredValue(paths), error).ConfigureAwait(false);
            var sent = await SendAsync(peer, calling, instances, output, error, cancellationToken).ConfigureAwait(false);
            await output.WriteLineAsync($"{sent.Count} of {instances.Count} instances stored").ConfigureAwait(false);
            var isCommitted = !parsed.GetValue(commit) || await CommitAsync(peer, calling, sent, output, cancellationToken).ConfigureAwait(false);
            return unreadable == 0 && sent.Count == instances.Count && isCommitted;
        }));
        return command;
    }

    private static async Task<(List<SendableInstance> Instances, int Unreadable)> ReadAsync(string[] paths, TextWriter error)
    {
        var instances = new List<SendableInstance>();
        var unreadable = 0;
        foreach (var file in paths.SelectMany(FilesOf))
        {
            try
            {
                if (InstanceFile.Read(file) is { } instance)
                {
                    instances.Add(instance);
                    continue;
                }

                await error.WriteLineAsync($"{file}: not a DICOM instance").ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                unreadable++;
                await error.WriteLineAsync($"{file}: {e.Message}").ConfigureAwait(false);
            }
        }

        return (instances, unreadable);
    }

    private static IEnumerable<string> FilesOf(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Order(StringComparer.Ordinal)
        : [path];

    private static async Task<List<SendableInstance>> SendAsync(
        PeerAddress peer, string calling, List<SendableInstance> instances, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var scu = new StorageScu(ClientArguments.Dialer(), new ServiceClassOptions(), NullLogger<StorageScu>.Instance);
        var stored = new List<SendableInstance>(instances.Count);
        var refused = new List<SendOutcome>();
        await TransferProgress.RunAsync(output, "Storing", async progress =>
        {
            await scu.SendAsync(peer, calling, instances, null, Report, () => false, cancellationToken).ConfigureAwait(false);
            return stored.Count;

            void Report(SendOutcome outcome)
            {
                if (outcome.Status is { } status && ServiceStatus.KindOf(status) is StatusKind.Success or StatusKind.Warning)
                {
                    stored.Add(outcome.Instance);
                }
                else
                {
                    refused.Add(outcome);
                }

                progress(stored.Count + refused.Count, instances.Count);
            }
        }).ConfigureAwait(false);
        foreach (var problem in refused.GroupBy(outcome => outcome.Problem ?? $"Refused with {outcome.Status:X4}", StringComparer.Ordinal))
        {
            await error.WriteLineAsync($"{problem.Key}: {problem.First().Instance.SopInstanceUid}{(problem.Count() > 1 ? $" and {problem.Count() - 1} others" : "")}").ConfigureAwait(false);
        }

        return stored;
    }

    private static async Task<bool> CommitAsync(
        PeerAddress peer, string calling, List<SendableInstance> stored, TextWriter output, CancellationToken cancellationToken)
    {
        if (stored.Count == 0)
        {
            return false;
        }

        var scu = new StorageCommitmentScu(ClientArguments.Dialer(), TimeProvider.System);
        try
        {
            var result = await scu.RequestAsync(
                peer, calling, [.. stored.Select(one => new Archive.Commitment.ReferencedInstance(one.SopClassUid, one.SopInstanceUid))], CommitmentPatience, cancellationToken).ConfigureAwait(false);
            await output.WriteLineAsync($"{result.Committed.Count} of {stored.Count} instances committed").ConfigureAwait(false);
            return result.Failed.Count == 0;
        }
        catch (Exception e) when (e is CommitmentRefusedException or TimeoutException)
        {
            throw new CommandException(ExitCode.Failure, $"No commitment: {e.Message}");
        }
    }
}
