namespace Panal.Dicom;

public enum DataSetTokenKind : byte
{
    /// <summary>An element with a value of defined length, which follows.</summary>
    Element,
    SequenceStart,
    SequenceEnd,
    ItemStart,
    ItemEnd,

    /// <summary>Encapsulated pixel data begins (PS3.5 §A.4).</summary>
    FragmentsStart,

    /// <summary>A fragment, whose bytes follow; the first is the basic offset table.</summary>
    Fragment,
    FragmentsEnd,
}

/// <summary>One step through a data set.</summary>
/// <param name="Kind">What begins or ends.</param>
/// <param name="Tag">Tag of the element, or of the sequence that an item, fragment or end belongs to.</param>
/// <param name="Vr">VR as encoded (UN for a sequence that came as UN); in implicit VR as the dictionaries and the other elements say.</param>
/// <param name="LengthBytes">Length of what follows; -1 when undefined; of an end 0, or -1 when a delimiter told it.</param>
/// <param name="OffsetBytes">Offset of the header from the start of the data set, in bytes.</param>
/// <param name="Depth">How many items enclose it; 0 at the top.</param>
public readonly record struct DataSetToken(DataSetTokenKind Kind, Tag Tag, Vr Vr, long LengthBytes, long OffsetBytes, int Depth);

/// <summary>What is odd in a data set and was read all the same; the numbers are persisted in reports and never change.</summary>
[Flags]
public enum DataSetAnomalies
{
    None = 0,
    DescendingTags = 1,
    DuplicateTags = 1 << 1,
    OddLength = 1 << 2,

    /// <summary>The transfer syntax says explicit, the bytes are implicit VR.</summary>
    ImplicitInExplicit = 1 << 3,

    /// <summary>The transfer syntax says implicit, the bytes are explicit VR.</summary>
    ExplicitInImplicit = 1 << 4,

    /// <summary>The byte order is not that of the transfer syntax.</summary>
    WrongByteOrder = 1 << 5,

    /// <summary>A VR that is not in the standard.</summary>
    UnknownVr = 1 << 6,

    /// <summary>A delimiter where a defined length had already ended the item or sequence.</summary>
    StrayDelimiter = 1 << 7,

    /// <summary>An item or sequence of undefined length without delimiter.</summary>
    MissingDelimiter = 1 << 8,

    /// <summary>Elements of group 0002 in the data set.</summary>
    FileMetaInDataSet = 1 << 9,

    /// <summary>Bytes of zero after the last element.</summary>
    TrailingZeros = 1 << 10,
}
