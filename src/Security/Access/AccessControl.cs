using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Panal.Security.Access;

/// <summary>What a caller shows of itself.</summary>
/// <param name="CallingAeTitle">The title that it calls itself.</param>
/// <param name="CalledAeTitle">The title that it wants.</param>
/// <param name="Address">The address that the connection came from.</param>
/// <param name="IsTls">True when the connection is over TLS.</param>
/// <param name="Certificate">The certificate whose key it holds, or null.</param>
public sealed record AccessRequest(string CallingAeTitle, string CalledAeTitle, IPAddress Address, bool IsTls, X509Certificate2? Certificate);

/// <summary>How the node treats its callers.</summary>
/// <param name="AETitle">Our own AE title.</param>
/// <param name="AcceptAnyCalledAETitle">True when callers may call us by another title.</param>
/// <param name="IsOpen">True when everybody is let in with all rights.</param>
public sealed record AccessRules(string AETitle, bool AcceptAnyCalledAETitle, bool IsOpen);

/// <summary>Decides who may call for what: closed by default.</summary>
/// <remarks>
/// A caller on this machine is let in with all rights, whatever it calls itself. Any other is known by its title together with its
/// address, its certificate, or both, as registered. PS3.2 §A.8 asks a conformance statement for these rules.
/// </remarks>
public sealed class AccessControl
{
    private readonly AccessRules _rules;
    private readonly AeRegistry _registry;
    private readonly CallerAddress _addresses;

    /// <summary>Decides by these rules and this registry, with the machine's name resolution.</summary>
    public AccessControl(AccessRules rules, AeRegistry registry, TimeProvider time)
        : this(rules, registry, time, Dns.GetHostAddressesAsync)
    {
    }

    internal AccessControl(AccessRules rules, AeRegistry registry, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _rules = rules;
        _registry = registry;
        _addresses = new CallerAddress(time, resolve);
    }

    /// <summary>Decides on one caller.</summary>
    public async ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        if (!_rules.AcceptAnyCalledAETitle && AeTitle.Trim(request.CalledAeTitle) != _rules.AETitle)
        {
            return AccessDecision.Refuse(AccessRefusal.CalledAeUnknown);
        }

        var entity = _registry.Find(request.CallingAeTitle);
        var address = CallerAddress.Plain(request.Address);
        if (_rules.IsOpen || IPAddress.IsLoopback(address))
        {
            return new AccessDecision(AccessRefusal.None, Rights.All, entity);
        }

        if (entity is null)
        {
            return AccessDecision.Refuse(AccessRefusal.CallingAeUnknown);
        }

        var refusal = await RefusalOfAsync(entity, request, address, cancellationToken).ConfigureAwait(false);
        return refusal == AccessRefusal.None
            ? new AccessDecision(AccessRefusal.None, entity.Rights, entity)
            : AccessDecision.Refuse(refusal);
    }

    /// <summary>The entity that a caller may name as C-MOVE destination, or null: only registered ones that can be called.</summary>
    public ApplicationEntity? MoveDestination(AccessDecision caller, string destination)
    {
        var title = AeTitle.Trim(destination);
        if (caller.Entity is { MoveDestinations.Count: > 0 } entity && !entity.MoveDestinations.Any(t => AeTitle.Trim(t) == title))
        {
            return null;
        }

        return _registry.Find(title) is { CanBeCalled: true } found ? found : null;
    }

    private async ValueTask<AccessRefusal> RefusalOfAsync(
        ApplicationEntity entity, AccessRequest request, IPAddress address, CancellationToken cancellationToken)
    {
        if (entity.NetworkConnection.Tls && !request.IsTls)
        {
            return AccessRefusal.TlsRequired;
        }

        if (entity.AuthorizedNodeCertificate.Length > 0
            && (request.Certificate is null || !CertificateFingerprint.Matches(entity.AuthorizedNodeCertificate, request.Certificate)))
        {
            return AccessRefusal.CertificateDiffers;
        }

        var host = entity.NetworkConnection.Hostname;
        return host.Length == 0 || await _addresses.MatchesAsync(host, address, cancellationToken).ConfigureAwait(false)
            ? AccessRefusal.None
            : AccessRefusal.AddressDiffers;
    }
}
