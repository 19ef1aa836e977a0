using System.Buffers.Binary;

namespace Panal.Archive.Retrieve.Metadata;

/// <summary>Says for ever of which bytes metadata was made, and with which correction; see docs/formats/metadata-chunk.md.</summary>
/// <param name="HashHigh">First half of the content hash of the stored file.</param>
/// <param name="HashLow">Second half.</param>
/// <param name="CorrectedAt">When its study was corrected last, in milliseconds since 1970; <see cref="NeverCorrected"/> for never.</param>
internal readonly record struct MetadataName(UInt128 HashHigh, UInt128 HashLow, long CorrectedAt)
{
    /// <summary>Length of a name as it is stored, in bytes.</summary>
    internal const int LengthBytes = HashBytes + sizeof(long);

    private const int HashBytes = 32;
    private const long NeverCorrected = -1;

    /// <summary>The name of what leaves of an instance.</summary>
    /// <returns>False for a preview, and for what nobody knows the SHA-256 of: metadata of such is not stored.</returns>
    internal static bool TryOf(InstanceReference instance, out MetadataName name)
    {
        var isNamed = instance.Preview is null && instance.Hash.Length == HashBytes;
        name = isNamed ? new MetadataName(
            BinaryPrimitives.ReadUInt128LittleEndian(instance.Hash.Span),
            BinaryPrimitives.ReadUInt128LittleEndian(instance.Hash.Span[16..]),
            instance.CorrectedAt?.ToUnixTimeMilliseconds() ?? NeverCorrected) : default;
        return isNamed;
    }

    /// <summary>Reads the name at the start of some bytes, of which there are enough.</summary>
    internal static MetadataName Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt128LittleEndian(bytes), BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[HashBytes..]));

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, HashHigh);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[16..], HashLow);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[HashBytes..], CorrectedAt);
    }
}
