using System.Globalization;
using System.Text;
using Panal.Catalogue.Matching;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>A query as SQL that finds the ids of its rows, with its parameters and what the SQL asks back for.</summary>
internal sealed partial class QueryPlan
{
    /// <summary>Greater than every text that starts alike.</summary>
    private const string AfterPrefix = "\U0010FFFF";

    private static readonly string[] Tables = ["patient", "study", "series", "instance"];

    private static readonly string[] ParentJoins =
    [
        string.Empty,
        " JOIN patient ON patient.id = study.patient",
        " JOIN study ON study.id = series.study",
        " JOIN series ON series.id = instance.series",
    ];

    private readonly List<object> _parameters = [];
    private readonly List<KeyCondition> _conditions = [];
    private readonly List<TextPattern> _patterns = [];

    /// <summary>Whether conditions are written so that SQLite does not look for an index for them.</summary>
    private bool _isTested;

    private QueryPlan(CatalogueQuery query) => Sql = IsList(query) ? BuildList(query) : Build(query);

    internal string Sql { get; }

    /// <summary>Text or long, for ?1, ?2 …</summary>
    internal IReadOnlyList<object> Parameters => _parameters;

    internal IReadOnlyList<KeyCondition> Conditions => _conditions;

    internal IReadOnlyList<TextPattern> Patterns => _patterns;

    internal static QueryPlan For(CatalogueQuery query) => new(query);

    private string Build(CatalogueQuery query)
    {
        int level = (int)query.Level;
        (List<KeyCondition> above, List<KeyCondition> below) = Split(query);
        var where = new List<string>();
        foreach (KeyCondition condition in above)
        {
            where.Add(Condition(condition));
        }

        if (below.Count > 0)
        {
            where.Add(Below(level, below, isCorrelated: above.Exists(IsSelective)));
        }

        int top = above.Concat(OrderConditions(query)).Select(LevelOf).Append(level).Min();
        var sql = new StringBuilder("SELECT ").Append(Tables[level]).Append(".id FROM ").Append(Tables[level]);
        for (int table = level; table > top; table--)
        {
            sql.Append(ParentJoins[table]);
        }

        if (where.Count > 0)
        {
            sql.Append(" WHERE ").AppendJoin(" AND ", where);
        }

        sql.Append(" ORDER BY ");
        foreach (Ordering ordering in query.Order)
        {
            foreach (string term in OrderTerms(query, ordering))
            {
                sql.Append(term).Append(ordering.IsDescending ? " DESC, " : ", ");
            }
        }

        // The plus keeps SQLite from walking the whole table just to have the order for nothing.
        sql.Append(where.Count > 0 ? "+" : string.Empty).Append(Tables[level]).Append(".id LIMIT ")
            .Append(Parameter((long)(query.Limit ?? -1))).Append(" OFFSET ").Append(Parameter((long)query.Offset));
        return sql.ToString();
    }

    /// <summary>Conditions of the level or above, and those below.</summary>
    private static (List<KeyCondition> Above, List<KeyCondition> Below) Split(CatalogueQuery query)
    {
        List<KeyCondition> above = [], below = [];
        foreach (KeyCondition condition in query.Conditions)
        {
            (LevelOf(condition) <= (int)query.Level ? above : below).Add(condition);
        }

        return (above, below);
    }

    private static IEnumerable<KeyCondition> OrderConditions(CatalogueQuery query) =>
        query.Order.Select(ordering => new EmptyCondition(ordering.Tag, Vr.UN));

    private static int LevelOf(KeyCondition condition) =>
        CataloguedAttributes.TryFind(condition.Tag, out CataloguedAttribute attribute)
            ? (int)attribute.Level
            : throw new CatalogueQueryException(condition.Tag, $"The key {condition.Tag} is not catalogued.");

