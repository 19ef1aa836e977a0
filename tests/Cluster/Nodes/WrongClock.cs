using System.Net;
using System.Text.RegularExpressions;
using Panal.Conformance.WireClient;

namespace Panal.Cluster.Nodes;

/// <summary>Stands before a centre's HTTP door and tells its time wrong, as a centre whose clock is wrong does.</summary>
internal sealed class WrongClock : IAsyncDisposable
{
    private static readonly Regex Time = new("\"time\":\"(?<time>[^\"]+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

    private readonly HttpListener listener = new();
    private readonly HttpClient http;
    private readonly TimeSpan difference;
    private readonly Task serving;

    private WrongClock(string centre, TimeSpan difference, CancellationToken ct)
    {
        this.difference = difference;
        http = new HttpClient { BaseAddress = new Uri(centre) };
        Url = $"http://127.0.0.1:{LoopbackPort.Free()}";
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        serving = ServeAsync(ct);
    }

    public string Url { get; }

    public static Task<WrongClock> StartAsync(string centre, TimeSpan difference, CancellationToken ct) => Task.FromResult(new WrongClock(centre, difference, ct));

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
        http.Dispose();
    }

    private async Task ServeAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await AnswerAsync(await listener.GetContextAsync().WaitAsync(ct), ct);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or OperationCanceledException)
        {
            // The test ends.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), context.Request.Url!.PathAndQuery);
        if (context.Request.HasEntityBody)
        {
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body, ct);
            request.Content = new ByteArrayContent(body.ToArray()) { Headers = { ContentType = new("application/json") } };
        }

        using var answer = await http.SendAsync(request, ct);
        var text = Time.Replace(
            await answer.Content.ReadAsStringAsync(ct),
            match => $"\"time\":\"{DateTimeOffset.Parse(match.Groups["time"].Value, System.Globalization.CultureInfo.InvariantCulture) + difference:O}\"");
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = "application/json";
        await context.Response.OutputStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), ct);
        context.Response.Close();
    }
}
