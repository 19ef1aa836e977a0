using System.Net;
using Microsoft.AspNetCore.Http;
using Panal.Security.Access;
using Panal.Security.Audit;

namespace Panal.DicomWeb.Access;

/// <summary>The rule of the DICOM doors for a door without accounts: callers on this machine may do everything, others nothing.</summary>
/// <remarks>
/// A browser on this machine is also a caller on this machine, and it runs pages of strangers. So a request must name this machine by an
/// address or by its own name (a page that rebinds its DNS name cannot), and a page of another origin may not store.
/// </remarks>
public sealed class LoopbackAccess(AccessRules rules, DicomWebOptions options) : IWebAccess
{
    /// <inheritdoc/>
    public ValueTask<WebDecision> DecideAsync(HttpContext context, Rights wanted, CancellationToken ct)
    {
        var address = context.Connection.RemoteIpAddress;
        address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        var caller = new AuditParty("", address);
        if (rules.IsOpen || (address is not null && IPAddress.IsLoopback(address) && IsThisMachine(context.Request.Host.Host)))
        {
            return ValueTask.FromResult(IsOfForeignPage(context.Request, wanted)
                ? Refuse(caller, "Pages of this origin may not store")
                : new WebDecision(StatusCodes.Status200OK, caller, null));
        }

        return ValueTask.FromResult(Refuse(caller, "Only callers on this machine are let in"));
    }

    /// <summary>Names that a page of a stranger cannot have: addresses, localhost, and what the machine calls itself.</summary>
    private static bool IsThisMachine(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase);

    private bool IsOfForeignPage(HttpRequest request, Rights wanted)
    {
        var origin = request.Headers.Origin.ToString();
        return wanted == Rights.Store && origin.Length > 0
            && !options.AllowedOrigins.Contains(origin)
            && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private static WebDecision Refuse(AuditParty caller, string reason) =>
        new(StatusCodes.Status403Forbidden, caller, null) { Reason = reason };
}
