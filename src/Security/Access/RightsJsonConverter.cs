using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panal.Security.Access;

/// <summary>Writes rights as a list of names, which a person can edit.</summary>
internal sealed class RightsJsonConverter : JsonConverter<Rights>
{
    public override Rights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("Rights are a list such as [\"Echo\", \"Store\"].");
        }

        var rights = Rights.None;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String || !RightsNames.TryParse(reader.GetString(), out var right))
            {
                throw new JsonException("Rights are Echo, Store, Find, Retrieve, Commit or All.");
            }

            rights |= right;
        }

        return rights;
    }

    public override void Write(Utf8JsonWriter writer, Rights value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var right in RightsNames.Of(value))
        {
            writer.WriteStringValue(right);
        }

        writer.WriteEndArray();
    }
}

/// <summary>Names of rights, in aes.json and on the command line.</summary>
public static class RightsNames
{
    private static readonly Rights[] Single = [Rights.Echo, Rights.Store, Rights.Find, Rights.Retrieve, Rights.Commit];

    /// <summary>The names that stand for a set of rights.</summary>
    public static IEnumerable<string> Of(Rights rights) => rights == Rights.All
        ? [nameof(Rights.All)]
        : Single.Where(r => rights.HasFlag(r)).Select(r => r.ToString());

    /// <summary>Reads one name; numbers, which Enum.TryParse would take too, mean nothing.</summary>
    public static bool TryParse(string? name, out Rights right) =>
        Enum.TryParse(name, ignoreCase: true, out right) && name is { Length: > 0 } && char.IsAsciiLetter(name[0]) && !name.Contains(',');
}
