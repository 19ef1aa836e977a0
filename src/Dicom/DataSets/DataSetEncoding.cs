using System.Buffers;
using System.Buffers.Binary;

namespace Panal.Dicom;

/// <summary>How the lengths of sequences and items are written (PS3.5 §7.5).</summary>
public enum SequenceLengths
{
    Defined,
    Undefined,
}

/// <summary>Data sets in memory from and to bytes, in every uncompressed and the deflated transfer syntax (PS3.5 §7, Annex A).</summary>
public static class DataSetEncoding
{
    /// <summary>Decodes a whole data set; the bytes are copied once, and the values are slices of that copy.</summary>
    /// <exception cref="DicomFormatException">The bytes are no data set, or beyond a limit.</exception>
    public static DataSet Decode(in ReadOnlySequence<byte> bytes, TransferSyntax syntax, DecodeLimits limits) =>
        Decode(bytes, syntax, limits, out _);

    /// <inheritdoc cref="Decode(in ReadOnlySequence{byte}, TransferSyntax, DecodeLimits)"/>
    public static DataSet Decode(in ReadOnlySequence<byte> bytes, TransferSyntax syntax, DecodeLimits limits, out DataSetAnomalies anomalies)
    {
        if (bytes.Length > limits.MaximumDataSetLengthBytes)
        {
            throw new DicomFormatException("The data set is too long to be decoded in memory", 0, DicomFormatReason.TooLong);
        }

        var copy = syntax.IsDeflated ? Inflation.InflateAll(bytes, limits) : bytes.ToArray();
        return DecodeInPlace(copy, new DataSetReader(syntax, limits, copy.Length), out anomalies);
    }

    /// <summary>Decodes a whole data set from an array, as <see cref="Decode(in ReadOnlySequence{byte}, TransferSyntax, DecodeLimits)"/> does.</summary>
    /// <exception cref="DicomFormatException">The bytes are no data set, or beyond a limit.</exception>
    public static DataSet Decode(ReadOnlyMemory<byte> bytes, TransferSyntax syntax, DecodeLimits limits) =>
        Decode(new ReadOnlySequence<byte>(bytes), syntax, limits);

    /// <summary>
    /// Encodes a data set. The group lengths of the command set and the file meta information are computed and need not be there;
    /// group lengths of other groups are left out, for they are retired (PS3.5 §7.2).
    /// </summary>
    public static void Encode(
        DataSet dataSet, TransferSyntax syntax, IBufferWriter<byte> target, SequenceLengths lengths = SequenceLengths.Defined)
    {
        if (!syntax.IsDeflated)
        {
            new DataSetWriter(syntax.IsExplicitVr, syntax.IsBigEndian, lengths).Write(dataSet, target);
            return;
        }

        var plain = new ArrayBufferWriter<byte>();
        new DataSetWriter(syntax.IsExplicitVr, syntax.IsBigEndian, lengths).Write(dataSet, plain);
        Inflation.DeflateAll(plain.WrittenSpan, target);
    }

    /// <summary>A sequence that came as UN of defined length: its bytes are items in implicit VR little endian (PS3.5 §6.2.2).</summary>
    internal static IReadOnlyList<DataSet> DecodeUnknownSequence(ReadOnlyMemory<byte> value, DataSet parent)
    {
        // Wrapped as one implicit sequence, so that the reader sees what it knows.
        var wrapped = new byte[8 + value.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(wrapped, Tags.ReferencedImageSequence.Group);
        BinaryPrimitives.WriteUInt16LittleEndian(wrapped.AsSpan(2), Tags.ReferencedImageSequence.Element);
        BinaryPrimitives.WriteInt32LittleEndian(wrapped.AsSpan(4), value.Length);
        value.Span.CopyTo(wrapped.AsSpan(8));
        var reader = new DataSetReader(TransferSyntax.ImplicitVrLittleEndian, DecodeLimits.Default, wrapped.Length);
        var items = DecodeInPlace(wrapped, reader, out _).GetSequence(Tags.ReferencedImageSequence);
        foreach (var item in items)
        {
            item.Inherit(parent);
        }

        return items;
    }

    private static DataSet DecodeInPlace(byte[] bytes, DataSetReader reader, out DataSetAnomalies anomalies)
    {
        var builder = new DataSetBuilder();
        var position = 0;
        while (reader.TryRead(bytes.AsSpan(position), isFinal: true, out var token, out var consumed))
        {
            position += consumed;
            var value = bytes.AsMemory(position, (int)Math.Min(reader.ValueRemainingBytes, bytes.Length - position));
            if (value.Length < reader.ValueRemainingBytes)
            {
                throw new DicomFormatException("The value ends too early", reader.OffsetBytes, DicomFormatReason.Truncated);
            }

            if (reader.IsBigEndian && token.Kind == DataSetTokenKind.Element)
            {
                ByteOrder.Swap(value.Span, token.Vr.UnitLengthBytes());
            }

            builder.Add(token, value);
            reader.Advance(value.Length);
            position += value.Length;
        }

        anomalies = reader.Anomalies;
        return builder.DataSet;
    }
}
