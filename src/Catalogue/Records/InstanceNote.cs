using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue;

/// <summary>An instance record as the bytes that lie beside its data until the catalogue is durable; see docs/formats/instance-note.md.</summary>
public static class InstanceNote
{
    /// <summary>Longest note accepted, in bytes.</summary>
    public const int LengthLimitBytes = 5 * 1024 * 1024;

    /// <summary>Longest text in a note, in bytes of UTF-8.</summary>
    public const int TextLimitBytes = 4096;

    private const int LevelCount = 4;

    private static ReadOnlySpan<byte> Magic => "PIN\u0001"u8;

    /// <summary>With what a compact form is behind the levels.</summary>
    private static ReadOnlySpan<byte> CompactMagic => "PIN\u0002"u8;

    /// <summary>Writes the record.</summary>
    public static void Encode(InstanceRecord record, IBufferWriter<byte> target)
    {
        EncodedAttributes attributes = record.Encoded;
        target.Write(record.Copy.Compact is null ? Magic : CompactMagic);
        WriteText(record.SopInstanceUid, target);
        WriteText(record.SopClassUid, target);
        WriteText(record.TransferSyntaxUid, target);
        WriteText(record.SourceAeTitle, target);
        WriteText(attributes.StudyInstanceUid, target);
        WriteText(attributes.SeriesInstanceUid, target);
        WriteText(record.Copy.Path, target);
        WriteInt64(record.ReceivedAt.ToUnixTimeMilliseconds(), target);
        WriteInt64(record.Copy.VolumeId, target);
        WriteInt64(record.Copy.LengthBytes, target);
        WriteInt64(record.Copy.DataSetOffsetBytes, target);
        WriteInt64((long)record.Copy.State, target);
        WriteBytes(record.Copy.Hash.Span, target);
        for (int level = 0; level < LevelCount; level++)
        {
            WriteBytes(attributes[(QueryLevel)level].Span, target);
        }

        if (record.Copy.Compact is { } compact)
        {
            WriteInt64(compact.LengthBytes, target);
            WriteInt64(compact.DataSetOffsetBytes, target);
            WriteBytes(compact.Hash.Span, target);
            WriteText(compact.TransferSyntaxUid, target);
        }
    }

    /// <summary>Reads what Encode wrote; false when the bytes are no note.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> note, [NotNullWhen(true)] out InstanceRecord? record)
    {
        record = null;
        bool isCompact = note.Span.StartsWith(CompactMagic);
        if (note.Length > LengthLimitBytes || !(isCompact || note.Span.StartsWith(Magic)))
        {
            return false;
        }

        // The record keeps slices; the caller may reuse its buffer.
        ReadOnlyMemory<byte> rest = note[Magic.Length..].ToArray();
        var texts = new string[7];
        for (int i = 0; i < texts.Length; i++)
        {
            if (!TryReadText(ref rest, out texts[i]))
            {
                return false;
            }
        }

        Span<long> numbers = stackalloc long[5];
        foreach (ref long number in numbers)
        {
            if (!TryReadInt64(ref rest, out number))
            {
                return false;
            }
        }

        if (!TryReadBytes(ref rest, CopyRecord.HashLimitBytes, out ReadOnlyMemory<byte> hash) || !TryReadLevels(ref rest, out ReadOnlyMemory<byte>[] levels)
            || !TryReadCompact(isCompact, ref rest, out CompactFile? compact) || !rest.IsEmpty
            || numbers[0] is < -62_135_596_800_000 or > 253_402_300_799_999 || numbers[1] is < 0 or > int.MaxValue || !Enum.IsDefined((CopyState)(byte)numbers[4])
            || numbers[4] > byte.MaxValue || texts[4].Length == 0 || texts[5].Length == 0 || texts[0].Length == 0)
        {
            return false;
        }

        var copy = new CopyRecord((int)numbers[1], texts[6], numbers[2], hash, numbers[3], (CopyState)numbers[4]) { Compact = compact };
        record = new InstanceRecord(
            ToDataSet(levels, texts), texts[0], texts[1], texts[2], texts[3], DateTimeOffset.FromUnixTimeMilliseconds(numbers[0]), copy)
            .WithEncoded(new EncodedAttributes(levels, texts[4], texts[5]));
        return true;
    }

    private static DataSet ToDataSet(ReadOnlyMemory<byte>[] levels, string[] texts)
    {
        var dataSet = new DataSet(32);
        bool isAscii = true;
        foreach (ReadOnlyMemory<byte> level in levels)
        {
            isAscii &= AttributeDecoder.AddTo(dataSet, level);
        }

        AttributeDecoder.DeclareCharacterSet(dataSet, isAscii);

        dataSet.Set(Tags.SOPInstanceUID, texts[0]);
        dataSet.Set(Tags.SOPClassUID, texts[1]);
        dataSet.Set(Tags.StudyInstanceUID, texts[4]);
        dataSet.Set(Tags.SeriesInstanceUID, texts[5]);
        return dataSet;
    }

    private static bool TryReadLevels(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte>[] levels)
    {
        levels = new ReadOnlyMemory<byte>[LevelCount];
        for (int level = 0; level < LevelCount; level++)
        {
            if (!TryReadBytes(ref rest, EncodedAttributes.LevelLimitBytes, out levels[level]) || !AttributeBlob.IsWellFormed(levels[level].Span))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryReadCompact(bool isCompact, ref ReadOnlyMemory<byte> rest, out CompactFile? compact)
    {
        compact = null;
        if (!isCompact)
        {
            return true;
        }

        if (!TryReadInt64(ref rest, out long length) || !TryReadInt64(ref rest, out long offset) || length < 0 || offset < 0 || offset > length
            || !TryReadBytes(ref rest, CopyRecord.HashLimitBytes, out ReadOnlyMemory<byte> hash) || !TryReadText(ref rest, out string syntax))
        {
            return false;
        }

        compact = new CompactFile(length, hash, offset, syntax);
        return true;
    }

    private static void WriteText(string text, IBufferWriter<byte> target)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, TextLimitBytes, nameof(text));
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), length);
        target.Advance(4);
        Encoding.UTF8.GetBytes(text, target);
    }

    private static void WriteInt64(long value, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(8), value);
        target.Advance(8);
    }

    private static void WriteBytes(ReadOnlySpan<byte> bytes, IBufferWriter<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(4), bytes.Length);
        target.Advance(4);
        target.Write(bytes);
    }

    private static bool TryReadText(ref ReadOnlyMemory<byte> rest, out string text)
    {
        bool isRead = TryReadBytes(ref rest, TextLimitBytes, out ReadOnlyMemory<byte> bytes);
        text = isRead ? Encoding.UTF8.GetString(bytes.Span) : string.Empty;
        return isRead;
    }

    private static bool TryReadInt64(ref ReadOnlyMemory<byte> rest, out long value)
    {
        bool isRead = BinaryPrimitives.TryReadInt64LittleEndian(rest.Span, out value);
        rest = isRead ? rest[8..] : rest;
        return isRead;
    }

    private static bool TryReadBytes(ref ReadOnlyMemory<byte> rest, int limitBytes, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(rest.Span, out uint length) || length > limitBytes || length > rest.Length - 4)
        {
            return false;
        }

        bytes = rest.Slice(4, (int)length);
        rest = rest[(4 + (int)length)..];
        return true;
    }
}
