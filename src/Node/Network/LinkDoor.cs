using System.Net;
using Microsoft.AspNetCore.Connections;
using Panal.Federation.Membership;
using Panal.Node.Options;
using Panal.Node.Transport;
using Panal.Security.Identities;
using Panal.Swarm.Links;

namespace Panal.Node.Network;

/// <summary>The door of links. It opens when the node becomes a member, which needs no restart: Kestrel cannot add an endpoint while it runs,
/// so this door asks the same listener factory by itself.</summary>
internal sealed class LinkDoor(
    NetworkMembership membership, NetworkFollower follower, Links links, IEnumerable<ILinkService> services,
    RawTcpListenerFactory factory, NetworkConnectionOptions options, TimeProvider time, ILogger<LinkDoor> logger) : BackgroundService
{
    /// <summary>How long the door rests when its port is taken.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private readonly HashSet<Task> _serving = [];
    private IConnectionListener? _listener;

    /// <summary>Why the node runs without its network; null when nothing is wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>Reads the network's folder and opens the door when the node is a member.</summary>
    /// <exception cref="IOException">The port is taken; the inner exception is <see cref="AddressInUseException"/>.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var service in services)
        {
            links.Serve(service);
        }

        try
        {
            if (membership.Load() && options.LinkPort != 0)
            {
                await OpenAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (NetworkDocumentException e)
        {
            Problem = e.Message;
            Log.NoNetwork(logger, e.Message);
        }

        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var following = FollowAsync(stoppingToken);
        try
        {
            while (membership.Standing is null)
            {
                var change = membership.NextChangeAsync();
                if (membership.Standing is null)
                {
                    await change.WaitAsync(stoppingToken).ConfigureAwait(false);
                }
            }

            if (options.LinkPort != 0)
            {
                await AcceptAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }

        await following.ConfigureAwait(false);
        if (_listener is not null)
        {
            await _listener.DisposeAsync().ConfigureAwait(false);
        }

        await links.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FollowAsync(CancellationToken stoppingToken)
    {
        try
        {
            await follower.RunAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
        catch (Exception e)
        {
            Problem = "The network is followed no more: " + e.Message;
            Log.NetworkFailed(logger, e);
        }
    }

    private async Task AcceptAsync(CancellationToken stoppingToken)
    {
        while (_listener is null)
        {
            try
            {
                await OpenAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                Log.LinkDoorClosed(logger, options.LinkPort, e.Message);
                await Task.Delay(Again, time, stoppingToken).ConfigureAwait(false);
            }
        }

        while (await _listener.AcceptAsync(stoppingToken).ConfigureAwait(false) is { } connection)
        {
            _serving.RemoveWhere(static task => task.IsCompleted);
            _serving.Add(ServeAsync(connection, stoppingToken));
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        var address = new IPEndPoint(options.BindAddress, options.LinkPort);
        try
        {
            _listener = await factory.BindAsync(new RawTcpEndPoint(address, "links"), cancellationToken).ConfigureAwait(false);
        }
        catch (AddressInUseException e)
        {
            throw new IOException($"Failed to bind to address links {address}: address already in use.", e);
        }
    }

    private async Task ServeAsync(ConnectionContext connection, CancellationToken stoppingToken)
    {
        await Task.Yield();
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await links.AcceptAsync(connection.Features.Get<IRawStreamFeature>()!.Stream, connection.RemoteEndPoint, stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The caller is gone, or we stop.
            }
            catch (Exception e)
            {
                Log.LinkFailed(logger, e);
            }
        }
    }
}
