namespace Panal.Dicom;

/// <summary>One element in memory. Numbers stand in little endian, whatever the transfer syntax was.</summary>
public readonly struct Element
{
    private readonly object? _content;

    /// <summary>An element with a value in little endian; the memory is not copied.</summary>
    public Element(Tag tag, Vr vr, ReadOnlyMemory<byte> value)
    {
        (Tag, Vr, Value) = (tag, vr, value);
    }

    /// <summary>A sequence.</summary>
    public Element(Tag tag, IReadOnlyList<DataSet> items)
    {
        (Tag, Vr, _content) = (tag, Vr.SQ, items);
    }

    /// <summary>Encapsulated pixel data: the basic offset table and the fragments (PS3.5 §A.4).</summary>
    public Element(Tag tag, Vr vr, IReadOnlyList<ReadOnlyMemory<byte>> fragments)
    {
        (Tag, Vr, _content) = (tag, vr, fragments);
    }

    public Tag Tag { get; }

    public Vr Vr { get; }

    /// <summary>The value as it stands in little endian, with its padding; empty for sequences and fragments.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>The items of a sequence.</summary>
    public IReadOnlyList<DataSet> Items => _content as IReadOnlyList<DataSet> ?? [];

    /// <summary>The basic offset table and the fragments of encapsulated pixel data.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Fragments => _content as IReadOnlyList<ReadOnlyMemory<byte>> ?? [];

    public bool IsSequence => _content is IReadOnlyList<DataSet>;

    public bool IsEncapsulated => _content is IReadOnlyList<ReadOnlyMemory<byte>>;

    /// <summary>The tag and VR only: a value may be patient data.</summary>
    public override string ToString() => $"{Tag} {Vr.Code()} [redacted]";
}
