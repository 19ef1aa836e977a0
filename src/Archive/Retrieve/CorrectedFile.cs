using System.Buffers;
using System.Globalization;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Archive.Retrieve;

/// <summary>
/// What leaves of an instance whose study was corrected: the stored file, which stays as it is, with the corrected attributes in place of its own, and with what stood
/// there in an item of the Original Attributes Sequence (0400,0561).
/// </summary>
/// <remarks>PS3.3 §C.12.1, Table C.12-1. Only the elements up to (0400,0561) are read; what comes behind them is passed on where it lies.</remarks>
internal static class CorrectedFile
{
    private const int BufferBytes = 64 * 1024;
    private const string Utf8 = "ISO_IR 192";
    private const string Correct = "CORRECT";

    /// <summary>The file as it leaves; itself when it says all as the correction does.</summary>
    /// <param name="file">The file or data set; owned by the answer.</param>
    /// <param name="dataSetOffset">Where its data set begins, which stays so.</param>
    /// <param name="syntax">How its data set is encoded.</param>
    /// <param name="correction">What is said in place of what it says.</param>
    /// <exception cref="DicomFormatException">The data set is none.</exception>
    internal static Stream Open(Stream file, long dataSetOffset, TransferSyntax syntax, StudyCorrection correction)
    {
        if (syntax.IsDeflated)
        {
            return OpenDeflated(file, dataSetOffset, correction);
        }

        var head = ReadHead(file, dataSetOffset, syntax);
        DataSet said = Decode(file, dataSetOffset, syntax, correction, head);
        DataSet changed = Changes(said, correction);
        if (changed.Count == 0)
        {
            return file;
        }

        HashSet<ushort> groups = [.. changed.Select(static element => element.Tag.Group)];
        var waiting = new Queue<Element>(changed);
        var pieces = new List<SplicedStream.Piece> { new(0, dataSetOffset) };
        foreach (var (tag, offset, length) in head)
        {
            Insert(waiting, tag, syntax, pieces);
            // A length of a group that has changed would be wrong; it is retired (PS3.5 §7.2).
            if (!changed.Contains(tag) && !(tag.IsGroupLength && groups.Contains(tag.Group)))
            {
                pieces.Add(new SplicedStream.Piece(dataSetOffset + offset, length));
            }
        }

        long behind = dataSetOffset + (head.Count > 0 ? head[^1].Offset + head[^1].Length : 0);
        Insert(waiting, new Tag(uint.MaxValue), syntax, pieces);
        pieces.Add(new SplicedStream.Piece(behind, file.Length - behind));
        return new SplicedStream(file, pieces);
    }

    /// <summary>
    /// What has been deflated as a whole cannot be replaced in part: it is inflated, corrected and deflated as it is read, and once before, because its length is asked for.
    /// </summary>
    private static Stream OpenDeflated(Stream file, long dataSetOffset, StudyCorrection correction)
    {
        // Beside the file's own position, which whoever reads what stands before the data set moves.
        var deflated = new SplicedStream(file, [new SplicedStream.Piece(dataSetOffset, Math.Max(0, file.Length - dataSetOffset))]);
        var plain = new RestartedStream(() => DeflatedDataSet.Inflate(FromItsBeginning(deflated), DecodeLimits.Default));
        Stream corrected = Open(plain, 0, TransferSyntax.ExplicitVrLittleEndian, correction);
        if (corrected == plain)
        {
            plain.Dispose();
            return file;
        }

        var again = new RestartedStream(() => DeflatedDataSet.Deflate(FromItsBeginning(corrected)), corrected);
        return new SplicedStream(file, [new SplicedStream.Piece(0, dataSetOffset), SplicedStream.Piece.Of(again)]);
    }

    private static Stream FromItsBeginning(Stream stream)
    {
        stream.Position = 0;
        return stream;
    }

    /// <summary>Adds what is said anew and stands at or before a tag.</summary>
    private static void Insert(Queue<Element> changed, Tag until, TransferSyntax syntax, List<SplicedStream.Piece> pieces)
    {
        while (changed.TryPeek(out Element element) && element.Tag.Value <= until.Value)
        {
            var one = new DataSet();
            one.Set(changed.Dequeue());
            var bytes = new ArrayBufferWriter<byte>();
            DataSetEncoding.Encode(one, syntax, bytes);
            pieces.Add(SplicedStream.Piece.Of(bytes.WrittenMemory));
        }
    }

