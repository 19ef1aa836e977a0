using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Panal.Federation.Membership;
using Panal.Node.Admin;

namespace Panal.Node.Commands;

/// <summary>Asks the node that runs on a data folder, over its socket.</summary>
internal static class NodeApi
{
    /// <summary>Gets something of the running node.</summary>
    /// <exception cref="CommandException">No node runs, or it refuses.</exception>
    public static Task<T> GetAsync<T>(string dataFolder, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => SendAsync(dataFolder, () => new HttpRequestMessage(HttpMethod.Get, path), type, cancellationToken);

    /// <summary>Has the running node do something.</summary>
    /// <exception cref="CommandException">No node runs, or it refuses.</exception>
    public static Task<T> PostAsync<TBody, T>(
        string dataFolder, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => SendAsync(dataFolder, HttpMethod.Post, path, body, bodyType, type, cancellationToken);

    /// <summary>Has the running node do something, by another method than POST.</summary>
    /// <exception cref="CommandException">No node runs, or it refuses.</exception>
    public static Task<T> SendAsync<TBody, T>(
        string dataFolder, HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => SendAsync(
            dataFolder,
            () => new HttpRequestMessage(method, path) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType)) { Headers = { ContentType = new("application/json") } } },
            type,
            cancellationToken);

    private static async Task<T> SendAsync<T>(string dataFolder, Func<HttpRequestMessage> make, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var node = await AdminSocket.TryConnectAsync(Path.GetFullPath(dataFolder), cancellationToken).ConfigureAwait(false)
            ?? throw new CommandException(ExitCode.Failure, $"No node runs on {dataFolder}; start it with: panal serve --data {dataFolder}");
        try
        {
            using var request = make();
            using var response = await node.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("null");
            }

            var problem = response.Content.Headers.ContentType?.MediaType == "application/json"
                ? await response.Content.ReadFromJsonAsync(JoinMessageJson.Default.JoinProblem, cancellationToken).ConfigureAwait(false)
                : null;
            throw new CommandException(ExitCode.Failure, problem?.Reason ?? $"The node answers {(int)response.StatusCode}.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            throw new CommandException(ExitCode.Failure, "The running node broke off: " + e.Message);
        }
    }
}
