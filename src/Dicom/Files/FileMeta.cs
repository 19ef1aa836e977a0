using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Panal.Dicom;

/// <summary>What stands before the data set of a Part 10 file (PS3.10 §7.1).</summary>
/// <param name="TransferSyntax">Syntax of the data set: as told, or as the first element shows when it is not told.</param>
/// <param name="Elements">The elements of group 0002; empty when there are none.</param>
/// <param name="DataSetOffsetBytes">Where the data set begins in the file.</param>
public sealed record FileMetaInformation(TransferSyntax TransferSyntax, DataSet Elements, long DataSetOffsetBytes)
{
    public string? MediaStorageSopClassUid => Elements.GetString(Tags.MediaStorageSOPClassUID);

    public string? MediaStorageSopInstanceUid => Elements.GetString(Tags.MediaStorageSOPInstanceUID);

    /// <summary>Whether the 128 bytes and the letters DICM were there.</summary>
    public bool HasPreamble { get; init; }

    /// <summary>Whether the preamble was there and held more than zeros, as in files that are also TIFF, or also programs.</summary>
    public bool HasForeignPreamble { get; init; }

    /// <summary>Whether the transfer syntax was told, not guessed.</summary>
    public bool TellsTransferSyntax { get; init; }
}

/// <summary>The head of Part 10 files (PS3.10 §7.1). See docs/formats/part10.md.</summary>
public static class FileMeta
{
    /// <summary>Implementation Class UID of every file; it names the layout of the head and changes only with it.</summary>
    public const string ImplementationClassUid = "2.25.14972150354277752877069860173049875";

    /// <summary>Implementation Version Name of every file; without a version, so that equal data sets give equal files.</summary>
    public const string ImplementationVersionName = "PANAL";

    /// <summary>Longest head that is read, in bytes: private information (0002,0102) of a strange writer fits many times.</summary>
    public const int MaximumLengthBytes = 1 << 20;

    /// <summary>Most heads whole, in bytes.</summary>
    private const int FirstLookBytes = 1 << 10;

    private const int PreambleLengthBytes = 128;
    private const int MagicEndBytes = PreambleLengthBytes + 4;

    private static ReadOnlySpan<byte> Magic => "DICM"u8;

    /// <summary>Writes the head; the same arguments always give the same bytes.</summary>
    /// <exception cref="ArgumentException">A UID is longer than 64 characters or not ASCII.</exception>
    public static void WriteHeader(string sopClassUid, string sopInstanceUid, TransferSyntax syntax, IBufferWriter<byte> target) =>
        WriteHeader(sopClassUid, sopInstanceUid, syntax, null, default, target);

    /// <summary>Writes the head with private information (0002,0102), which other programs pass over.</summary>
    /// <param name="creatorUid">Who knows what the information means; null for none.</param>
    /// <param name="information">The information; a zero is added to an odd length.</param>
    /// <exception cref="ArgumentException">A UID is longer than 64 characters or not ASCII, or the head would be longer than <see cref="MaximumLengthBytes"/>.</exception>
    public static void WriteHeader(
        string sopClassUid, string sopInstanceUid, TransferSyntax syntax, string? creatorUid, ReadOnlySpan<byte> information, IBufferWriter<byte> target)
    {
        const int LongestPlainBytes = MagicEndBytes + 600;
        if (information.Length > MaximumLengthBytes - LongestPlainBytes)
        {
            throw new ArgumentException("The private information is longer than a head may be.", nameof(information));
        }

        var bytes = target.GetSpan(LongestPlainBytes + information.Length);
        bytes[..PreambleLengthBytes].Clear();
        Magic.CopyTo(bytes[PreambleLengthBytes..]);
        var head = bytes[MagicEndBytes..];

        // (0002,0000) UL 4, filled in at the end; (0002,0001) OB 2: 00 01.
        ReadOnlySpan<byte> start =
        [
            2, 0, 0, 0, (byte)'U', (byte)'L', 4, 0, 0, 0, 0, 0,
            2, 0, 1, 0, (byte)'O', (byte)'B', 0, 0, 2, 0, 0, 0, 0, 1,
        ];
        start.CopyTo(head);
        var length = start.Length;
        length += Write(head[length..], 0x0002, Vr.UI, sopClassUid);
        length += Write(head[length..], 0x0003, Vr.UI, sopInstanceUid);
        length += Write(head[length..], 0x0010, Vr.UI, syntax.Uid);
        length += Write(head[length..], 0x0012, Vr.UI, ImplementationClassUid);
        length += Write(head[length..], 0x0013, Vr.SH, ImplementationVersionName);
        if (creatorUid is not null)
        {
            length += Write(head[length..], 0x0100, Vr.UI, creatorUid);
            length += WriteInformation(head[length..], information);
        }

        BinaryPrimitives.WriteInt32LittleEndian(head[8..], length - 12);
        target.Advance(MagicEndBytes + length);
    }

