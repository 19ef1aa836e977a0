using System.Buffers;
using System.Buffers.Binary;
using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>One entity of a DICOMDIR and what lies below it.</summary>
/// <param name="Type">Directory Record Type, such as "STUDY" (PS3.3 §F.3.2.2).</param>
/// <param name="Keys">Its keys, and of an image the file that it refers to.</param>
/// <param name="Lower">What lies below.</param>
public sealed record DirectoryEntity(string Type, DataSet Keys, IReadOnlyList<DirectoryEntity> Lower);

/// <summary>Writes a DICOMDIR, the directory of a medium (PS3.10 §8.6, PS3.3 Annex F).</summary>
/// <remarks>
/// Records point to one another by where their bytes stand in the file. All offsets are numbers of four bytes, so the lengths are known before them: the records
/// are encoded with zeros, laid out, and the offsets written in.
/// </remarks>
public static class MediaDirectory
{
    private const int ItemHeadBytes = 8;
    private const int SequenceHeadBytes = 12;

    /// <summary>Where the values of (0004,1400) and (0004,1420) begin in a record: after their heads and the element between, (0004,1410) US.</summary>
    private const int NextOffset = 8;
    private const int LowerOffset = 12 + 10 + 8;

    private sealed class Record(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        public uint Position { get; set; }

        public Record? Next { get; set; }

        public Record? FirstLower { get; set; }
    }

    /// <summary>The bytes of the file.</summary>
    /// <param name="roots">The patients.</param>
    /// <param name="sopInstanceUid">UID of the directory itself.</param>
    /// <exception cref="ArgumentException">It would be longer than offsets can tell.</exception>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<DirectoryEntity> roots, string sopInstanceUid)
    {
        var records = new List<Record>();
        var top = Lay(roots, records);
        var file = new ArrayBufferWriter<byte>();
        FileMeta.WriteHeader(Uids.MediaStorageDirectoryStorage, sopInstanceUid, TransferSyntax.ExplicitVrLittleEndian, file);

        var head = HeadOf(0, 0);
        long position = file.WrittenCount + head.Length + SequenceHeadBytes;
        foreach (var record in records)
        {
            record.Position = checked((uint)position);
            position += ItemHeadBytes + record.Bytes.Length;
        }

        if (position > int.MaxValue)
        {
            throw new ArgumentException("There are too many records for one directory.", nameof(roots));
        }

        file.Write(HeadOf(top.FirstOrDefault()?.Position ?? 0, top.LastOrDefault()?.Position ?? 0));
        WriteRecords(records, file);
        return file.WrittenMemory;
    }

    /// <summary>Encodes a level and all below it, each record before its own lower ones.</summary>
    private static List<Record> Lay(IReadOnlyList<DirectoryEntity> entities, List<Record> records)
    {
        var level = new List<Record>(entities.Count);
        foreach (var entity in entities)
        {
            var record = new Record(Encode(entity));
            if (level.Count > 0)
            {
                level[^1].Next = record;
            }

            level.Add(record);
            records.Add(record);
            record.FirstLower = Lay(entity.Lower, records).FirstOrDefault();
        }

        return level;
    }

    private static byte[] Encode(DirectoryEntity entity)
    {
        var record = new DataSet();
        foreach (var element in entity.Keys)
        {
            record.Set(element);
        }

        record.SetUInt32(Tags.OffsetOfTheNextDirectoryRecord, 0);
        record.SetUInt16(Tags.RecordInUseFlag, 0xFFFF);
        record.SetUInt32(Tags.OffsetOfReferencedLowerLevelDirectoryEntity, 0);
        record.Set(Tags.DirectoryRecordType, entity.Type);
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(record, TransferSyntax.ExplicitVrLittleEndian, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> HeadOf(uint first, uint last)
    {
        var head = new DataSet();
        head.Set(Tags.FileSetID, "PANAL");
        head.SetUInt32(Tags.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, first);
        head.SetUInt32(Tags.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity, last);
        head.SetUInt16(Tags.FileSetConsistencyFlag, 0);
        var bytes = new ArrayBufferWriter<byte>();
        DataSetEncoding.Encode(head, TransferSyntax.ExplicitVrLittleEndian, bytes);
        return bytes.WrittenSpan;
    }

    private static void WriteRecords(List<Record> records, ArrayBufferWriter<byte> file)
    {
        // (0004,1220) SQ, with its length.
        var head = file.GetSpan(SequenceHeadBytes);
        ReadOnlySpan<byte> sequence = [0x04, 0x00, 0x20, 0x12, (byte)'S', (byte)'Q', 0, 0];
        sequence.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], (uint)records.Sum(record => ItemHeadBytes + record.Bytes.Length));
        file.Advance(SequenceHeadBytes);
        foreach (var record in records)
        {
            var item = file.GetSpan(ItemHeadBytes);
            ReadOnlySpan<byte> tag = [0xFE, 0xFF, 0x00, 0xE0];
            tag.CopyTo(item);
            BinaryPrimitives.WriteUInt32LittleEndian(item[4..], (uint)record.Bytes.Length);
            file.Advance(ItemHeadBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(record.Bytes.AsSpan(NextOffset), record.Next?.Position ?? 0);
            BinaryPrimitives.WriteUInt32LittleEndian(record.Bytes.AsSpan(LowerOffset), record.FirstLower?.Position ?? 0);
            file.Write(record.Bytes);
        }
    }
}
