using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Panal.Catalogue.Attributes;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>Builds the answers of one query from the rows of its level and their parents; lives for one chunk of rows.</summary>
internal sealed class RowReader
{
    private static readonly string[] RowSql =
    [
        "SELECT attributes FROM patient WHERE id = ?1",
        "SELECT attributes, patient, uid, modalities FROM study WHERE id = ?1",
        "SELECT attributes, study, uid FROM series WHERE id = ?1",
        "SELECT attributes, series, uid, sop_class, transfer_syntax FROM instance WHERE id = ?1",
    ];

    private static readonly Tag[] UidTags = [default, Tags.StudyInstanceUID, Tags.SeriesInstanceUID, Tags.SOPInstanceUID];

    private readonly Reader _reader;
    private readonly CatalogueQuery _query;
    private readonly FrozenSet<Tag>? _wanted;
    private readonly Tag[] _computed;

    // Rows of a chunk share their parents.
    private readonly Dictionary<(int Level, long Id), Row?> _rows = [];

    private long? _summed;
    private StudySums _sums;

    internal RowReader(Reader reader, CatalogueQuery query)
    {
        _reader = reader;
        _query = query;
        _wanted = query.ReturnKeys.Count == 0 ? null : query.ReturnKeys.ToFrozenSet();
        _computed =
        [
            .. CataloguedAttributes.All
                .Where(attribute => attribute.Origin == AttributeOrigin.Computed && attribute.Level <= query.Level && IsWanted(attribute.Tag))
                .Select(attribute => attribute.Tag),
        ];
    }

    /// <summary>The answer for a row; null when the row has gone since it was found.</summary>
    internal DataSet? Read(long id)
    {
        var answer = new DataSet(_query.ReturnKeys.Count + 4);
        bool isAscii = true;
        Span<long> ids = stackalloc long[4];
        for (int level = (int)_query.Level; level >= 0; level--)
        {
            if (FindRow(level, id) is not { } row)
            {
                return null;
            }

            ids[level] = id;
            id = row.Parent;
            isAscii &= AttributeDecoder.AddTo(answer, row.Attributes, _wanted);
            AddColumns(answer, level, row);
        }

        foreach (Tag tag in _computed)
        {
            AddComputed(answer, tag, ids);
        }

        if (_query.IncludesAvailability)
        {
            long row = ids[(int)_query.Level];
            bool isHeld = _query.Level == QueryLevel.Study ? Sums(row).IsHeld : Number(_reader.Prepare(ComputedSql.IsHeld(_query.Level)).Bind(1, row)) != 0;
            answer.Set(Tags.InstanceAvailability, isHeld ? "ONLINE" : "NEARLINE");
        }

        foreach (Tag tag in _query.ReturnKeys)
        {
            if (!answer.Contains(tag) && CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute) && attribute.Level <= _query.Level)
            {
                answer.SetEmpty(tag);
            }
        }

        AttributeDecoder.DeclareCharacterSet(answer, isAscii);
        return answer;
    }

    private bool IsWanted(Tag tag) => _wanted is null || _wanted.Contains(tag);

    private Row? FindRow(int level, long id)
    {
        if (_rows.TryGetValue((level, id), out Row? known))
        {
            return known;
        }

        Statement statement = _reader.Prepare(RowSql[level]).Bind(1, id);
        Row? row = null;
        if (statement.Step())
        {
            row = new Row(
                statement.Blob(0).ToArray(),
                level > 0 ? statement.Int64(1) : 0,
                level > 0 ? statement.Text(2) : string.Empty,
                level == 1 ? statement.Text(3) : string.Empty,
                level == 3 ? statement.Text(3) : string.Empty,
                level == 3 ? statement.Text(4) : string.Empty);
        }

        statement.Reset();
        return _rows[(level, id)] = row;
    }

    private void AddColumns(DataSet answer, int level, Row row)
    {
        if (level > 0 && IsWanted(UidTags[level]))
        {
            answer.Set(UidTags[level], row.Uid);
        }

        if (level == 3 && IsWanted(Tags.SOPClassUID))
        {
            answer.Set(Tags.SOPClassUID, row.SopClass);
        }

        if (level == 3 && IsWanted(Tags.AvailableTransferSyntaxUID))
        {
            answer.Set(Tags.AvailableTransferSyntaxUID, row.TransferSyntax);
        }
    }

    private void AddComputed(DataSet answer, Tag tag, ReadOnlySpan<long> ids)
    {
        CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute);
        long id = ids[(int)attribute.Level];
        if (tag == Tags.NumberOfStudyRelatedInstances)
        {
            answer.Set(tag, Sums(id).Instances.ToString(CultureInfo.InvariantCulture));
        }
        else if (ComputedSql.CountFor(tag) is { } sql)
        {
            answer.Set(tag, Number(_reader.Prepare(sql).Bind(1, id)).ToString(CultureInfo.InvariantCulture));
        }
        else if (tag == Tags.ModalitiesInStudy)
        {
            answer.Set(tag, FindRow((int)QueryLevel.Study, id)?.Modalities.Split('\\', StringSplitOptions.RemoveEmptyEntries) ?? []);
        }
        else if (tag == Tags.SOPClassesInStudy)
        {
            answer.Set(tag, Texts(_reader.Prepare(ComputedSql.SopClassesOfStudy).Bind(1, id)));
        }
    }

    private StudySums Sums(long study)
    {
        if (_summed != study)
        {
            Statement statement = _reader.Prepare(ComputedSql.SumsOfStudy).Bind(1, study);
            _sums = statement.Step() ? new StudySums(statement.Int64(0), statement.Int64(1)) : default;
            _summed = study;
            statement.Reset();
        }

        return _sums;
    }

    private static long Number(Statement statement)
    {
        long number = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return number;
    }

    private static string[] Texts(Statement statement)
    {
        var texts = new List<string>(2);
        while (statement.Step())
        {
            texts.Add(statement.Text(0));
        }

        statement.Reset();
        return [.. texts];
    }

    private sealed record Row(byte[] Attributes, long Parent, string Uid, string Modalities, string SopClass, string TransferSyntax);

    /// <summary>How many instances a study has, and how many of them have a copy here.</summary>
    private readonly record struct StudySums(long Instances, long Held)
    {
        internal bool IsHeld => Held == Instances;
    }
}