    /// <summary>The elements at the top of a data set up to (0400,0561), where they are and how long, headers and all.</summary>
    private static List<(Tag Tag, long Offset, long Length)> ReadHead(Stream file, long dataSetOffset, TransferSyntax syntax)
    {
        var elements = new List<(Tag Tag, long Offset, long Length)>();
        var reader = new DataSetReader(syntax, DecodeLimits.Default, file.Length - dataSetOffset);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            file.Position = dataSetOffset;
            for (var (start, end, isFinal) = (0, 0, false); ;)
            {
                bool found = reader.TryRead(buffer.AsSpan(start, end - start), isFinal, out DataSetToken token, out int used);
                start += used;
                if (found && token is { Depth: 0, Kind: DataSetTokenKind.Element or DataSetTokenKind.SequenceStart or DataSetTokenKind.FragmentsStart })
                {
                    EndLast(elements, token.OffsetBytes);
                    if (token.Tag.Value > Tags.OriginalAttributesSequence.Value)
                    {
                        return elements;
                    }

                    elements.Add((token.Tag, token.OffsetBytes, 0));
                }
                else if (!found && reader.IsAtEnd)
                {
                    EndLast(elements, reader.OffsetBytes);
                    return elements;
                }
                else if (!found)
                {
                    (start, end) = Pass(file, reader, buffer, start, end);
                    int read = file.Read(buffer, end, buffer.Length - end);
                    (end, isFinal) = (end + read, read == 0);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes room for what is read next; what is left of a value behind the buffer is passed over.</summary>
    private static (int Start, int End) Pass(Stream file, DataSetReader reader, byte[] buffer, int start, int end)
    {
        if (reader.ValueRemainingBytes > 0 && start == end)
        {
            long left = Math.Min(reader.ValueRemainingBytes, file.Length - file.Position);
            file.Position += left;
            reader.Advance(left);
        }

        buffer.AsSpan(start, end - start).CopyTo(buffer);
        return (0, end - start);
    }

    private static void EndLast(List<(Tag Tag, long Offset, long Length)> elements, long end)
    {
        if (elements.Count > 0)
        {
            elements[^1] = elements[^1] with { Length = end - elements[^1].Offset };
        }
    }

    /// <summary>What the file says of what was corrected.</summary>
    private static DataSet Decode(
        Stream file, long dataSetOffset, TransferSyntax syntax, StudyCorrection correction, List<(Tag Tag, long Offset, long Length)> head)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var (tag, offset, length) in head)
        {
            if (tag == Tags.SpecificCharacterSet || tag == Tags.OriginalAttributesSequence || correction.Attributes.Contains(tag))
            {
                if (bytes.WrittenCount + length > DecodeLimits.Default.MaximumDataSetLengthBytes)
                {
                    throw new DicomFormatException("The attributes to be corrected are too long", offset, DicomFormatReason.TooLong);
                }

                file.Position = dataSetOffset + offset;
                file.ReadExactly(bytes.GetSpan((int)length)[..(int)length]);
                bytes.Advance((int)length);
            }
        }

        return DataSetEncoding.Decode(bytes.WrittenMemory, syntax, DecodeLimits.Default);
    }

    /// <summary>The elements that are said otherwise, with the sequence of what stood there; none when all is as the correction says.</summary>
    private static DataSet Changes(DataSet said, StudyCorrection correction)
    {
        Tag[] tags =
        [
            .. correction.Attributes.Where(element => element.Tag != Tags.SpecificCharacterSet && !element.IsSequence && TextOf(said, element.Tag) != TextOf(correction.Attributes, element.Tag))
                .Select(static element => element.Tag),
        ];
        var changed = new DataSet();
        if (tags.Length == 0)
        {
            return changed;
        }

        if (said.CharacterSets.Length > 0)
        {
            changed.Set(Tags.SpecificCharacterSet, said.CharacterSets);
        }
        else if (tags.Any(tag => TextOf(correction.Attributes, tag).Any(static c => !char.IsAscii(c))))
        {
            // Who declares nothing writes the default repertoire, which means the same in UTF-8.
            changed.Set(Tags.SpecificCharacterSet, Utf8);
        }

        var replaced = new DataSet();
        foreach (Tag tag in tags)
        {
            correction.Attributes.TryGet(tag, out Element corrected);
            changed.Set(tag, corrected.Vr, TextOf(correction.Attributes, tag));
            replaced.Set(said.TryGet(tag, out Element before) ? before : new Element(tag, corrected.Vr, ReadOnlyMemory<byte>.Empty));
        }

        var item = new DataSet();
        item.SetSequence(Tags.ModifiedAttributesSequence, [replaced]);
        item.Set(Tags.AttributeModificationDateTime, correction.At.UtcDateTime.ToString("yyyyMMddHHmmss.ffffff+0000", CultureInfo.InvariantCulture));
        item.Set(Tags.ModifyingSystem, correction.ModifyingSystem);
        item.SetEmpty(Tags.SourceOfPreviousValues);
        item.Set(Tags.ReasonForTheAttributeModification, Correct);
        changed.SetSequence(Tags.OriginalAttributesSequence, [.. said.GetSequence(Tags.OriginalAttributesSequence), item]);
        return changed;
    }

    private static string TextOf(DataSet dataSet, Tag tag) => string.Join('\\', dataSet.GetStrings(tag)).Trim(' ', '\0');
}
