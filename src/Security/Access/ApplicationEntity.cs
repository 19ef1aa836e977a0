using System.Text.Json.Serialization;

namespace Panal.Security.Access;

/// <summary>What a caller may do. The names are part of aes.json and never change.</summary>
[Flags]
[JsonConverter(typeof(RightsJsonConverter))]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>C-ECHO.</summary>
    Echo = 1,

    /// <summary>C-STORE to us.</summary>
    Store = 2,

    /// <summary>C-FIND.</summary>
    Find = 4,

    /// <summary>C-MOVE and C-GET.</summary>
    Retrieve = 8,

    /// <summary>Storage Commitment.</summary>
    Commit = 16,

    /// <summary>Everything.</summary>
    All = Echo | Store | Find | Retrieve | Commit,
}

/// <summary>Where an application entity is, PS3.15 §H.1.1.4.</summary>
public sealed record NetworkConnection
{
    /// <summary>Host name, IP address or, for callers only, a network such as 10.1.2.0/24; empty when the certificate alone counts.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>TCP port that the entity listens on, 0 when it only calls.</summary>
    public int Port { get; init; }

    /// <summary>True when the entity is called over TLS, and must call us over TLS.</summary>
    public bool Tls { get; init; }
}

/// <summary>Another application entity and what it may do, PS3.15 §H.1.1.3.</summary>
public sealed record ApplicationEntity
{
    /// <summary>AE title, 1 to 16 characters; case counts.</summary>
    public string AETitle { get; init; } = "";

    /// <summary>Free text for the administrator.</summary>
    public string Description { get; init; } = "";

    /// <summary>Where it is.</summary>
    public NetworkConnection NetworkConnection { get; init; } = new();

    /// <summary>SHA-256 of the certificate that it shows, 64 hexadecimal digits; empty when the address alone counts.</summary>
    public string AuthorizedNodeCertificate { get; init; } = "";

    /// <summary>What it may do.</summary>
    public Rights Rights { get; init; } = Rights.All;

    /// <summary>AE titles that it may name as C-MOVE destination; empty means every registered one.</summary>
    public IReadOnlyList<string> MoveDestinations { get; init; } = [];

    /// <summary>True when instances can be sent to it: a single host and a port are known.</summary>
    [JsonIgnore]
    public bool CanBeCalled => NetworkConnection.Port > 0 && NetworkConnection.Hostname.Length > 0 && !NetworkConnection.Hostname.Contains('/');
}
