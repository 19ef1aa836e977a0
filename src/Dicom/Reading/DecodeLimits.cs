namespace Panal.Dicom;

/// <summary>How much a reader takes from a stranger.</summary>
public sealed record DecodeLimits
{
    public static DecodeLimits Default { get; } = new();

    /// <summary>Deepest nesting of sequences. The deepest of real objects (structured reports, RT second generation) stay below 20.</summary>
    public int MaximumDepth { get; init; } = 64;

    /// <summary>Most elements, items and fragments. An enhanced object of 50,000 frames has about 2,500,000.</summary>
    public long MaximumElements { get; init; } = 16_000_000;

    /// <summary>Longest data set that is decoded in memory, in bytes (after inflation).</summary>
    public long MaximumDataSetLengthBytes { get; init; } = 256L << 20;

    /// <summary>Most bytes that a deflated data set may become.</summary>
    public long MaximumInflatedLengthBytes { get; init; } = 4L << 30;

    /// <summary>Highest ratio of inflated to deflated bytes; it counts beyond <see cref="InflatedLengthWithoutRatioBytes"/>, because black images reach 1,000.</summary>
    public int MaximumInflateRatio { get; init; } = 200;

    /// <summary>Inflated bytes that any ratio may reach.</summary>
    public long InflatedLengthWithoutRatioBytes { get; init; } = 64L << 20;
}