    /// <summary>
    /// Reads the head of a file; consumes nothing when it returns false. A missing preamble, missing or implicit group 0002, a wrong
    /// group length and a missing transfer syntax are tolerated.
    /// </summary>
    /// <param name="buffer">The file from its first byte.</param>
    /// <param name="isFinal">Whether nothing comes after these bytes.</param>
    /// <param name="meta">The head.</param>
    /// <param name="consumed">Where the data set begins.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="DicomFormatException">Not a DICOM file, cut in its head, or a head beyond <see cref="MaximumLengthBytes"/>.</exception>
    public static bool TryReadHeader(
        in ReadOnlySequence<byte> buffer, bool isFinal, out FileMetaInformation? meta, out SequencePosition consumed)
    {
        consumed = buffer.Start;
        var isCut = buffer.Length > MaximumLengthBytes;
        meta = ReadFirst(isCut ? buffer.Slice(0, MaximumLengthBytes) : buffer, isFinal && !isCut);
        if (meta is null)
        {
            return isCut
                ? throw new DicomFormatException("The file meta information is too long", MaximumLengthBytes, DicomFormatReason.TooLong)
                : false;
        }

        consumed = buffer.GetPosition(meta.DataSetOffsetBytes);
        return true;
    }

    /// <summary>Of bytes in several segments looks only at as many of the first, put together, as the head needs: a megabyte of pixels may come behind it.</summary>
    private static FileMetaInformation? ReadFirst(in ReadOnlySequence<byte> bytes, bool isFinal)
    {
        for (var lookBytes = FirstLookBytes; lookBytes < bytes.Length && !bytes.IsSingleSegment; lookBytes *= 8)
        {
            if (Read(bytes.Slice(0, lookBytes).ToArray(), isFinal: false) is { } meta)
            {
                return meta;
            }
        }

        return Read(bytes.IsSingleSegment ? bytes.First : bytes.ToArray(), isFinal);
    }

    private static FileMetaInformation? Read(ReadOnlyMemory<byte> bytes, bool isFinal)
    {
        if (bytes.Length < MagicEndBytes + 8 && !isFinal)
        {
            return null;
        }

        var span = bytes.Span;
        var hasPreamble = HasPreamble(span);
        var start = hasPreamble ? MagicEndBytes : span.StartsWith(Magic) ? Magic.Length : 0;
        if (!TryReadElements(bytes, start, isFinal, out var elements, out var end))
        {
            return null;
        }

        var told = elements.GetString(Tags.TransferSyntaxUID);
        TransferSyntax? syntax = null;
        if (told is not null && Uid.IsWellFormed(told))
        {
            syntax = TransferSyntax.ForUid(told);
        }
        else if (span.Length - end < 8)
        {
            return isFinal ? throw new DicomFormatException("Not a DICOM file", end, DicomFormatReason.NotDicom) : null;
        }
        else if (!EncodingDetection.TryGuess(span[end..], out syntax) && !hasPreamble)
        {
            throw new DicomFormatException("Not a DICOM file", end, DicomFormatReason.NotDicom);
        }

        return new FileMetaInformation(syntax, elements, end)
        {
            HasPreamble = hasPreamble,
            HasForeignPreamble = hasPreamble && span[..PreambleLengthBytes].ContainsAnyExcept((byte)0),
            TellsTransferSyntax = told is not null,
        };
    }

