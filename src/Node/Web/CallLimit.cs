using System.Net;
using System.Net.Sockets;

namespace Panal.Node.Web;

/// <summary>Counts what one address may try: a bucket that fills again with time.</summary>
/// <param name="capacity">Tries at once.</param>
/// <param name="refill">Time until one more is allowed.</param>
/// <param name="time">The clock.</param>
internal sealed class CallLimit(int capacity, TimeSpan refill, TimeProvider time)
{
    /// <summary>Addresses that are remembered; what strangers send cannot fill the memory.</summary>
    public const int AddressLimit = 10_000;

    private const int NetworkLengthBytes = 8;
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, (double Left, long At)> _buckets = [];

    /// <summary>Takes one try; false when there is none left.</summary>
    public bool TryTake(IPAddress? address)
    {
        var key = KeyOf(address);
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var left = LeftOf(key, now);
            if (left < 1)
            {
                return false;
            }

            if (!_buckets.ContainsKey(key) && _buckets.Count >= AddressLimit)
            {
                foreach (var full in _buckets.Keys.Where(k => LeftOf(k, now) >= capacity).ToArray())
                {
                    _buckets.Remove(full);
                }

                if (_buckets.Count >= AddressLimit)
                {
                    return false;
                }
            }

            _buckets[key] = (left - 1, now);
            return true;
        }
    }

    /// <summary>Whether there is a try left; takes none.</summary>
    public bool IsOpen(IPAddress? address)
    {
        lock (_gate)
        {
            return LeftOf(KeyOf(address), time.GetTimestamp()) >= 1;
        }
    }

    private double LeftOf(IPAddress key, long now) => _buckets.TryGetValue(key, out var bucket)
        ? Math.Min(capacity, bucket.Left + (time.GetElapsedTime(bucket.At, now) / refill))
        : capacity;

    /// <summary>A line with IPv6 has a /64 and every address in it.</summary>
    private static IPAddress KeyOf(IPAddress? address)
    {
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None;
        if (plain.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return plain;
        }

        var bytes = plain.GetAddressBytes();
        bytes.AsSpan(NetworkLengthBytes).Clear();
        return new IPAddress(bytes);
    }
}
