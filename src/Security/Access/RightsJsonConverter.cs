namespace Panal.Security.Access;

/// <summary>Rights of application entities in aes.json.</summary>
internal sealed class RightsJsonConverter : NamesJsonConverter<Rights>
{
    protected override IEnumerable<string> NamesOf(Rights value) => RightsNames.Of(value);

    protected override bool TryAdd(ref Rights value, string? name)
    {
        var isKnown = RightsNames.TryParse(name, out var right);
        value |= right;
        return isKnown;
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

    /// <summary>Reads one name; case does not count, numbers and lists mean nothing.</summary>
    public static bool TryParse(string? name, out Rights right) => NamesJsonConverter<Rights>.TryParse(name, out right);
}
