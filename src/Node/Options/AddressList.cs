using System.Net;

namespace Panal.Node.Options;

/// <summary>A list of networks that includes this machine.</summary>
internal sealed class AddressList
{
    private readonly IPNetwork[] _networks;

    private AddressList(IPNetwork[] networks) => _networks = networks;

    /// <summary>Reads addresses and CIDR networks separated by commas; the empty text is this machine alone.</summary>
    public static bool TryParse(string text, out AddressList list)
    {
        list = new AddressList([]);
        if (!TryReadNetworks(text, out var networks))
        {
            return false;
        }

        list = new AddressList(networks);
        return true;
    }

    /// <summary>Reads addresses and CIDR networks separated by commas.</summary>
    public static bool TryReadNetworks(string text, out IPNetwork[] networks)
    {
        var read = new List<IPNetwork>();
        networks = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPAddress.TryParse(part, out var address))
            {
                read.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (IPNetwork.TryParse(part, out var network))
            {
                read.Add(network);
            }
            else
            {
                return false;
            }
        }

        networks = [.. read];
        return true;
    }

    public bool Contains(IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain) || _networks.Any(n => n.Contains(plain));
    }
}
