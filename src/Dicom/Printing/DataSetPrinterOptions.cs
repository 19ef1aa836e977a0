namespace Panal.Dicom.Printing;

/// <summary>How a data set is shown.</summary>
public sealed record DataSetPrinterOptions
{
    public static DataSetPrinterOptions Default { get; } = new();

    /// <summary>Columns of a line, beyond which values are shortened; at least 60. 120 fit most screens and two windows on a wide one.</summary>
    public int LineWidthColumns { get; init; } = 120;

    /// <summary>Whether values are shown up to <see cref="ValueLimitBytes"/> instead of being shortened to the line.</summary>
    public bool ShowsWholeValues { get; init; }

    /// <summary>Longest part of a value that is looked at, in bytes; the rest is passed over. It bounds the memory.</summary>
    public int ValueLimitBytes { get; init; } = 16 << 10;

    /// <summary>Whether each line begins with the offset of the header in the data set, in hexadecimal (of a deflated one after inflation).</summary>
    public bool ShowsOffsets { get; init; }

    public DecodeLimits Limits { get; init; } = DecodeLimits.Default;
}
