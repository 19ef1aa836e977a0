using System.Net;
using System.Net.NetworkInformation;

namespace Panal.Swarm.Links;

/// <summary>A network that this machine is on.</summary>
/// <param name="Interface">The interface, such as <c>eth0</c>.</param>
/// <param name="Address">Our address.</param>
/// <param name="Network">Whom we reach without a router.</param>
/// <param name="IsLan">Whether those are near: not so at the other end of a tunnel or of a telephone line.</param>
internal readonly record struct LocalNetwork(string Interface, IPAddress Address, IPNetwork Network, bool IsLan);

/// <summary>The networks that this machine is on, read anew now and then: addresses change while a node runs.</summary>
internal sealed class LocalNetworks(TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private LocalNetwork[] _networks = [];
    private long? _readAt;

    /// <summary>The networks now; none if the system does not say.</summary>
    public IReadOnlyList<LocalNetwork> Now()
    {
        lock (_gate)
        {
            if (_readAt is not { } at || time.GetElapsedTime(at) > Life)
            {
                (_networks, _readAt) = (Read(), time.GetTimestamp());
            }

            return _networks;
        }
    }

    private static LocalNetwork[] Read()
    {
        try
        {
            return
            [
                .. from each in NetworkInterface.GetAllNetworkInterfaces()
                   where each.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown
                   let isLan = each.NetworkInterfaceType is not (NetworkInterfaceType.Tunnel or NetworkInterfaceType.Ppp)
                   from address in each.GetIPProperties().UnicastAddresses
                   select new LocalNetwork(each.Name, address.Address, NetworkOf(address.Address, address.PrefixLength), isLan),
            ];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }

    /// <summary>The network of an address, without the bits of the host.</summary>
    public static IPNetwork NetworkOf(IPAddress address, int prefixBits)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixBits; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefixBits);
    }
}
