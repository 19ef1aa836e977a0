using System.Globalization;
using Panal.Archive.Retrieve;
using Panal.Catalogue;
using Panal.Dicom;

namespace Panal.Federation.Broker.Sweeping;

/// <summary>What was read of one study.</summary>
/// <param name="Study">The study with what was listed of it; null when that is nothing.</param>
/// <param name="Trouble">What the archive says differently in two places, or left out; null when all is well.</param>
internal sealed record StudyReading(OfferedStudy? Study, string? Trouble);

/// <summary>Asks an archive for series and instances of a study.</summary>
internal sealed class StudyReader(RequestPace pace)
{
    /// <summary>Series of a study, and instances of a series, at most: an archive that answers for ever is cut off.</summary>
    public const int ListLimit = 100_000;

    // Unknown keys are answered empty or not at all (PS3.4 §C.2.2.1.3), so asking for what is seldom there costs nothing.
    private static readonly Tag[] SeriesKeys = Keys(QueryLevel.Series);
    private static readonly Tag[] ImageKeys = Keys(QueryLevel.Image);
    private static readonly Tag[] StudyKeys = [.. Keys(QueryLevel.Patient).Where(static tag => !IsOfPatientCount(tag)), .. Keys(QueryLevel.Study)];

    /// <summary>The identifier of a study level question, without its window.</summary>
    public static DataSet StudyIdentifier() => Identifier("STUDY", StudyKeys);

    /// <summary>Number of instances that the archive says a study has; null when it does not say.</summary>
    public static long? CountOf(DataSet answer, Tag tag) =>
        long.TryParse(answer.GetString(tag), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count >= 0 ? count : null;

    /// <summary>Lists a study whole.</summary>
    /// <param name="queries">Where to ask.</param>
    /// <param name="answer">What the archive said at study level.</param>
    /// <param name="ct">Breaks off.</param>
    /// <exception cref="ForeignArchiveException">The archive refused or broke off.</exception>
    public async Task<StudyReading> ReadAsync(IForeignQueries queries, DataSet answer, CancellationToken ct)
    {
        var study = answer.GetString(Tags.StudyInstanceUID)!;
        string? trouble = null;
        var all = new List<OfferedSeries>();
        var seriesIdentifier = Identifier("SERIES", SeriesKeys);
        seriesIdentifier.Set(Tags.StudyInstanceUID, study);
        foreach (var series in await ListAsync(queries, seriesIdentifier, Tags.SeriesInstanceUID, ct))
        {
            var imageIdentifier = Identifier("IMAGE", ImageKeys);
            imageIdentifier.Set(Tags.StudyInstanceUID, study);
            imageIdentifier.Set(Tags.SeriesInstanceUID, series.GetString(Tags.SeriesInstanceUID)!);
            var instances = await ListAsync(queries, imageIdentifier, Tags.SOPInstanceUID, ct);
            trouble ??= Compare("a series", CountOf(series, Tags.NumberOfSeriesRelatedInstances), instances.Count);
            if (instances.Count > 0)
            {
                all.Add(new OfferedSeries(series, instances));
            }
        }

        trouble ??= Compare("a study", CountOf(answer, Tags.NumberOfStudyRelatedInstances), all.Sum(static series => series.Instances.Count));
        trouble ??= all.Count == 0 ? "The archive lists a study without instances." : null;
        return new StudyReading(all.Count > 0 ? new OfferedStudy(answer, all) : null, trouble);
    }

    /// <summary>What the archive says of a study, asked by its UID alone; null when it has none.</summary>
    public async Task<DataSet?> FindAsync(IForeignQueries queries, string study, CancellationToken ct)
    {
        var identifier = StudyIdentifier();
        identifier.Set(Tags.StudyInstanceUID, study);
        var found = await ListAsync(queries, identifier, Tags.StudyInstanceUID, ct);
        return found.Find(answer => answer.GetString(Tags.StudyInstanceUID) == study);
    }

    /// <summary>Answers that have their key, each key once.</summary>
    private async Task<List<DataSet>> ListAsync(IForeignQueries queries, DataSet identifier, Tag key, CancellationToken ct)
    {
        await pace.WaitAsync(ct);
        var answers = new List<DataSet>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var answer in queries.FindAsync(identifier, ct))
        {
            if (answer.GetString(key) is { Length: > 0 } uid && Uid.IsWellFormed(uid) && seen.Add(uid))
            {
                answers.Add(answer);
            }

            if (answers.Count >= ListLimit)
            {
                throw new ForeignArchiveException("The archive lists more than can be.", isRefusal: true, null);
            }
        }

        return answers;
    }

    private static string? Compare(string of, long? said, long listed) => said is { } count && count != listed
        ? string.Create(CultureInfo.InvariantCulture, $"The archive says that {of} has {count} instances and lists {listed}.")
        : null;

    private static Tag[] Keys(QueryLevel level) =>
        [.. CataloguedAttributes.All.Where(attribute => attribute.Level == level && !attribute.IsSequence).Select(static attribute => attribute.Tag).Order()];

    private static bool IsOfPatientCount(Tag tag) =>
        tag == Tags.NumberOfPatientRelatedStudies || tag == Tags.NumberOfPatientRelatedSeries || tag == Tags.NumberOfPatientRelatedInstances;

    private static DataSet Identifier(string level, Tag[] keys)
    {
        var identifier = new DataSet(keys.Length + 2);
        identifier.Set(Tags.QueryRetrieveLevel, level);
        foreach (var key in keys)
        {
            identifier.SetEmpty(key);
        }

        return identifier;
    }
}
