using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panal.Security.Accounts;

/// <summary>Writes rights as a list of names.</summary>
public sealed class AccountRightsJsonConverter : JsonConverter<AccountRights>
{
    /// <inheritdoc/>
    public override AccountRights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("Rights are a list such as [\"Search\", \"View\"].");
        }

        var rights = AccountRights.None;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String || !AccountRightsNames.TryParse(reader.GetString(), out var right))
            {
                throw new JsonException("Rights are " + string.Join(", ", AccountRightsNames.Of(AccountRights.All)) + ".");
            }

            rights |= right;
        }

        return rights;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, AccountRights value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var right in AccountRightsNames.Of(value))
        {
            writer.WriteStringValue(right);
        }

        writer.WriteEndArray();
    }
}

/// <summary>Names of rights, in accounts.json, in the API and on the command line.</summary>
public static class AccountRightsNames
{
    private static readonly AccountRights[] Single =
        [.. Enum.GetValues<AccountRights>().Where(r => r is not (AccountRights.None or AccountRights.All))];

    /// <summary>The names that stand for a set of rights, one for each.</summary>
    public static IEnumerable<string> Of(AccountRights rights) => Single.Where(r => rights.HasFlag(r)).Select(r => r.ToString());

    /// <summary>Reads one name; case does not count, numbers and lists mean nothing.</summary>
    public static bool TryParse(string? name, out AccountRights right) =>
        Enum.TryParse(name, ignoreCase: true, out right) && name is { Length: > 0 } && char.IsAsciiLetter(name[0]) && !name.Contains(',');
}
