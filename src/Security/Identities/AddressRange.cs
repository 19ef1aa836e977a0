using System.Net;
using System.Net.Sockets;

namespace Panal.Security.Identities;

/// <summary>The virtual addresses of a network: a CIDR range whose addresses are given by rising index; see docs/formats/network.md.</summary>
/// <remarks>IPv6 ranges are unique local ones (RFC 4193): nothing outside a network has such an address.</remarks>
public sealed class AddressRange
{
    private const int ShortestPrefix4 = 8;
    private const int LongestPrefix4 = 29;
    private const int ShortestPrefix6 = 48;
    private const int LongestPrefix6 = 112;

    private readonly UInt128 _first;

    private AddressRange(IPNetwork network)
    {
        Network = network;
        _first = Number(network.BaseAddress);
        var hostBits = (IsIPv6 ? 128 : 32) - network.PrefixLength;
        // More members than indices of 32 bits are of no use; the first and the last address are kept free (RFC 1122 §3.2.1.3).
        Capacity = hostBits >= 32 ? uint.MaxValue : (1L << hostBits) - 2;
    }

    /// <summary>The range of a network that is not told another: large enough for life, seldom used elsewhere.</summary>
    public static AddressRange Default { get; } = new(IPNetwork.Parse("10.77.0.0/16"));

    /// <summary>Addresses that can be given: indices 1 to this one.</summary>
    public long Capacity { get; }

    private IPNetwork Network { get; }

    private bool IsIPv6 => Network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>A unique local range of IPv6, /48 with 40 random bits (RFC 4193 §3.2).</summary>
    public static AddressRange CreateUniqueLocal()
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes[1..6]);
        bytes[0] = 0xFD;
        return new AddressRange(new IPNetwork(new IPAddress(bytes), ShortestPrefix6));
    }

    /// <summary>Reads CIDR notation; false when it is none or outside the limits.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out AddressRange? range)
    {
        range = null;
        // The platform takes 10.77.0.1/16 for 10.77.0.0/16; who types that means something else.
        if (!IPNetwork.TryParse(text, out var network) || !IPAddress.TryParse(text.AsSpan(0, text.IndexOf('/')), out var first) || !first.Equals(network.BaseAddress))
        {
            return false;
        }

        var isUsable = network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6
            ? network.PrefixLength is >= ShortestPrefix6 and <= LongestPrefix6 && network.BaseAddress.IsIPv6UniqueLocal
            : network.PrefixLength is >= ShortestPrefix4 and <= LongestPrefix4;
        range = isUsable ? new AddressRange(network) : null;
        return isUsable;
    }

    /// <summary>The address of an index from 1 to <see cref="Capacity"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside of them.</exception>
    public IPAddress this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(index, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(index, Capacity);
            Span<byte> bytes = stackalloc byte[16];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, _first + (UInt128)index);
            return new IPAddress(IsIPv6 ? bytes : bytes[12..]);
        }
    }

    /// <summary>The index of an address, or null when it is none that can be given.</summary>
    public long? IndexOf(IPAddress address)
    {
        if (!Network.Contains(address))
        {
            return null;
        }

        var index = Number(address) - _first;
        return index >= 1 && index <= (UInt128)Capacity ? (long)index : null;
    }

    /// <summary>CIDR notation.</summary>
    public override string ToString() => Network.ToString();

    private static UInt128 Number(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        UInt128 number = 0;
        foreach (var b in bytes)
        {
            number = (number << 8) | b;
        }

        return number;
    }
}
