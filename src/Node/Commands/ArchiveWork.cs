using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging.Abstractions;
using Panal.Archive;
using Panal.Node.Admin;
using Panal.Node.Hosting;
using Panal.Node.Options;

namespace Panal.Node.Commands;

/// <summary>Does long work on an archive: in the node that runs on the data folder, or here when none does.</summary>
internal static class ArchiveWork
{
    /// <summary>Runs the work and reports its progress.</summary>
    /// <param name="configuration">Names the data folder.</param>
    /// <param name="request">What to ask of a running node: path and query.</param>
    /// <param name="type">How its answers are read.</param>
    /// <param name="here">The same work on holdings that this process opened.</param>
    /// <param name="report">Called for each report.</param>
    /// <param name="cancellationToken">Stops the work, here or there.</param>
    /// <exception cref="CommandException">The work could not be done.</exception>
    public static async Task RunAsync<T>(
        NodeConfiguration configuration,
        string request,
        JsonTypeInfo<T> type,
        Func<IServiceProvider, Action<T>, CancellationToken, Task> here,
        Action<T> report,
        CancellationToken cancellationToken)
    {
        using var node = await AdminSocket.TryConnectAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false);
        if (node is not null)
        {
            await ThereAsync(node, request, type, report, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var data = DataFolder.Open(configuration.DataFolder);
        await using var holdings = await ArchiveComposition
            .OpenHoldingsAsync(configuration, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken).ConfigureAwait(false);
        var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddArchive(holdings, ArchiveComposition.ArchiveOptions(configuration));
        await using var rooms = services.BuildServiceProvider();
        try
        {
            await here(rooms, report, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }

    /// <summary>Asks something that has one answer: the running node, or holdings that this process opens.</summary>
    /// <exception cref="CommandException">There was no answer.</exception>
    public static async Task<T> AnswerAsync<T>(
        NodeConfiguration configuration, string request, JsonTypeInfo<T> type, Func<IServiceProvider, CancellationToken, T> here, CancellationToken cancellationToken)
        where T : class
    {
        T? answer = null;
        await RunAsync(
            configuration,
            request,
            type,
            (rooms, report, token) =>
            {
                report(here(rooms, token));
                return Task.CompletedTask;
            },
            given => answer = given,
            cancellationToken).ConfigureAwait(false);
        return answer ?? throw new CommandException(ExitCode.Failure, "The node gave no answer.");
    }

    /// <summary>Asks the node that runs on the data folder; there is nothing that this process could do itself.</summary>
    /// <exception cref="CommandException">No node runs, or it broke off.</exception>
    public static async Task AskNodeAsync<T>(
        NodeConfiguration configuration, string request, JsonTypeInfo<T> type, Action<T> report, CancellationToken cancellationToken)
    {
        using var node = await AdminSocket.TryConnectAsync(configuration.DataFolder, cancellationToken).ConfigureAwait(false)
            ?? throw new CommandException(ExitCode.Failure, "No node runs on this data folder; start it with panal serve.");
        await ThereAsync(node, request, type, report, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ThereAsync<T>(HttpClient node, string request, JsonTypeInfo<T> type, Action<T> report, CancellationToken cancellationToken)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, request);
            using var response = await node.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
            while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                report(JsonSerializer.Deserialize(line, type) ?? throw new JsonException("An empty report"));
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            throw new CommandException(ExitCode.Failure, "The running node broke off: " + e.Message);
        }
    }
}
