using System.Net;

namespace Panal.Security.Access;

/// <summary>Tells whether a caller's IP address is one of a registered host name, address or network.</summary>
/// <remarks>
/// Names are resolved when they are needed and kept for a minute at most, PS3.15 Annex F; a name that does not resolve matches
/// nobody.
/// </remarks>
internal sealed class CallerAddress(TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(3);

    // Bounded by the number of registered names.
    private readonly Dictionary<string, (IPAddress[] Addresses, long Until)> _resolved = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _gate = new();

    /// <summary>True for a text that can stand as a host: an address, a network, or a DNS name.</summary>
    public static bool IsValid(string host) => IPAddress.TryParse(host, out _)
        || IPNetwork.TryParse(host, out _)
        || (Uri.CheckHostName(host) == UriHostNameType.Dns && host.Length <= 253);

    public async ValueTask<bool> MatchesAsync(string host, IPAddress caller, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return Plain(address).Equals(caller);
        }

        if (IPNetwork.TryParse(host, out var network))
        {
            return network.Contains(caller);
        }

        return (await ResolveAsync(host, cancellationToken).ConfigureAwait(false)).Any(a => Plain(a).Equals(caller));
    }

    /// <summary>The address that rules are written for: IPv4 where it is mapped into IPv6.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private async ValueTask<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_resolved.TryGetValue(name, out var known) && time.GetTimestamp() < known.Until)
            {
                return known.Addresses;
            }
        }

        var addresses = await LookUpAsync(name, cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            _resolved[name] = (addresses, time.GetTimestamp() + (long)(KeepFor.TotalSeconds * time.TimestampFrequency));
        }

        return addresses;
    }

    private async Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ResolveTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await resolve(name, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ArgumentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [];
        }
    }
}
