using System.Text;
using Panal.Catalogue.Matching;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>
/// A page of a sorted list of studies, of which there may be a million. Where a condition leads to few studies, these are found by its index and sorted; where all lead
/// to many, the studies are looked at in the order of the list until the page is full, which is soon. Which it is, is counted before it is run.
/// </summary>
internal sealed partial class QueryPlan
{
    /// <summary>A condition that leads to its studies by an index.</summary>
    /// <param name="Ids">SQL that finds them.</param>
    /// <param name="Sql">The query, run from them.</param>
    internal sealed record Drive(string Ids, string Sql);

    /// <summary>The words of a study and its patient, as study_text has them.</summary>
    private const string WordsTest =
        "panal_words(patient.name_alphabetic, patient.name_ideographic, patient.name_phonetic, patient.patient_id, study.accession_number, study.study_id, study.description)";

    private readonly List<Drive> _drives = [];

    /// <summary>Other ways to run the query, better than <see cref="Sql"/> where they lead to few studies.</summary>
    internal IReadOnlyList<Drive> Drives => _drives;

    /// <summary>Whether <see cref="Sql"/> finds the studies in their order, so that the first page costs less than all.</summary>
    internal bool IsWalked { get; private set; }

    /// <summary>What panal_words looks for.</summary>
    internal StudyText? Words { get; private set; }

    private static bool IsList(CatalogueQuery query) => query.Level == QueryLevel.Study && (query.Order.Count > 0 || query.Text.Length > 0);

    private string BuildList(CatalogueQuery query)
    {
        // What is only tested must not tempt SQLite to begin with it.
        _isTested = true;
        var tests = new List<(string Test, string? Ids)>();
        Words = new StudyText(query.Text);
        bool namesPatient = Words.Expression.Length > 0;
        if (namesPatient)
        {
            tests.Add((WordsTest, $"SELECT rowid FROM study_text WHERE study_text MATCH {Parameter(Words.Expression)}"));
        }

        (List<KeyCondition> above, List<KeyCondition> below) = Split(query);
        tests.AddRange(above.Select(condition => (Condition(condition), Ids(condition))));
        if (below.Count > 0)
        {
            tests.Add((Below((int)QueryLevel.Study, below, isCorrelated: true), null));
        }

        namesPatient |= above.Concat(OrderConditions(query)).Any(condition => LevelOf(condition) == (int)QueryLevel.Patient);
        bool isByPatient = query.Order.Count > 0 && LevelOf(OrderConditions(query).First()) == (int)QueryLevel.Patient;
        IsWalked = query.Order.All(static ordering => ordering.Tag != Tags.NumberOfStudyRelatedInstances && ColumnMap.OrderOf(ordering.Tag) is not null);
        string page = $" LIMIT {Parameter((long)(query.Limit ?? -1))} OFFSET {Parameter((long)query.Offset)}";
        string fromStudy = "SELECT study.id FROM study" + (namesPatient ? " CROSS JOIN patient ON patient.id = study.patient" : string.Empty);
        foreach ((string test, string? ids) in tests.Where(test => test.Ids is not null))
        {
            IEnumerable<string> others = tests.Select(other => other.Test).Where(other => other != test).Prepend($"study.id IN ({ids})");
            _drives.Add(new Drive(ids!, $"{fromStudy} WHERE {string.Join(" AND ", others)} ORDER BY {ListOrder(query, isByPatient, "+")}{page}"));
        }

        string from = isByPatient ? "SELECT study.id FROM patient CROSS JOIN study ON study.patient = patient.id" : fromStudy;
        string where = tests.Count > 0 ? " WHERE " + string.Join(" AND ", tests.Select(test => test.Test)) : string.Empty;
        return $"{from}{where} ORDER BY {ListOrder(query, isByPatient, string.Empty)}{page}";
    }

    /// <summary>Equal ones stand in an order, too, whichever way they are found: pages of a list must fit together.</summary>
    private static string ListOrder(CatalogueQuery query, bool isByPatient, string plus)
    {
        string direction = query.Order is [{ IsDescending: true }, ..] ? " DESC" : string.Empty;
        var sql = new StringBuilder();
        foreach (Ordering ordering in query.Order)
        {
            foreach (string term in OrderTerms(query, ordering))
            {
                sql.Append(plus).Append(term).Append(ordering.IsDescending ? " DESC, " : ", ");
            }
        }

        return sql.Append(isByPatient ? $"{plus}patient.id{direction}, " : string.Empty).Append(plus).Append("study.id").Append(direction).ToString();
    }

    /// <summary>SQL that finds the studies of a condition by an index; null where there is none.</summary>
    private string? Ids(KeyCondition condition)
    {
        if (condition.Tag == Tags.ModalitiesInStudy && condition is TextCondition modalities && modalities.Patterns.All(HasIndex))
        {
            return $"SELECT m.study FROM series AS m WHERE {string.Join(" OR ", modalities.Patterns.Select(pattern => Text("m.modality", pattern)))}";
        }

        bool isByIndex = IsSelective(condition) && condition switch
        {
            UidCondition or DateCondition => true,
            TextCondition text => text.Patterns.All(HasIndex),
            NameCondition name => name.Alternatives.All(alternative => HasIndex(alternative.Alphabetic) && HasIndex(alternative.Ideographic) && HasIndex(alternative.Phonetic)),
            _ => false,
        };
        if (!isByIndex || LevelOf(condition) > (int)QueryLevel.Study)
        {
            return null;
        }

        _isTested = false;
        string where = Condition(condition);
        _isTested = true;
        return $"SELECT study.id FROM study{(LevelOf(condition) == (int)QueryLevel.Patient ? ParentJoins[1] : string.Empty)} WHERE {where}";
    }

    private static bool HasIndex(TextPattern? pattern) => pattern is null || !pattern.HasWildcards || pattern.Prefix.Length > 0;
}