    /// <summary>Whether the condition alone leads to few rows, so that what is below is looked at for each of them.</summary>
    private static bool IsSelective(KeyCondition condition) =>
        condition.Tag == Tags.PatientID || condition.Tag == Tags.PatientName || condition.Tag == Tags.StudyInstanceUID || condition.Tag == Tags.StudyDate
        || condition.Tag == Tags.AccessionNumber || condition.Tag == Tags.StudyID || condition.Tag == Tags.SeriesInstanceUID
        || condition.Tag == Tags.ReferringPhysicianName || condition.Tag == Tags.PatientBirthDate;

    private static string[] OrderTerms(CatalogueQuery query, Ordering ordering)
    {
        if (!CatalogueQuery.MaySortBy(ordering.Tag, query.Level) || !CataloguedAttributes.TryFind(ordering.Tag, out CataloguedAttribute attribute))
        {
            throw new CatalogueQueryException(ordering.Tag, $"Rows cannot be sorted by {ordering.Tag}.");
        }

        return ColumnMap.OrderOf(ordering.Tag)
            ?? [string.Create(CultureInfo.InvariantCulture, $"panal_value({ordering.Tag.Value}, {Tables[(int)attribute.Level]}.attributes)")];
    }

    /// <summary>"There is a series (with an instance) that …": one chain of rows must meet all conditions.</summary>
    private string Below(int level, List<KeyCondition> below, bool isCorrelated)
    {
        int first = level + 1;
        int last = below.Max(LevelOf);
        string link = $"{Tables[first]}.{Tables[level]}";
        var sql = new StringBuilder(isCorrelated ? "EXISTS (SELECT 1" : $"{Tables[level]}.id IN (SELECT {link}").Append(" FROM ").Append(Tables[first]);
        for (int table = first + 1; table <= last; table++)
        {
            sql.Append(" JOIN ").Append(Tables[table]).Append(" ON ").Append(Tables[table]).Append('.').Append(Tables[table - 1])
                .Append(" = ").Append(Tables[table - 1]).Append(".id");
        }

        IEnumerable<string> where = below.Select(Condition);
        if (isCorrelated)
        {
            where = where.Prepend($"{link} = {Tables[level]}.id");
        }

        return sql.Append(" WHERE ").AppendJoin(" AND ", where).Append(')').ToString();
    }

    private string Condition(KeyCondition condition)
    {
        if (condition is AllCondition all)
        {
            return "(" + string.Join(" AND ", all.Conditions.Select(Condition)) + ")";
        }

        if (ComputedSql.Contains(condition.Tag))
        {
            return ComputedSql.Condition(this, condition);
        }

        if (condition is MomentCondition moment)
        {
            return Moment(moment);
        }

        return ColumnOf(condition.Tag) is { } column ? OnColumn(condition, column) : OnAttributes(condition);
    }

    private Column? ColumnOf(Tag tag) => ColumnMap.Find(tag) is { } column && _isTested ? column with { Name = "+" + column.Name } : ColumnMap.Find(tag);

    private string OnAttributes(KeyCondition condition)
    {
        _conditions.Add(condition);
        string table = Tables[LevelOf(condition)];
        return string.Create(CultureInfo.InvariantCulture, $"panal_attributes({_conditions.Count - 1}, {table}.attributes)");
    }

    private string OnColumn(KeyCondition condition, Column column) => condition switch
    {
        EmptyCondition => column.UnknownSql,
        UidCondition uids => Uids(column.Name, uids.Uids),
        NameCondition name => Names(name, column),
        TextCondition text => WithUnknown(condition, column, text.Patterns.Select(pattern => Text(column.Name, pattern))),
        DateCondition date => WithUnknown(condition, column, [Range(column.Name, date.First, date.Last)]),
        TimeCondition time => WithUnknown(condition, column, [Range(column.Name, time.First, time.Last)]),
        NumberCondition number => WithUnknown(condition, column, number.Numbers.Select(value => Number(column.Name, value))),
        _ => OnAttributes(condition),
    };

    private static string WithUnknown(KeyCondition condition, Column column, IEnumerable<string> terms) =>
        "(" + string.Join(" OR ", condition.UnknownMatches ? terms.Append(column.UnknownSql) : terms) + ")";

