using System.Net;
using System.Net.Sockets;

namespace Panal.Node.Transport;

/// <summary>Counts open raw connections, in all and for each caller, so that no caller can take all of them.</summary>
/// <param name="maximum">Connections open at one time over all raw doors.</param>
/// <param name="maximumPerAddress">Of these, connections of one IPv4 address or one IPv6 /64 network.</param>
internal sealed class ConnectionLimiter(int maximum, int maximumPerAddress)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private int _count;
    private long _refused;

    /// <summary>Connections open now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Connections refused since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Takes a place for a caller; false when all, or all of this caller's, are taken.</summary>
    public bool TryEnter(IPAddress address)
    {
        var caller = CallerOf(address);
        lock (_gate)
        {
            var ofCaller = _perAddress.GetValueOrDefault(caller);
            if (_count >= maximum || ofCaller >= maximumPerAddress)
            {
                Interlocked.Increment(ref _refused);
                return false;
            }

            _count++;
            _perAddress[caller] = ofCaller + 1;
            return true;
        }
    }

    /// <summary>Gives a place back that <see cref="TryEnter"/> took.</summary>
    public void Leave(IPAddress address)
    {
        var caller = CallerOf(address);
        lock (_gate)
        {
            _count--;
            var ofCaller = _perAddress[caller] - 1;
            if (ofCaller == 0)
            {
                _perAddress.Remove(caller);
            }
            else
            {
                _perAddress[caller] = ofCaller;
            }
        }
    }

    /// <summary>One host of IPv6 owns a whole /64, so its low 64 bits do not tell callers apart.</summary>
    private static IPAddress CallerOf(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }
}
