namespace Panal.ServiceClasses.Peers;

/// <summary>Where another application entity is called.</summary>
/// <param name="AeTitle">Its AE title.</param>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">TCP port, 1 to 65,535.</param>
/// <param name="Tls">True when it is called over TLS.</param>
public sealed record PeerAddress(string AeTitle, string Host, int Port, bool Tls)
{
    public override string ToString() => $"{AeTitle} ({Host}:{Port}{(Tls ? ", TLS" : "")})";
}
