using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Dicom;

namespace Panal.Catalogue.Replication;

/// <summary>Reads what a StateEncoder wrote, from a node that may be wrong or hostile; see docs/formats/feed.md.</summary>
public static class StateDecoder
{
    /// <summary>Instances, and gone ones, in one state at most.</summary>
    public const int InstanceLimit = 256 * 1024;

    /// <summary>All that one state may become in memory, in bytes.</summary>
    public const int BudgetBytes = 256 * 1024 * 1024;

    /// <summary>Longest UID in bytes (PS3.5 §9.1: 64); longer ones came from devices and are told as they are.</summary>
    public const int UidLimitBytes = 1024;

    /// <summary>Reads a state.</summary>
    /// <param name="columns">The columns, decompressed.</param>
    /// <param name="hashes">The content hashes, one after the other.</param>
    /// <param name="memory">What was said before on the stream; after an exception it is of no use.</param>
    /// <exception cref="StateFormatException">The bytes are no state.</exception>
    public static CatalogueState Decode(ReadOnlyMemory<byte> columns, ReadOnlyMemory<byte> hashes, StateMemory memory)
    {
        var reader = new ColumnReader(columns, BudgetBytes);
        string[] goneStudies = Uids(reader), goneInstances = Uids(reader);
        var studies = new List<StudyState>();
        int count = reader.Limited(InstanceLimit, "Studies");
        var known = new Previous(memory);
        for (int i = 0; i < count; i++)
        {
            studies.Add(Study(reader, known, ref hashes));
        }

        if (!reader.IsAtEnd || !hashes.IsEmpty)
        {
            throw new StateFormatException("Bytes are left over.");
        }

        return new CatalogueState(studies, goneStudies, goneInstances);
    }

    private static StudyState Study(ColumnReader reader, Previous known, ref ReadOnlyMemory<byte> hashes)
    {
        string uid = known.Study = Text(reader, known.Study);
        byte flags = reader.Byte();
        ReadOnlyMemory<byte>? patient = null, attributes = null;
        if ((flags & StateFlags.AsBefore) == 0)
        {
            patient = Level(reader);
            attributes = Level(reader);
        }

        int count = reader.Limited(InstanceLimit - known.SeriesCount, "Series");
        known.SeriesCount += count;
        var series = new List<SeriesState>();
        for (int i = 0; i < count; i++)
        {
            series.Add(Series(reader, known, ref hashes));
        }

        return new StudyState(uid, (flags & StateFlags.Whole) != 0, patient, attributes, series);
    }

    private static SeriesState Series(ColumnReader reader, Previous known, ref ReadOnlyMemory<byte> hashes)
    {
        string uid = known.Series = Text(reader, known.Series);
        // A bare null would become an empty memory here.
        ReadOnlyMemory<byte>? attributes = (reader.Byte() & StateFlags.AsBefore) == 0 ? Level(reader) : default(ReadOnlyMemory<byte>?);
        int count = reader.Limited(InstanceLimit - known.InstanceCount, "Instances");
        known.InstanceCount += count;
        if (count == 0)
        {
            return new SeriesState(uid, attributes, []);
        }

        if (hashes.Length < count * InstanceState.HashLengthBytes)
        {
            throw new StateFormatException("There are fewer hashes than instances.");
        }

        string[] uids = Texts(reader, reader.Column(count, UidLimitBytes));
        string[] classes = Texts(reader, reader.Column(count, UidLimitBytes, known.Memory, StateMemory.SopClass));
        string[] syntaxes = Texts(reader, reader.Column(count, UidLimitBytes, known.Memory, StateMemory.TransferSyntax));
        long[] lengths = reader.Numbers(count);
        ReadOnlyMemory<byte>[] blobs = AttributeTable.Read(reader, count, known.Memory);
        var instances = new InstanceState[count];
        for (int i = 0; i < count; i++)
        {
            if (uids[i].Length == 0 || lengths[i] < 0 || !AttributeBlob.IsWellFormed(blobs[i].Span))
            {
                throw new StateFormatException("An instance is not well formed.");
            }

            instances[i] = new InstanceState(uids[i], classes[i], syntaxes[i], lengths[i], hashes[..InstanceState.HashLengthBytes], blobs[i]);
            hashes = hashes[InstanceState.HashLengthBytes..];
        }

        return new SeriesState(uid, attributes, instances);
    }

    private static ReadOnlyMemory<byte> Level(ColumnReader reader)
    {
        ReadOnlyMemory<byte> blob = reader.Bytes(EncodedAttributes.LevelLimitBytes, "Attributes");
        return AttributeBlob.IsWellFormed(blob.Span) ? blob : throw new StateFormatException("Attributes are not well formed.");
    }

    private static string[] Uids(ColumnReader reader)
    {
        int count = reader.Limited(InstanceLimit, "Gone UIDs");
        return count == 0 ? [] : Texts(reader, reader.Column(count, UidLimitBytes));
    }

    private static string Text(ColumnReader reader, string previous)
    {
        int shared = reader.Limited(previous.Length, "Shared length");
        string text = previous[..shared] + Utf8(reader.Bytes(UidLimitBytes - shared, "UID"));
        return text.Length > 0 ? text : throw new StateFormatException("A UID is empty.");
    }

    private static string[] Texts(ColumnReader reader, ReadOnlyMemory<byte>[] values)
    {
        var texts = new string[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            // Equal neighbours share their bytes, and then their text.
            texts[i] = i > 0 && values[i].Equals(values[i - 1]) ? texts[i - 1] : Spent(reader, Utf8(values[i]));
        }

        return texts;
    }

    private static string Spent(ColumnReader reader, string text)
    {
        reader.Spend(text.Length * sizeof(char));
        return text;
    }

    private static string Utf8(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>What the next one is told by its difference from.</summary>
    private sealed class Previous(StateMemory memory)
    {
        internal StateMemory Memory => memory;

        internal string Study { get; set; } = string.Empty;

        internal string Series { get; set; } = string.Empty;

        internal int SeriesCount { get; set; }

        internal int InstanceCount { get; set; }
    }
}
