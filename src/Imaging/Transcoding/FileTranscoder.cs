using System.Buffers;
using Panal.Dicom;
using Panal.Imaging.Frames;

namespace Panal.Imaging.Transcoding;

/// <summary>Puts whole Part 10 files into another transfer syntax.</summary>
public static class FileTranscoder
{
    /// <summary>A usual head has some 400 bytes; only when these do not suffice, more are read.</summary>
    private const int FirstLookBytes = 8 << 10;

    /// <summary>Writes the file anew in another transfer syntax, with a file meta information of ours.</summary>
    /// <param name="source">The file, from its first byte; it can seek. Closed at the end.</param>
    /// <param name="target">Takes the new file; stays open.</param>
    /// <param name="to">How it is wanted.</param>
    /// <param name="limits">What is taken at most.</param>
    /// <param name="cancellationToken">Breaks off; the target is then no whole file.</param>
    /// <returns>The syntax that it was in.</returns>
    /// <exception cref="ImageException">It is damaged, beyond a limit, or cannot be put into that syntax; the target is then no whole file.</exception>
    /// <exception cref="DicomFormatException">It is no DICOM file, or damaged.</exception>
    public static async Task<TransferSyntax> TranscodeAsync(Stream source, Stream target, TransferSyntax to, ImageLimits limits, CancellationToken cancellationToken)
    {
        await using (source)
        {
            var meta = await ReadMetaAsync(source, cancellationToken);
            source.Position = meta.DataSetOffsetBytes;
            var (sopClassUid, sopInstanceUid) = await IdentifyAsync(source, meta, cancellationToken);
            if (!CanStandInHead(sopClassUid) || !CanStandInHead(sopInstanceUid))
            {
                throw new ImageException(ImageFault.Damaged, $"The UIDs of class and instance have {sopClassUid.Length} and {sopInstanceUid.Length} characters.");
            }

            var head = new ArrayBufferWriter<byte>();
            FileMeta.WriteHeader(sopClassUid, sopInstanceUid, to, head);
            source.Position = meta.DataSetOffsetBytes;
            await using var transcoded = Transcoder.Open(source, meta.TransferSyntax, to, limits);
            await target.WriteAsync(head.WrittenMemory, cancellationToken);
            await transcoded.CopyToAsync(target, cancellationToken);
            return meta.TransferSyntax;
        }
    }

    /// <summary>Old writers' odd UIDs are kept as they are, as long as the head can hold them (PS3.5 §9.1).</summary>
    internal static bool CanStandInHead(string uid) => uid.Length <= Uid.MaximumLength && System.Text.Ascii.IsValid(uid);

    /// <summary>Reads the head of a file.</summary>
    /// <exception cref="DicomFormatException">It is no DICOM file, or damaged.</exception>
    public static async Task<FileMetaInformation> ReadMetaAsync(Stream file, CancellationToken cancellationToken)
    {
        var (bytes, read) = (new byte[Math.Min(file.Length, FirstLookBytes)], 0);
        while (true)
        {
            await file.ReadExactlyAsync(bytes.AsMemory(read), cancellationToken);
            read = bytes.Length;
            if (FileMeta.TryReadHeader(new ReadOnlySequence<byte>(bytes), read == file.Length, out var meta, out _))
            {
                return meta!;
            }

            if (read == file.Length || read > FileMeta.MaximumLengthBytes)
            {
                throw new DicomFormatException("Not a DICOM file", 0, DicomFormatReason.NotDicom);
            }

            Array.Resize(ref bytes, (int)Math.Min(file.Length, Math.Min(read * 16L, FileMeta.MaximumLengthBytes + 1)));
        }
    }

    /// <summary>The data set is what is meant where it and the old head differ.</summary>
    private static async Task<(string SopClassUid, string SopInstanceUid)> IdentifyAsync(Stream file, FileMetaInformation meta, CancellationToken cancellationToken)
    {
        using var scanner = new ElementScanner(new ElementSelection(Tags.SOPClassUID, Tags.SOPInstanceUID), ScanOptions.Default with { WalksToEnd = false });
        scanner.Start(meta.TransferSyntax);
        var bytes = new byte[64 << 10];
        int read;
        while (!scanner.IsDone && (read = await file.ReadAsync(bytes, cancellationToken)) > 0)
        {
            scanner.Append(bytes.AsMemory(0, read));
        }

        return (scanner.Attributes.GetString(Tags.SOPClassUID) ?? meta.MediaStorageSopClassUid ?? "",
            scanner.Attributes.GetString(Tags.SOPInstanceUID) ?? meta.MediaStorageSopInstanceUid ?? "");
    }
}
