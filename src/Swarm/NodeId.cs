namespace Panal.Swarm;

/// <summary>Who a node is, for life: given once when it joins, certified with every certificate, never given to another.</summary>
/// <param name="Value">A random UUID (RFC 9562 §5.4).</param>
public readonly record struct NodeId(Guid Value) : IComparable<NodeId>
{
    /// <summary>Bytes of an identity on the wire, in the order of the text (RFC 9562 §4).</summary>
    public const int LengthBytes = 16;

    /// <summary>A new identity.</summary>
    public static NodeId New() => new(Guid.NewGuid());

    /// <summary>Reads the 16 bytes of the wire.</summary>
    /// <exception cref="ArgumentException">There are more or fewer bytes.</exception>
    public static NodeId Read(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    /// <summary>Reads the text form, 36 characters with hyphens.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NodeId id)
    {
        var isRead = Guid.TryParseExact(text, "D", out var value);
        id = new NodeId(value);
        return isRead;
    }

    /// <summary>Writes the 16 bytes of the wire.</summary>
    public void CopyTo(Span<byte> destination) => Value.TryWriteBytes(destination, bigEndian: true, out _);

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <summary>36 characters, lower case, with hyphens.</summary>
    public override string ToString() => Value.ToString("D");
}