    /// <summary>Whether the magic is one: a data set without head may have the four letters there by chance.</summary>
    private static bool HasPreamble(ReadOnlySpan<byte> file) =>
        file.Length >= MagicEndBytes && file[PreambleLengthBytes..MagicEndBytes].SequenceEqual(Magic)
        && ((file.Length >= MagicEndBytes + 2 && file[MagicEndBytes] == 2 && file[MagicEndBytes + 1] == 0)
            || !EncodingDetection.TryGuess(file, out _));

    /// <summary>Reads group 0002: explicit little endian by the standard, implicit by some writers.</summary>
    private static bool TryReadElements(ReadOnlyMemory<byte> bytes, int start, bool isFinal, out DataSet elements, out int position)
    {
        elements = new DataSet();
        position = start;
        var groupEnd = int.MaxValue;
        while (true)
        {
            var rest = bytes.Span[position..];
            if (rest.Length < 8)
            {
                return isFinal;
            }

            var tag = new Tag(BinaryPrimitives.ReadUInt16LittleEndian(rest), BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]));

            // The next group ends the head whatever the group length says; a deflated data set may begin with any two bytes.
            if (tag.Group != 2 || (position == groupEnd && !VrExtensions.IsVrCode(rest[4], rest[5])))
            {
                return true;
            }

            ReadHeader(rest, tag, out var vr, out var length, out var headerLength);
            if (length > MaximumLengthBytes)
            {
                throw new DicomFormatException("An element of the file meta information is too long", position, DicomFormatReason.TooLong);
            }

            if (rest.Length < headerLength + length)
            {
                return isFinal
                    ? throw new DicomFormatException("The file meta information ends too early", position, DicomFormatReason.Truncated)
                    : false;
            }

            var value = bytes.Slice(position + headerLength, (int)length).ToArray();
            elements.SetBytes(tag, vr, value);
            position += headerLength + (int)length;
            if (tag == Tags.FileMetaInformationGroupLength && elements.GetInt32(tag) is { } groupLength && groupLength > 0
                && groupLength < MaximumLengthBytes)
            {
                groupEnd = position + groupLength;
            }
        }
    }

    private static void ReadHeader(ReadOnlySpan<byte> bytes, Tag tag, out Vr vr, out uint length, out int headerLength)
    {
        vr = (Vr)((bytes[4] << 8) | bytes[5]);
        headerLength = 8;
        if (!vr.IsKnown())
        {
            vr = DataDictionary.VrOf(tag);
            length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        }
        else if (vr.HasLongLength())
        {
            headerLength = 12;
            length = bytes.Length < 12 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        }
        else
        {
            length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
        }
    }

    private static int WriteInformation(Span<byte> target, ReadOnlySpan<byte> information)
    {
        var length = (information.Length + 1) & ~1;
        ReadOnlySpan<byte> start = [2, 0, 2, 1, (byte)'O', (byte)'B', 0, 0];
        start.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], length);
        target[12 + length - 1] = 0;
        information.CopyTo(target[12..]);
        return 12 + length;
    }

    private static int Write(Span<byte> target, ushort element, Vr vr, string value)
    {
        if (value.Length > Uid.MaximumLength || !Ascii.IsValid(value))
        {
            throw new ArgumentException("A UID has at most 64 ASCII characters.", nameof(value));
        }

        var length = (value.Length + 1) & ~1;
        BinaryPrimitives.WriteUInt16LittleEndian(target, 2);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], element);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], (ushort)vr);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)length);
        target[8 + length - 1] = vr.PaddingByte();
        Encoding.ASCII.GetBytes(value, target[8..]);
        return 8 + length;
    }
}
