using System.Globalization;
using Panal.Catalogue;
using Panal.Catalogue.Queries;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Queries;

/// <summary>Lists of studies: searched by words, sorted by any column, found in two ways that must agree.</summary>
public sealed class StudyListTests
{
    private static readonly string[] Names = ["García López^Ana", "GARCIA^Juan", "Öz=山田^花子=やまだ^はなこ", "Lopez^Mar", "", "O'Neil^X"];
    private static readonly string[] Descriptions = ["CT Tórax", "ct torax con contraste", "Rodilla", "", "MR KNEE (left)"];
    private static readonly string[] Texts = ["g", "garcia", "lopez ana", "ana garcia", "torax", "tor con", "山", "山田", "やま", "s1", "a-0", "0", "neil x", "knee left", "zzz", "ñ", "P", "mr rod"];

    private static readonly Tag[] Columns =
    [
        Tags.PatientName, Tags.PatientID, Tags.StudyDate, Tags.ModalitiesInStudy, Tags.StudyDescription, Tags.AccessionNumber, Tags.NumberOfStudyRelatedInstances, Tags.StudyID,
    ];

    private static CancellationToken None => CancellationToken.None;

    [Theory]
    [InlineData(1, 0, 1_000_000)]
    [InlineData(2, 3, 1_000_000)]
    [InlineData(3, 20_000, 1_000_000)]
    [InlineData(4, 3, 0)]
    public async Task Few_and_many_matches_give_the_list_that_a_person_would_write(int seed, int countLimit, int walkSteps)
    {
        var random = new Random(seed);
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync(new CatalogueOptions { ListCountLimit = countLimit, ListWalkSteps = walkSteps });
        var studies = new List<Study>();
        for (int i = 1; i <= 60; i++)
        {
            var study = new Study(
                Samples.Number(i), Names[i % 6], "P" + Samples.Number(i % 12), (20200100 + random.Next(1, 5)).ToString(CultureInfo.InvariantCulture), (string[])["CT", "MR"] is { } some ? some[random.Next(2)] : "",
                Descriptions[random.Next(5)], "A-0" + Samples.Number(random.Next(9)), "S" + Samples.Number(random.Next(3)), random.Next(1, 4));
            studies.Add(study);
            await AddAsync(catalogue, study);
        }

        for (int i = 0; i < 300; i++)
        {
            string text = random.Next(3) == 0 ? string.Empty : Texts[random.Next(Texts.Length)];
            string date = random.Next(2) == 0 ? "20200102-20200103" : string.Empty, modality = random.Next(3) == 0 ? "MR" : string.Empty;
            var order = new Ordering(Columns[random.Next(Columns.Length)], random.Next(2) == 0);
            int limit = random.Next(1, 30), offset = random.Next(2) * random.Next(10);
            CatalogueQuery query = Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.StudyDate, date), (Tags.ModalitiesInStudy, modality)) with
            {
                ReturnKeys = [], Text = text, Order = [order], Limit = limit, Offset = offset,
            };

            List<Study> matching = [.. studies.Where(study => study.Has(text) && (date.Length == 0 || study.Date is "20200102" or "20200103") && (modality.Length == 0 || study.Modality == modality))];
            string[] expected = [.. matching.Select(study => study.Key(order.Tag)).Order(StringComparer.Ordinal)];
            expected = [.. (order.IsDescending ? expected.Reverse() : expected).Skip(offset).Take(limit)];
            List<string> uids = [.. catalogue.Database.Query(query, None).Select(row => row.GetString(Tags.StudyInstanceUID)!)];
            List<Study> actual = [.. uids.Select(uid => matching.Single(study => study.Uid == uid))];
            Assert.Equal(uids.Count, uids.Distinct().Count());
            Assert.Equal(expected, actual.Select(study => study.Key(order.Tag)));