    internal string Uids(string column, IReadOnlyList<string> uids) =>
        uids.Count == 1
            ? $"{column} = {Parameter(uids[0])}"
            : $"{column} IN (SELECT value FROM json_each({Parameter(Json(uids))}))";

    internal string Number(string column, double value) =>
        value == Math.Floor(value) && Math.Abs(value) < long.MaxValue
            ? $"{column} = {Parameter((long)value)}"
            : "0";

    internal string Text(string column, TextPattern pattern)
    {
        if (!pattern.HasWildcards)
        {
            return $"{column} = {Parameter(pattern.Text)}";
        }

        var terms = new List<string>(3);
        if (pattern.Prefix.Length > 0)
        {
            terms.Add($"{column} >= {Parameter(pattern.Prefix)}");
            terms.Add($"{column} < {Parameter(pattern.Prefix + AfterPrefix)}");
        }

        if (!pattern.IsPrefixOnly)
        {
            _patterns.Add(pattern);
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"panal_text({_patterns.Count - 1}, {column})"));
        }

        return terms.Count == 1 ? terms[0] : "(" + string.Join(" AND ", terms) + ")";
    }

    private string Names(NameCondition condition, Column column)
    {
        string alphabetic = column.Name, ideographic = ColumnMap.GroupOf(column, "ideographic"), phonetic = ColumnMap.GroupOf(column, "phonetic");
        var terms = new List<string>();
        foreach (NameCondition.Alternative alternative in condition.Alternatives)
        {
            if (alternative is { IsAnyGroup: true, Alphabetic: { } pattern })
            {
                terms.Add(Text(alphabetic, pattern));
                terms.Add(Text(ideographic, pattern));
                terms.Add(Text(phonetic, pattern));
                continue;
            }

            (TextPattern? Pattern, string Column)[] groups =
                [(alternative.Alphabetic, alphabetic), (alternative.Ideographic, ideographic), (alternative.Phonetic, phonetic)];
            terms.Add("(" + string.Join(" AND ", groups.Where(group => group.Pattern is not null).Select(group => Text(group.Column, group.Pattern!))) + ")");
        }

        string matching = WithUnknown(condition, column, terms);
        // "*^*" is met by a name of nothing but empty components, which is no name at all.
        return condition.UnknownMatches ? matching : $"({matching} AND NOT {column.UnknownSql})";
    }

    private string Range(string column, long first, long last) =>
        first == last ? $"{column} = {Parameter(first)}" : $"({column} >= {Parameter(Math.Max(first, 0))} AND {column} <= {Parameter(last)})";

    /// <summary>The index finds the days, one more on either side for time zones; the moment itself is looked at in the attributes.</summary>
    private string Moment(MomentCondition moment)
    {
        string exact = OnAttributes(moment);
        if (ColumnOf(moment.Tag) is not { } column)
        {
            return exact;
        }

        return $"((({Range(column.Name, Day(moment.First, -1), Day(moment.Last, 1))}) OR {column.UnknownSql}) AND {exact})";
    }

    private static long Day(long microseconds, int days)
    {
        long lowest = TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond * 2, highest = (DateTime.MaxValue.Ticks - (TimeSpan.TicksPerDay * 2)) / TimeSpan.TicksPerMicrosecond;
        if (microseconds < lowest)
        {
            return 0;
        }

        if (microseconds > highest)
        {
            return 99_991_231;
        }

        DateTime day = new DateTime(microseconds * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc).AddDays(days);
        return (day.Year * 10000) + (day.Month * 100) + day.Day;
    }

    internal string Parameter(object value)
    {
        _parameters.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"?{_parameters.Count}");
    }

    internal static string Json(IReadOnlyList<string> texts)
    {
        var json = new StringBuilder("[");
        for (int i = 0; i < texts.Count; i++)
        {
            json.Append(i == 0 ? "\"" : ",\"").Append(System.Text.Json.JsonEncodedText.Encode(texts[i])).Append('"');
        }

        return json.Append(']').ToString();
    }
}
