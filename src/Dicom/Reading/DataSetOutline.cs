namespace Panal.Dicom;

/// <summary>Where a value lies that an outline leaves out.</summary>
/// <param name="Vr">VR as written.</param>
/// <param name="OffsetBytes">Offset of the value from the start of the data set, in bytes; of encapsulated pixel data that of its first item.</param>
/// <param name="LengthBytes">Length of the value; of encapsulated pixel data that of all its fragments, or -1 when they were not listed.</param>
/// <param name="Fragments">The fragments of encapsulated pixel data after the basic offset table; empty when they were not listed.</param>
public sealed record OmittedValue(Vr Vr, long OffsetBytes, long LengthBytes, IReadOnlyList<FragmentPlace> Fragments)
{
    /// <summary>True for encapsulated pixel data (PS3.5 §A.4).</summary>
    public bool IsEncapsulated { get; init; }

    /// <summary>Offsets of the frames' first fragments, counted from the first fragment (PS3.5 §A.4); empty when the table is.</summary>
    public IReadOnlyList<uint> BasicOffsets { get; init; } = [];
}

/// <summary>A fragment in its data set.</summary>
/// <param name="OffsetBytes">Offset of its value from the start of the data set, in bytes.</param>
/// <param name="LengthBytes">Its length.</param>
public readonly record struct FragmentPlace(long OffsetBytes, long LengthBytes);

/// <summary>A data set without its long values.</summary>
/// <param name="DataSet">All elements; each of <paramref name="Omitted"/> has a value that means nothing.</param>
/// <param name="Omitted">What was left out, by the path that <see cref="Json.BulkData"/> has, such as <c>00400275/0/00420011</c>.</param>
public sealed record DataSetOutline(DataSet DataSet, IReadOnlyDictionary<string, OmittedValue> Omitted)
{
    /// <summary>Whether a value was left out. It is asked of every value: a path is made only for one that is as short as what stands in the place of those.</summary>
    public bool Omits(in Json.BulkData value) => value.LengthBytes == OutlineReader.PlaceholderBytes && Omitted.ContainsKey(value.Path);

    /// <summary>The number of elements only: values may be patient data.</summary>
    public override string ToString() => DataSet.ToString();
}

/// <summary>What an outline keeps.</summary>
public sealed record OutlineOptions
{
    public static OutlineOptions Default { get; } = new();

    /// <summary>Longest value of bytes (OB, OW, UN …) that is kept, in bytes. Codes and small tables stay; icons and curves do not.</summary>
    public int BytesLimitBytes { get; init; } = 1024;

    /// <summary>Longest value of text or numbers that is kept, in bytes: lookup tables and reports of the usual length stay.</summary>
    public int TextLimitBytes { get; init; } = 64 << 10;

    /// <summary>Whether to list the fragments of encapsulated pixel data; else reading ends where it begins.</summary>
    public bool ListsFragments { get; init; }

    public DecodeLimits Limits { get; init; } = DecodeLimits.Default;
}
