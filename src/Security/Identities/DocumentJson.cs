using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Panal.Security.Identities;

/// <summary>JSON of the signed documents, as docs/formats/network.md says.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(RoleNames), typeof(VerbNames), typeof(FilterNames)],
    MaxDepth = 8,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Roster))]
[JsonSerializable(typeof(DenyList))]
[JsonSerializable(typeof(TrustBundleContent))]
internal sealed partial class DocumentJson : JsonSerializerContext
{
    /// <summary>The context to use.</summary>
    public static DocumentJson Format => Default;

    /// <exception cref="NetworkDocumentException">It is not JSON of this type.</exception>
    public static T Read<T>(ReadOnlySpan<byte> payload, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(payload, type) ?? throw new NetworkDocumentException("The document is empty.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new NetworkDocumentException("The document is not as described.", e);
        }
    }
}

/// <summary>Writes a role in lower camel case.</summary>
internal sealed class RoleNames() : JsonStringEnumConverter<NodeRole>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Writes a verb in lower camel case.</summary>
internal sealed class VerbNames() : JsonStringEnumConverter<NetworkVerb>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Writes a filter in lower camel case.</summary>
internal sealed class FilterNames() : JsonStringEnumConverter<NetworkFilter>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
