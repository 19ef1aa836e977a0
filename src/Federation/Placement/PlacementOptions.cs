namespace Panal.Federation.Placement;

/// <summary>What the host decides about copies that nobody has asked for yet.</summary>
public sealed record PlacementOptions
{
    /// <summary>Nodes that shall hold each study, this one too; this node sees to it for all studies. 0: it does not.</summary>
    public int MinimumHolders { get; init; }

    /// <summary>How often the holders are counted.</summary>
    public TimeSpan RepairInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>New studies with a series of one of these modalities are fetched ahead of demand; <c>*</c> for all; empty for none.</summary>
    public IReadOnlySet<string> WarmModalities { get; init; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The hours of the local day in which that happens; null for all.</summary>
    public HourRange? WarmHours { get; init; }

    /// <summary>What may be fetched so in an hour, in bytes; long.MaxValue for no limit.</summary>
    public long WarmBytesPerHour { get; init; } = long.MaxValue;

    /// <summary>How often new studies are looked for.</summary>
    public TimeSpan WarmInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Earlier studies of the same patient that are fetched when a study is opened here; 0 for none.</summary>
    public int Priors { get; init; }

    /// <summary>Studies that are rebuilt at a time: enough to fill a line with small ones.</summary>
    public int RebuildAtOnce { get; init; } = 8;
}

/// <summary>Hours of a day, from the first up to, and without, the last; over midnight when the first is later.</summary>
public readonly record struct HourRange(int First, int End)
{
    /// <summary>Whether an hour, 0 to 23, is in it.</summary>
    public bool Contains(int hour) => First <= End ? hour >= First && hour < End : hour >= First || hour < End;

    /// <summary>Reads "22-6"; false when it is none.</summary>
    public static bool TryParse(string text, out HourRange range)
    {
        range = default;
        var parts = text.Split('-');
        if (parts.Length != 2
            || !int.TryParse(parts[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var first) || first > 23
            || !int.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var end) || end > 24 || first == end)
        {
            return false;
        }

        range = new HourRange(first, end);
        return true;
    }
}
