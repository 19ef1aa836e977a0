using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Panal.Security.Identities;
using Panal.Security.Joining;

namespace Panal.Federation.Membership;

/// <summary>One request to join as it is kept on disk; see docs/formats/network.md, "Requests".</summary>
/// <param name="Id">16 bytes, hexadecimal.</param>
/// <param name="AuthenticationString">What both sides show.</param>
/// <param name="Body">What the node asked, docs/formats/join.md.</param>
/// <param name="From">Where it came from.</param>
/// <param name="At">When it came.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it was denied; may be empty.</param>
/// <param name="Certificate">DER, once it is approved.</param>
internal sealed record KeptRequest(
    string Id, string AuthenticationString, byte[] Body, string From, DateTimeOffset At, JoinState State, string Reason = "", byte[]? Certificate = null);

/// <summary>Reads and writes the requests that wait or were decided lately, so that who asked before a restart need not ask again.</summary>
internal static class KeptRequests
{
    /// <summary>Bytes of an identity as hexadecimal digits.</summary>
    private const int IdLength = 32;

    /// <summary>Writes them.</summary>
    public static byte[] Write(IReadOnlyList<KeptRequest> requests) => JsonSerializer.SerializeToUtf8Bytes(requests, KeptRequestJson.Default.IReadOnlyListKeptRequest);

    /// <summary>Reads them, each with what it asked.</summary>
    /// <exception cref="NetworkDocumentException">The bytes are none, or a request in them is not valid.</exception>
    public static IReadOnlyList<(KeptRequest Kept, JoinRequest Asked, IPAddress From)> Read(ReadOnlySpan<byte> bytes)
    {
        IReadOnlyList<KeptRequest> read;
        try
        {
            read = JsonSerializer.Deserialize(bytes, KeptRequestJson.Default.IReadOnlyListKeptRequest) ?? throw new NetworkDocumentException("There are no requests in the file.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new NetworkDocumentException("The file of the requests is not as described.", e);
        }

        if (read.Count > MembershipLimits.Requests)
        {
            throw new NetworkDocumentException($"There are more than {MembershipLimits.Requests} requests.");
        }

        return [.. read.Select(Check)];
    }

    private static (KeptRequest Kept, JoinRequest Asked, IPAddress From) Check(KeptRequest? kept)
    {
        var isValid = kept is { Id.Length: IdLength, AuthenticationString.Length: > 0, Reason.Length: <= DenyList.ReasonLengthLimit }
            && kept.Id.All(char.IsAsciiHexDigitLower) && Enum.IsDefined(kept.State) && (kept.State == JoinState.Approved) == (kept.Certificate is not null);
        return isValid && IPAddress.TryParse(kept!.From, out var from)
            ? (kept, JoinRequest.Read(kept.Body), from)
            : throw new NetworkDocumentException("A request in the file is not as described.");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(JoinStateNames)],
    MaxDepth = 4,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<KeptRequest>))]
internal sealed partial class KeptRequestJson : JsonSerializerContext;
