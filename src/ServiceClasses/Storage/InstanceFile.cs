using System.Buffers;
using Panal.Archive.Retrieve;
using Panal.Dicom;

namespace Panal.ServiceClasses.Storage;

/// <summary>Makes files ready to be sent.</summary>
public static class InstanceFile
{
    // The SOP Common elements stand at the front; a file where they do not is known by its file meta information.
    private const int HeadBytes = 64 * 1024;
    private static readonly ElementSelection Identity = new(Tags.SOPClassUID, Tags.SOPInstanceUID);

    /// <summary>Returns what a file holds; null when it is no DICOM instance, or is a DICOMDIR.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SendableInstance? Read(string path)
    {
        using var file = File.OpenRead(path);
        var head = new byte[Math.Min(HeadBytes, file.Length)];
        file.ReadExactly(head);
        try
        {
            var buffer = new ReadOnlySequence<byte>(head);
            if (!FileMeta.TryReadHeader(buffer, isFinal: head.Length == file.Length, out var meta, out var dataSet) || meta is null)
            {
                return null;
            }

            var (sopClassUid, sopInstanceUid) = Identify(buffer.Slice(dataSet), meta);
            return sopClassUid is null or Uids.MediaStorageDirectoryStorage || sopInstanceUid is null
                ? null
                : new SendableInstance(sopClassUid, sopInstanceUid, meta.TransferSyntax.Uid, accepted => Open(path, meta, accepted));
        }
        catch (DicomFormatException)
        {
            return null;
        }
    }

    /// <summary>Where data set and file meta information differ, the data set is what is stored, and counts.</summary>
    private static (string? SopClassUid, string? SopInstanceUid) Identify(in ReadOnlySequence<byte> dataSet, FileMetaInformation meta)
    {
        using var scanner = new ElementScanner(Identity, ScanOptions.Default);
        scanner.Start(meta.TransferSyntax);
        try
        {
            scanner.Append(dataSet);
        }
        catch (DicomFormatException)
        {
            // What was read before the fault counts; the receiver finds the fault itself.
        }

        return (scanner.Attributes.GetString(Tags.SOPClassUID) ?? meta.MediaStorageSopClassUid,
            scanner.Attributes.GetString(Tags.SOPInstanceUID) ?? meta.MediaStorageSopInstanceUid);
    }

    private static OutgoingDataSet? Open(string path, FileMetaInformation meta, IReadOnlyCollection<string> accepted)
    {
        var isAccepted = accepted.Contains(meta.TransferSyntax.Uid);
        var target = isAccepted
            ? meta.TransferSyntax
            : accepted.Select(TransferSyntax.ForUid).FirstOrDefault(syntax => TransferSyntaxConverter.CanConvert(meta.TransferSyntax, syntax));
        if (target is null)
        {
            return null;
        }

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        file.Position = meta.DataSetOffsetBytes;
        return new OutgoingDataSet(isAccepted ? file : new ConvertingStream(file, meta.TransferSyntax, target), target.Uid);
    }
}
