using System.Net;
using Panal.Dimse.Transport;

namespace Panal.Node.Transport;

/// <summary>A TCP address whose bytes go to a protocol other than HTTP; only <see cref="RawTcpListenerFactory"/> binds it.</summary>
/// <param name="address">Where to listen; port 0 takes any free port.</param>
/// <param name="protocol">Name shown in logs and in the table of doors, such as "DICOM".</param>
internal sealed class RawTcpEndPoint(IPEndPoint address, string protocol) : EndPoint
{
    public IPEndPoint Address { get; } = address;

    public string Protocol { get; } = protocol;

    /// <summary>Where reads of its connections may stay on their thread for a moment; null where they never do.</summary>
    public ShortWaits? Waits { get; init; }

    public override string ToString() => $"{Protocol} {Address}";
}
