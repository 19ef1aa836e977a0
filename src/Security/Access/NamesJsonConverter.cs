using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panal.Security.Access;

/// <summary>Writes a set of rights as a list of names, which a person can edit.</summary>
/// <typeparam name="T">An enumeration of bits whose zero is the empty set.</typeparam>
public abstract class NamesJsonConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    /// <summary>The names that stand for a set.</summary>
    protected abstract IEnumerable<string> NamesOf(T value);

    /// <summary>Adds what a name stands for; false for a name that stands for nothing.</summary>
    protected abstract bool TryAdd(ref T value, string? name);

    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("Rights are a list of names.");
        }

        T value = default;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String || !TryAdd(ref value, reader.GetString()))
            {
                throw new JsonException($"Rights are {string.Join(", ", Enum.GetNames<T>())}.");
            }
        }

        return value;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var name in NamesOf(value))
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads one name; case does not count, and numbers and lists, which Enum.TryParse would take too, mean nothing.</summary>
    internal static bool TryParse(string? name, out T right) =>
        Enum.TryParse(name, ignoreCase: true, out right) && name is { Length: > 0 } && char.IsAsciiLetter(name[0]) && !name.Contains(',');
}
