using System.Collections.Frozen;
using Panal.Catalogue.Matching;
using Panal.Dicom;

namespace Panal.Catalogue.Queries;

/// <summary>SQL for attributes that are worked out from rows below (PS3.4 §C.3.4).</summary>
internal static class ComputedSql
{
    private const string OfStudy = "FROM series AS s WHERE s.study = study.id";
    private const string ContentOfStudy = "FROM series AS s JOIN series_content AS c ON c.series = s.id WHERE s.study = study.id";
    private const string OfPatient = "FROM study AS t WHERE t.patient = patient.id";
    private const string SeriesOfPatient = "FROM study AS t JOIN series AS s ON s.study = t.id WHERE t.patient = patient.id";
    private const string ContentOfPatient =
        "FROM study AS t JOIN series AS s ON s.study = t.id JOIN series_content AS c ON c.series = s.id WHERE t.patient = patient.id";

    internal const string InstancesOfStudy = $"(SELECT sum(c.instances) {ContentOfStudy})";

    private static readonly string HeldOfPatient =
        $"SELECT NOT EXISTS (SELECT 1 {ContentOfPatient} AND c.held < c.instances)".Replace("patient.id", "?1", StringComparison.Ordinal);

    private static readonly FrozenDictionary<Tag, string> Counts = new Dictionary<Tag, string>
    {
        [Tags.NumberOfPatientRelatedStudies] = $"(SELECT count(*) {OfPatient})",
        [Tags.NumberOfPatientRelatedSeries] = $"(SELECT count(*) {SeriesOfPatient})",
        [Tags.NumberOfPatientRelatedInstances] = $"(SELECT sum(c.instances) {ContentOfPatient})",
        [Tags.NumberOfStudyRelatedSeries] = $"(SELECT count(*) {OfStudy})",
        [Tags.NumberOfStudyRelatedInstances] = InstancesOfStudy,
        [Tags.NumberOfSeriesRelatedInstances] = "(SELECT sum(c.instances) FROM series_content AS c WHERE c.series = series.id)",
    }.ToFrozenDictionary();

    internal static bool Contains(Tag tag) =>
        Counts.ContainsKey(tag) || tag == Tags.ModalitiesInStudy || tag == Tags.SOPClassesInStudy || tag == Tags.AvailableTransferSyntaxUID;

    /// <summary>A condition on a computed attribute; none of them can be unknown.</summary>
    internal static string Condition(QueryPlan plan, KeyCondition condition)
    {
        if (Counts.TryGetValue(condition.Tag, out string? count))
        {
            return condition is NumberCondition number
                ? "(" + string.Join(" OR ", number.Numbers.Select(value => plan.Number(count, value))) + ")"
                : "0";
        }

        if (condition.Tag == Tags.ModalitiesInStudy)
        {
            return condition switch
            {
                TextCondition text =>
                    $"EXISTS (SELECT 1 {OfStudy} AND ({string.Join(" OR ", text.Patterns.Select(pattern => plan.Text("s.modality", pattern)))}))",
                _ => $"NOT EXISTS (SELECT 1 {OfStudy} AND s.modality <> '')",
            };
        }

        if (condition is not UidCondition uids)
        {
            return "0";
        }

        return condition.Tag == Tags.SOPClassesInStudy
            ? $"EXISTS (SELECT 1 {ContentOfStudy} AND {plan.Uids("c.sop_class", uids.Uids)})"
            : plan.Uids("instance.transfer_syntax", uids.Uids);
    }

    /// <summary>The count for one row, whose id is ?1.</summary>
    internal static string? CountFor(Tag tag) => Counts.TryGetValue(tag, out string? count)
        ? "SELECT " + count.Replace("patient.id", "?1", StringComparison.Ordinal).Replace("study.id", "?1", StringComparison.Ordinal).Replace("series.id", "?1", StringComparison.Ordinal)
        : null;

    /// <summary>Instances, and instances with a copy here of the study ?1.</summary>
    internal const string SumsOfStudy = "SELECT sum(c.instances), sum(c.held) FROM series AS s JOIN series_content AS c ON c.series = s.id WHERE s.study = ?1";

    /// <summary>
    /// 1 when every instance below the row ?1 of a level has a copy here: that of the slowest one counts (PS3.4 §C.4.1.1.3.2). Of a study, <see cref="SumsOfStudy"/> tells it.
    /// </summary>
    internal static string IsHeld(QueryLevel level) => level switch
    {
        QueryLevel.Patient => HeldOfPatient,
        QueryLevel.Series => "SELECT NOT EXISTS (SELECT 1 FROM series_content AS c WHERE c.series = ?1 AND c.held < c.instances)",
        _ => "SELECT EXISTS (SELECT 1 FROM copy WHERE instance = ?1)",
    };

    internal const string SopClassesOfStudy =
        "SELECT DISTINCT c.sop_class FROM series AS s JOIN series_content AS c ON c.series = s.id WHERE s.study = ?1 AND c.sop_class <> '' ORDER BY c.sop_class";
}
