using System.Text.Json.Serialization;

namespace Panal.Federation.Membership;

/// <summary>Step 1 of docs/formats/join.md, from the node.</summary>
/// <param name="Commitment">32 bytes.</param>
public sealed record JoinHello(byte[] Commitment);

/// <summary>Step 1, from the centre.</summary>
/// <param name="Session">16 bytes.</param>
/// <param name="Network">UUID of the network.</param>
/// <param name="Name">Its name.</param>
/// <param name="Root">The root's certificate, DER.</param>
/// <param name="Nonce">The centre's nonce, 32 bytes.</param>
/// <param name="Time">The centre's clock.</param>
public sealed record JoinWelcome(byte[] Session, Guid Network, string Name, byte[] Root, byte[] Nonce, DateTimeOffset Time);

/// <summary>Step 2, from the node.</summary>
/// <param name="Session">The session of step 1.</param>
/// <param name="Nonce">The node's nonce, 32 bytes.</param>
/// <param name="Body">What it asks; at most 8 KiB.</param>
/// <param name="Proof">That it was invited, 32 bytes; null if it was not.</param>
public sealed record JoinAsk(byte[] Session, byte[] Nonce, byte[] Body, byte[]? Proof = null);

/// <summary>Where a request stands. The names are on the wire and never change.</summary>
public enum JoinState
{
    /// <summary>The administrator has not decided.</summary>
    Pending = 0,

    /// <summary>The node is a member.</summary>
    Approved = 1,

    /// <summary>The administrator denied it.</summary>
    Denied = 2,

    /// <summary>Nobody decided in time.</summary>
    Expired = 3,
}

/// <summary>Steps 2 and 3, from the centre.</summary>
public sealed record JoinAnswer
{
    /// <summary>16 bytes, hexadecimal.</summary>
    public required string Request { get; init; }

    /// <summary>Where it stands.</summary>
    public required JoinState State { get; init; }

    /// <summary>Why it was denied; may be empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The node's certificate, DER, once it is approved; so are the following.</summary>
    public byte[]? Certificate { get; init; }

    /// <summary>The issuer's certificate, DER.</summary>
    public byte[]? Issuer { get; init; }

    /// <summary>Trust bundles by rising sequence.</summary>
    public IReadOnlyList<byte[]> Bundles { get; init; } = [];

    /// <summary>The roster.</summary>
    public byte[]? Roster { get; init; }

    /// <summary>The deny list.</summary>
    public byte[]? Denied { get; init; }
}

/// <summary>Why something was refused, for people.</summary>
/// <param name="Reason">One sentence.</param>
public sealed record JoinProblem(string Reason);

/// <summary>JSON of docs/formats/join.md.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(JoinStateNames)],
    MaxDepth = 4,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JoinHello))]
[JsonSerializable(typeof(JoinWelcome))]
[JsonSerializable(typeof(JoinAsk))]
[JsonSerializable(typeof(JoinAnswer))]
[JsonSerializable(typeof(JoinProblem))]
public sealed partial class JoinMessageJson : JsonSerializerContext;

/// <summary>Writes a state in lower camel case.</summary>
internal sealed class JoinStateNames() : JsonStringEnumConverter<JoinState>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Why the authority's desk refuses; each has a status in docs/formats/join.md.</summary>
public enum JoinRefusal
{
    /// <summary>What was sent is not as described.</summary>
    Malformed,

    /// <summary>There is no such request, or no longer.</summary>
    Unknown,

    /// <summary>Clocks differ, or the name is taken.</summary>
    Conflict,

    /// <summary>Too many requests.</summary>
    TooMany,

    /// <summary>This node holds no authority.</summary>
    NoAuthority,

    /// <summary>Whoever asks has no right to.</summary>
    NotAllowed,
}

/// <summary>The authority's desk refuses; the message is for the person at the other end.</summary>
public sealed class JoinRefusedException(JoinRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of refusal it is.</summary>
    public JoinRefusal Refusal { get; } = refusal;
}
