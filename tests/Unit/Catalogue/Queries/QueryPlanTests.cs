using Panal.Catalogue;
using Panal.Catalogue.Queries;
using Panal.Catalogue.Sqlite;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Queries;

public sealed class QueryPlanTests
{
    public static TheoryData<QueryLevel, string, bool> MainQueries()
    {
        var data = new TheoryData<QueryLevel, string, bool>();
        foreach (bool unknownMatches in (bool[])[true, false])
        {
            foreach (string keys in (string[])[
                "PatientID=P1", "PatientID=P*", "PatientName=doe*", "PatientName=doe^jane", "PatientName=山田*", "StudyDate=20200101", "StudyDate=20200101-20200107",
                "AccessionNumber=A1", "AccessionNumber=A*", "StudyID=S1", "ReferringPhysicianName=doe*", "ModalitiesInStudy=CT StudyDate=20200101-20200102",
                "Modality=CT StudyDate=20200101", "StudyInstanceUID=1.2", "StudyInstanceUID=1.2\\1.3", "PatientName=doe* StudyDate=20200101-20200102",
                "PatientBirthDate=19700101", "SeriesInstanceUID=1.2", "SOPInstanceUID=1.2"])
            {
                data.Add(QueryLevel.Study, keys, unknownMatches);
            }

            data.Add(QueryLevel.Patient, "PatientName=doe*", unknownMatches);
            data.Add(QueryLevel.Patient, "PatientID=P1", unknownMatches);
            data.Add(QueryLevel.Patient, "StudyDate=20200101", unknownMatches);
            data.Add(QueryLevel.Series, "StudyInstanceUID=1.2", unknownMatches);
            data.Add(QueryLevel.Series, "StudyInstanceUID=1.2 Modality=CT", unknownMatches);
            data.Add(QueryLevel.Image, "StudyInstanceUID=1.2 SeriesInstanceUID=1.3", unknownMatches);
            data.Add(QueryLevel.Image, "SOPInstanceUID=1.2\\1.4", unknownMatches);
            data.Add(QueryLevel.Image, "StudyInstanceUID=1.2 SeriesInstanceUID=1.3 InstanceNumber=4", unknownMatches);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(MainQueries))]
    public async Task The_main_queries_scan_no_table(QueryLevel level, string keys, bool unknownMatches)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        (Tag, string)[] parsed = [.. keys.Split(' ').Select(key => key.Split('=')).Select(parts => (Tag.Parse(parts[0]), parts[1]))];
        var plan = QueryPlan.For(Samples.Query(level, new MatchingOptions { UnknownMatches = unknownMatches }, parsed));

        List<string> steps = catalogue.Database.Readers.Read(plan, static (reader, plan) => Explain(reader, plan), CancellationToken.None);

        Assert.DoesNotContain(steps, step => step.StartsWith("SCAN ", StringComparison.Ordinal) && !step.StartsWith("SCAN json_each", StringComparison.Ordinal));
        Assert.Contains(steps, step => step.StartsWith("SEARCH ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Values_never_become_part_of_the_sql()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        string hostile = "'; DROP TABLE patient; --";
        var plan = QueryPlan.For(Samples.Query(
            QueryLevel.Study, new MatchingOptions(), (Tags.PatientID, hostile), (Tags.StudyDescription, hostile + "*"), (Tags.StudyInstanceUID, "1'\\2\"")));
        Assert.DoesNotContain("DROP", plan.Sql, StringComparison.Ordinal);
        Assert.DoesNotContain("\"", plan.Sql, StringComparison.Ordinal);
    }

    private static List<string> Explain(Reader reader, QueryPlan plan)
    {
        using Statement statement = reader.Connection.Prepare("EXPLAIN QUERY PLAN " + plan.Sql);
        var steps = new List<string>();
        while (statement.Step())
        {
            steps.Add(statement.Text(3));
        }

        return steps;
    }
}
