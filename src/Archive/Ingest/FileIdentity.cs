using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Panal.Dicom;

namespace Panal.Archive.Ingest;

/// <summary>Which instance a Part 10 file holds, and where its data set begins.</summary>
/// <param name="SopClassUid">As the data set says, else as the file meta information does.</param>
/// <param name="SopInstanceUid">Likewise.</param>
/// <param name="TransferSyntax">How the data set is encoded.</param>
public sealed record FileIdentity(string SopClassUid, string SopInstanceUid, TransferSyntax TransferSyntax)
{
    /// <summary>How much of a file may come before the last element that says what it is.</summary>
    public const int ReadAheadBytes = 256 << 10;

    /// <summary>The head of a usual file; only when that does not tell, more is waited for.</summary>
    private const int FirstLookBytes = 8 << 10;

    private static readonly ElementSelection Wanted = new(Tags.SOPClassUID, Tags.SOPInstanceUID);

    /// <summary>Reads the head of a file and leaves the reader at the data set; null when the file holds no instance.</summary>
    /// <exception cref="DicomFormatException">It is a DICOM file, and its head is broken.</exception>
    public static async ValueTask<FileIdentity?> ReadAsync(PipeReader file, CancellationToken ct)
    {
        for (var wanted = FirstLookBytes; ; wanted = Math.Min(wanted * 8, ReadAheadBytes))
        {
            var read = await file.ReadAtLeastAsync(wanted, ct);
            var isLast = read.IsCompleted || read.Buffer.Length >= ReadAheadBytes;
            var isFile = TryReadHeader(read, out var meta, out var dataSet);
            var identity = isFile ? Identify(read.Buffer.Slice(dataSet), meta!, isLast) : null;
            if (identity is not null || isLast)
            {
                file.AdvanceTo(identity is null ? read.Buffer.Start : dataSet);
                return identity;
            }

            file.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads the head of a file; false when it is no DICOM file.</summary>
    private static bool TryReadHeader(ReadResult read, [NotNullWhen(true)] out FileMetaInformation? meta, out SequencePosition dataSet)
    {
        try
        {
            return FileMeta.TryReadHeader(read.Buffer, read.IsCompleted, out meta, out dataSet) && meta is not null;
        }
        catch (DicomFormatException fault) when (fault.Reason == DicomFormatReason.NotDicom)
        {
            (meta, dataSet) = (null, default);
            return false;
        }
    }

    /// <param name="dataSet">Its first bytes.</param>
    /// <param name="meta">What stands before it.</param>
    /// <param name="takesMeta">Whether what the data set did not tell so far is believed of the file meta information.</param>
    private static FileIdentity? Identify(in ReadOnlySequence<byte> dataSet, FileMetaInformation meta, bool takesMeta)
    {
        using var scanner = new ElementScanner(Wanted, ScanOptions.Default);
        scanner.Start(meta.TransferSyntax);
        scanner.Append(dataSet);
        var sopClass = scanner.Attributes.GetString(Tags.SOPClassUID) ?? (takesMeta ? meta.MediaStorageSopClassUid : null);
        var sopInstance = scanner.Attributes.GetString(Tags.SOPInstanceUID) ?? (takesMeta ? meta.MediaStorageSopInstanceUid : null);
        return sopClass is null or Uids.MediaStorageDirectoryStorage || sopInstance is null
            ? null
            : new FileIdentity(sopClass, sopInstance, meta.TransferSyntax);
    }
}
