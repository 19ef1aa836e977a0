using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Panal.Node.Transport;

namespace Panal.Node.Options;

/// <summary>The doors of the node, PS3.15 §H.1.1.4.</summary>
internal sealed record NetworkConnectionOptions : IValidatableObject
{
    public const string Section = "NetworkConnection";

    [Description("Address that the doors listen on: `*` is every address of the machine, `127.0.0.1` this machine only.")]
    public string Bind { get; init; } = "*";

    [Description("TCP port of DICOM; 11112 is the registered port for it; 0 switches the door off.")]
    [Range(0, 65_535)]
    public int DicomPort { get; init; } = 11112;

    [Description("TCP port of DICOM over TLS; 2762 is the registered port for it; 0 switches the door off.")]
    [Range(0, 65_535)]
    public int DicomTlsPort { get; init; } = 2762;

    [Description("TCP port of HTTP, with and without TLS (log-in, DICOMweb, health and metrics); 0 switches the door off.")]
    [Range(0, 65_535)]
    public int HttpPort { get; init; } = 8080;

    [Description("TCP port of links to the other members of a network; the door opens when the node is a member; 0 switches it off: the node only dials out then.")]
    [Range(0, 65_535)]
    public int LinkPort { get; init; } = 7700;

    [Description("Certificate shown on the TLS door, a PEM file with its chain; empty is `tls/node.crt` of the data folder, made (self-signed) when it is not there.")]
    public string CertificateFile { get; init; } = "";

    [Description("Private key of the certificate, a PEM file; empty is `tls/node.key` of the data folder, or the certificate file itself when that is named.")]
    public string CertificateKeyFile { get; init; } = "";

    [Description("Whether callers on the TLS door show a certificate: None, Optional or Required.")]
    [EnumDataType(typeof(ClientCertificateDemand))]
    public ClientCertificateDemand ClientCertificate { get; init; } = ClientCertificateDemand.Optional;

    [Description("DICOM connections at one time, with and without an association; one more is closed at once.")]
    [Range(1, 100_000)]
    public int MaximumConnections { get; init; } = 512;

    [Description("Of these, connections of one address, so that one broken sender cannot lock the others out.")]
    [Range(1, 100_000)]
    public int MaximumConnectionsPerAddress { get; init; } = 256;

    [Description("HTTP connections at one time.")]
    [Range(1, 100_000)]
    public int MaximumHttpConnections { get; init; } = 256;

    [Description("Addresses or networks (CIDR), separated by commas, that may read `/metrics` and the reasons of `/health` besides this machine.")]
    public string MonitoringFrom { get; init; } = "";

    [Description("Whether other machines may log in, and read studies over HTTP, without TLS; for networks that are encrypted otherwise.")]
    public bool HttpInTheClear { get; init; }

    [Description("How long running messages may go on after the node was told to stop.")]
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The address to bind; both families for "*" where the machine has IPv6.</summary>
    internal IPAddress BindAddress => Bind switch
    {
        "*" => System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any,
        _ => IPAddress.Parse(Bind),
    };

    /// <summary>Who may read metrics.</summary>
    internal AddressList Monitors => AddressList.TryParse(MonitoringFrom, out var list) ? list : throw new FormatException(nameof(MonitoringFrom));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Bind != "*" && !IPAddress.TryParse(Bind, out _))
        {
            yield return new ValidationResult("Bind: an IP address, or * for every address.", [nameof(Bind)]);
        }

        int[] ports = [DicomPort, DicomTlsPort, HttpPort, LinkPort];
        if (ports.Where(p => p != 0).GroupBy(p => p).Any(g => g.Count() > 1))
        {
            yield return new ValidationResult("DicomPort, DicomTlsPort, HttpPort, LinkPort: two doors cannot share a port.", [nameof(DicomPort)]);
        }

        if (CertificateFile.Length == 0 && CertificateKeyFile.Length > 0)
        {
            yield return new ValidationResult("CertificateKeyFile: name CertificateFile too.", [nameof(CertificateKeyFile)]);
        }

        if (!AddressList.TryParse(MonitoringFrom, out _))
        {
            yield return new ValidationResult("MonitoringFrom: IP addresses or networks such as 10.1.0.0/16, separated by commas.", [nameof(MonitoringFrom)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class NetworkConnectionOptionsValidator : IValidateOptions<NetworkConnectionOptions>;
