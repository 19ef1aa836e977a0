using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Writing;

/// <summary>Counts stay exact through random histories of adding, repeating, deleting and reopening.</summary>
public sealed class HistoryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Counts_are_exact_after_any_history(int seed)
    {
        var random = new Random(seed);
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        var model = new Dictionary<string, (string Study, string Series, string Modality, string Class)>();
        var modalities = new Dictionary<string, string>();
        for (int step = 0; step < 400; step++)
        {
            string study = Samples.Number(random.Next(1, 6)), series = study + "." + Samples.Number(random.Next(1, 4)), uid = series + "." + Samples.Number(random.Next(1, 6));
            if (random.Next(3) > 0)
            {
                string modality = (string[])["CT", "MR", "SR"] is { } choices ? choices[random.Next(3)] : string.Empty;
                string sopClass = random.Next(2) == 0 ? Uids.CTImageStorage : Uids.MRImageStorage;
                bool isNew = !model.ContainsKey(uid);
                AddOutcome outcome = await catalogue.Database.AddAsync(
                    Samples.Instance(study, series, uid, (Tags.PatientID, "P" + study), (Tags.Modality, modality), (Tags.SOPClassUID, sopClass)), CancellationToken.None);
                Assert.Equal(isNew ? AddResult.Added : AddResult.AlreadyThere, outcome.Result);
                if (isNew)
                {
                    // The series keeps the modality that it began with.
                    if (!model.Values.Any(known => known.Series == series))
                    {
                        modalities[series] = modality;
                    }

                    model[uid] = (study, series, modalities[series], sopClass);
                }
            }
            else
            {
                await catalogue.Database.DeleteAsync([uid, uid], CancellationToken.None);
                model.Remove(uid);
            }

            if (step % 100 == 99)
            {
                await catalogue.ReopenAsync();
                Verify(catalogue.Database, model);
            }
        }

        await catalogue.Database.DeleteAsync([.. model.Keys], CancellationToken.None);
        Assert.Equal(new CatalogueCounts(0, 0, 0, 0, 0), catalogue.Database.Counts());
        catalogue.Database.CheckIntegrity(CancellationToken.None);
    }

    private static void Verify(CatalogueDatabase database, Dictionary<string, (string Study, string Series, string Modality, string Class)> model)
    {
        int studies = model.Values.Select(row => row.Study).Distinct().Count(), series = model.Values.Select(row => row.Series).Distinct().Count();
        Assert.Equal(new CatalogueCounts(studies, studies, series, model.Count, 1000L * model.Count), database.Counts());
        foreach (DataSet row in database.Query(new CatalogueQuery { Level = QueryLevel.Study }, CancellationToken.None))
        {
            var mine = model.Values.Where(known => known.Study == row.GetString(Tags.StudyInstanceUID)).ToList();
            Assert.Equal(mine.Count, row.GetInt32(Tags.NumberOfStudyRelatedInstances));
            Assert.Equal(mine.Select(known => known.Series).Distinct().Count(), row.GetInt32(Tags.NumberOfStudyRelatedSeries));
            Assert.Equal(mine.Select(known => known.Modality).Distinct().Order(StringComparer.Ordinal), row.GetStrings(Tags.ModalitiesInStudy));
            Assert.Equal(mine.Select(known => known.Class).Distinct().Order(StringComparer.Ordinal), row.GetStrings(Tags.SOPClassesInStudy));
            Assert.Equal(mine.Count, row.GetInt32(Tags.NumberOfPatientRelatedInstances));
            Assert.Equal([row.GetString(Tags.StudyInstanceUID)!], List(database, text: row.GetString(Tags.PatientID)!));
        }

        Assert.Equal(
            model.Values.GroupBy(known => known.Study)
                .OrderBy(study => string.Join('\\', study.Select(known => known.Modality).Distinct().Order(StringComparer.Ordinal)), StringComparer.Ordinal).ThenBy(study => study.Key, StringComparer.Ordinal)
                .Select(study => study.Key),
            List(database, new Ordering(Tags.ModalitiesInStudy, false), new Ordering(Tags.PatientID, false)));
        Assert.Empty(List(database, text: "P9"));
    }

    private static List<string> List(CatalogueDatabase database, params Ordering[] order) => List(database, string.Empty, order);

    private static List<string> List(CatalogueDatabase database, string text, params Ordering[] order)
    {
        var query = new CatalogueQuery { Level = QueryLevel.Study, Text = text, Order = order };
        return [.. database.Query(query, CancellationToken.None).Select(row => row.GetString(Tags.StudyInstanceUID)!)];
    }
}
