namespace Panal.Archive.Retrieve.Metadata;

/// <summary>When the metadata of instances is stored in the catalogue, and at what cost.</summary>
public sealed record MetadataOptions
{
    /// <summary>Whether it is stored; what is stored already is used all the same.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>How long nothing must have happened to a series: a scanner pauses some seconds between two scans of one series.</summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Share of one processor core, 0.01 to 1.</summary>
    public double CoreShare { get; init; } = 0.25;
}