            // Pages fit together.
            List<string> whole = [.. catalogue.Database.Query(query with { Limit = null, Offset = 0 }, None).Select(row => row.GetString(Tags.StudyInstanceUID)!)];
            Assert.Equal(matching.Count, whole.Count);
            Assert.Equal(whole.Skip(offset).Take(limit), uids);
        }
    }

    [Fact]
    public async Task Words_follow_corrections_and_leave_with_the_study()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name"), (Tags.StudyDescription, "Head")), None);
        await catalogue.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.PatientName, "Wrong^Name")), None);
        Assert.Equal(["1", "2"], Find(catalogue, "wrong"));

        await catalogue.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Right^Name"), (Tags.StudyDescription, "Knee")), "CENTRE", isDryRun: false, None);
        Assert.Equal(["1", "2"], Find(catalogue, "right"));
        Assert.Empty(Find(catalogue, "wrong"));
        Assert.Empty(Find(catalogue, "head"));
        Assert.Equal(["1"], Find(catalogue, "kne"));

        await catalogue.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientID, "X77"), (Tags.PatientName, "Other^One")), "CENTRE", isDryRun: false, None);
        Assert.Equal(["1"], Find(catalogue, "x77"));
        Assert.Equal(["2"], Find(catalogue, "right"));

        await catalogue.Database.DeleteAsync(["1.1.1"], None);
        Assert.Empty(Find(catalogue, "x77"));
        Assert.Equal(["2"], Find(catalogue, "name"));
    }

    [Fact]
    public async Task What_version_6_catalogued_is_found_and_sorted_after_the_migration()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.StudyDescription, "Tórax"), (Tags.Modality, "CT")), None);
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.2", "1.2.1", (Tags.StudyDescription, "Tórax"), (Tags.Modality, "PT")), None);
        await catalogue.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.StudyDescription, "Abdomen"), (Tags.Modality, "")), None);
        await catalogue.Database.DisposeAsync();
        SqliteFile.Execute(catalogue.Path, """
            DROP TRIGGER series_added; DROP TRIGGER series_changed; DROP TRIGGER series_removed;
            DROP TRIGGER study_added; DROP TRIGGER study_changed; DROP TRIGGER study_removed; DROP TRIGGER patient_changed;
            DROP VIEW study_words; DROP TABLE study_text; DROP INDEX study_by_description; DROP INDEX study_by_modalities;
            ALTER TABLE study DROP COLUMN description; ALTER TABLE study DROP COLUMN modalities;
            DELETE FROM schema_version WHERE version = 7;
            """);

        await catalogue.ReopenAsync();

        Assert.Equal(["1"], Find(catalogue, "TORAX"));
        Assert.Equal(["2", "1"], Find(catalogue, "doe", new Ordering(Tags.StudyDescription, false)));
        Assert.Equal(["1", "2"], Find(catalogue, "doe", new Ordering(Tags.ModalitiesInStudy, true)));
        catalogue.Database.CheckIntegrity(None);
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\" OR \"")]
    [InlineData("NOT NEAR(a b)")]
    [InlineData("text:doe ^doe -doe")]
    [InlineData("doe* {jane} + (")]
    [InlineData("\0doe\0")]
    [InlineData("\U0001F600 ÿ ﷽")]
    [InlineData("\uD83D \uDE00")]
    public async Task No_text_means_anything_but_its_words(string text)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        Assert.True(Find(catalogue, text).Count <= 1);
        Assert.True(Find(catalogue, string.Concat(Enumerable.Repeat(text + "a\U0001F600", 100))).Count <= 1);
    }

    [Fact]
    public async Task Each_column_but_the_number_of_images_is_walked_in_its_order()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        foreach (Tag column in Columns)
        {
            foreach (bool isDescending in (bool[])[false, true])
            {
                CatalogueQuery query = Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.StudyDate, "20200101-20200107"), (Tags.ModalitiesInStudy, "CT"), (Tags.PatientName, "doe*")) with
                {
                    Text = "doe", Order = [new Ordering(column, isDescending)], Limit = 101,
                };
                var plan = QueryPlan.For(query);
                List<string> steps = catalogue.Database.Readers.Read(plan.Sql, Explain, None);
                bool isSorted = steps.Exists(step => step.StartsWith("USE TEMP B-TREE FOR ORDER BY", StringComparison.Ordinal));
                Assert.True(isSorted == (column == Tags.NumberOfStudyRelatedInstances), $"{column}: {string.Join("; ", steps)}");

                // Text, date, modality and name lead to their studies, without looking at others.
                Assert.Equal(4, plan.Drives.Count);
                foreach (QueryPlan.Drive drive in plan.Drives)
                {
                    Assert.DoesNotContain(catalogue.Database.Readers.Read(drive.Ids, Explain, None), step => step.StartsWith("SCAN ", StringComparison.Ordinal) && !step.Contains("VIRTUAL TABLE", StringComparison.Ordinal));
                    Assert.DoesNotContain(
                        catalogue.Database.Readers.Read(drive.Sql, Explain, None),
                        step => step.StartsWith("SCAN ", StringComparison.Ordinal) && !step.Contains("VIRTUAL TABLE", StringComparison.Ordinal));
                }
            }
        }
    }

    private static List<string> Explain(Reader reader, string sql)
    {
        using Statement statement = reader.Connection.Prepare("EXPLAIN QUERY PLAN " + sql);
        var steps = new List<string>();
        while (statement.Step())
        {
            steps.Add(statement.Text(3));
        }

        return steps;
    }

    private static List<string> Find(TemporaryCatalogue catalogue, string text, params Ordering[] order) =>
        [.. catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study, Text = text, Order = order }, None).Select(row => row.GetString(Tags.StudyInstanceUID)!)];

    private static async Task AddAsync(TemporaryCatalogue catalogue, Study study)
    {
        for (int image = 1; image <= study.Images; image++)
        {
            (Tag, string)[] values =
            [
                (Tags.PatientID, study.PatientId), (Tags.PatientName, study.Name), (Tags.StudyDate, study.Date), (Tags.Modality, study.Modality),
                (Tags.StudyDescription, study.Description), (Tags.AccessionNumber, study.Accession), (Tags.StudyID, study.Id),
            ];
            await catalogue.Database.AddAsync(Samples.Instance(study.Uid, study.Uid + ".1", $"{study.Uid}.1.{image}", values), None);
        }
    }

    /// <summary>A study as a person sees it, with words and order told without the code that is tested.</summary>
    private sealed record Study(string Uid, string Name, string PatientId, string Date, string Modality, string Description, string Accession, string Id, int Images)
    {
        private static string Plain(string text) => text.ToLowerInvariant().Replace('á', 'a').Replace('í', 'i').Replace('ó', 'o').Replace('ö', 'o').Replace('ñ', 'n');

        public bool Has(string text)
        {
            string[] words = Plain($"{Name} {PatientId} {Description} {Accession} {Id}").Split([' ', '^', '=', '-', '\'', '(', ')']);
            return Plain(text).Split([' ', '-']).All(typed => Array.Exists(words, word => word.StartsWith(typed, StringComparison.Ordinal)));
        }

        public string Key(Tag column) =>
            column == Tags.PatientName ? Plain(Name.Split('=')[0])
            : column == Tags.PatientID ? PatientId
            : column == Tags.StudyDate ? Date
            : column == Tags.ModalitiesInStudy ? Modality
            : column == Tags.StudyDescription ? Plain(Description)
            : column == Tags.AccessionNumber ? Accession
            : column == Tags.StudyID ? Id
            : Samples.Number(Images);
    }
}
