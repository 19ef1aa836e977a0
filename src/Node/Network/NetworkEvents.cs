using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Panal.Federation.Membership;
using Panal.Swarm.Links;

namespace Panal.Node.Network;

/// <summary>`/api/network/events`: the network and the requests as server-sent events, at once and whenever they change.</summary>
internal sealed class NetworkEvents(
    NetworkSight sight, NetworkMembership membership, JoinDesk desk, Links links, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Pages that are open at a time; each costs one look at the network every <see cref="Interval"/>.</summary>
    private const int ListenerLimit = 32;

    /// <summary>Rates and round trips change all the time; shown so often they cost nothing.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private int _listeners;

    /// <summary>Tells one listener until it leaves or the node stops.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _listeners) > ListenerLimit)
        {
            Interlocked.Decrement(ref _listeners);
            await JoinDoor.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many follow the events.").ConfigureAwait(false);
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await TellAsync(context.Response, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The listener is gone, or we stop.
        }
        finally
        {
            Interlocked.Decrement(ref _listeners);
        }
    }

    private async Task TellAsync(HttpResponse response, CancellationToken ct)
    {
        byte[] network = [], requests = [];
        while (true)
        {
            // Asked for before looking, so that nothing is missed in between.
            Task[] changes = [membership.NextChangeAsync(), desk.NextChangeAsync()];
            using var looking = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var linked = links.NextChangeAsync(links.Linked, looking.Token).AsTask();
            network = await WriteIfNewAsync(
                response, "network", network, sight.Look() is { } view ? JsonSerializer.SerializeToUtf8Bytes(view, NetworkJson.Default.NetworkView) : "null"u8.ToArray(), ct).ConfigureAwait(false);
            requests = await WriteIfNewAsync(
                response, "requests", requests, JsonSerializer.SerializeToUtf8Bytes(desk.Requests(), NetworkJson.Default.IReadOnlyListJoinRequestView), ct).ConfigureAwait(false);
            await response.Body.FlushAsync(ct).ConfigureAwait(false);
            await Task.WhenAny([.. changes, linked, Task.Delay(Interval, time, looking.Token)]).ConfigureAwait(false);
            await looking.CancelAsync().ConfigureAwait(false);
            await ((Task)linked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
        }
    }

    private static async Task<byte[]> WriteIfNewAsync(HttpResponse response, string name, byte[] before, byte[] now, CancellationToken ct)
    {
        if (!before.AsSpan().SequenceEqual(now))
        {
            await response.WriteAsync($"event: {name}\ndata: ", ct).ConfigureAwait(false);
            await response.Body.WriteAsync(now, ct).ConfigureAwait(false);
            await response.WriteAsync("\n\n", ct).ConfigureAwait(false);
        }

        return now;
    }
}
