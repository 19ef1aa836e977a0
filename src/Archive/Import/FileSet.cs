using System.Buffers;
using Panal.Dicom;

namespace Panal.Archive.Import;

/// <summary>Reads what a DICOMDIR refers to (PS3.3 F.3.2.2).</summary>
internal static class FileSet
{
    /// <summary>A DICOMDIR of a full DVD is a few megabytes; more than this is not read.</summary>
    private const int LimitBytes = 256 << 20;

    /// <summary>The File IDs of all records in use, each split into its components.</summary>
    /// <returns>False when the file is not a DICOMDIR that can be read; the caller then takes every file.</returns>
    public static bool TryReadReferencedFiles(string path, out IReadOnlyList<string[]> fileIds)
    {
        fileIds = [];
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
            if (stream.Length is 0 or > LimitBytes)
            {
                return false;
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var file = new ReadOnlySequence<byte>(bytes);
            if (!FileMeta.TryReadHeader(file, isFinal: true, out var meta, out var consumed) || meta is null)
            {
                return false;
            }

            var directory = DataSetEncoding.Decode(file.Slice(consumed), meta.TransferSyntax, DecodeLimits.Default);
            var records = directory.GetSequence(Tags.DirectoryRecordSequence);
            fileIds = [.. records.Where(IsInUse).Select(r => r.GetStrings(Tags.ReferencedFileID)).Where(id => id.Length > 0)];
            return fileIds.Count > 0;
        }
        catch (Exception fault) when (fault is DicomFormatException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>0000 marks a record that was deleted; every other value counts as in use (PS3.3 Table F.3-3).</summary>
    private static bool IsInUse(DataSet record) => record.GetUInt16(Tags.RecordInUseFlag) is not 0;
}
