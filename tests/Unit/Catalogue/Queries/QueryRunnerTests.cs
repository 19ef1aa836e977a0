using Panal.Catalogue;
using Panal.Catalogue.Queries;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Queries;

public sealed class QueryRunnerTests
{
    private const int Studies = (2 * QueryRunner.ChunkRows) + 10;

    [Fact]
    public async Task Answers_come_in_order_with_offset_and_limit_over_many_chunks()
    {
        await using TemporaryCatalogue catalogue = await FilledAsync();
        CatalogueQuery query = new() { Level = QueryLevel.Study, ReturnKeys = [Tags.StudyInstanceUID, Tags.StudyDate], Order = [new Ordering(Tags.StudyDate, IsDescending: true)] };

        string[] all = Uids(catalogue, query);
        Assert.Equal(Enumerable.Range(0, Studies).Reverse().Select(i => "1." + Samples.Number(i)), all);
        Assert.Equal(all[300..310], Uids(catalogue, query with { Offset = 300, Limit = 10 }));
        Assert.Empty(Uids(catalogue, query with { Offset = Studies }));
        Assert.Equal(all.Reverse(), Uids(catalogue, query with { Order = [] }));
    }

    [Fact]
    public async Task Rows_can_be_sorted_by_attributes_without_a_column()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.StudyDescription, "b")), CancellationToken.None);
        await catalogue.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.StudyDescription, "a")), CancellationToken.None);
        CatalogueQuery query = new() { Level = QueryLevel.Series, ReturnKeys = [Tags.StudyInstanceUID], Order = [new Ordering(Tags.StudyDescription, IsDescending: false)] };
        Assert.Equal(["2", "1"], Uids(catalogue, query));
        Assert.Throws<CatalogueQueryException>(() => catalogue.Database.Query(query with { Order = [new Ordering(Tags.Rows, IsDescending: false)] }, CancellationToken.None));
    }

    [Fact]
    public async Task A_slow_taker_does_not_hold_a_snapshot()
    {
        await using TemporaryCatalogue catalogue = await FilledAsync();
        using IEnumerator<DataSet> rows = catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, CancellationToken.None).GetEnumerator();
        Assert.True(rows.MoveNext());
        await catalogue.Database.DeleteAsync(["1.500.1.1"], CancellationToken.None);
        int count = 1;
        while (rows.MoveNext())
        {
            count++;
        }

        // Found, but gone before its chunk was read.
        Assert.Equal(Studies - 1, count);
    }

    [Fact]
    public async Task A_cancelled_query_stops()
    {
        await using TemporaryCatalogue catalogue = await FilledAsync();
        using var cancellation = new CancellationTokenSource();
        using IEnumerator<DataSet> rows = catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, cancellation.Token).GetEnumerator();
        Assert.True(rows.MoveNext());
        await cancellation.CancelAsync();
        Assert.ThrowsAny<OperationCanceledException>(() => rows.MoveNext());
        Assert.ThrowsAny<OperationCanceledException>(() => catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, cancellation.Token).Count());
        Assert.Equal(Studies, catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, CancellationToken.None).Count());
    }

    [Fact]
    public async Task Text_comes_back_as_it_was_in_utf_8()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        DataSet latin = new();
        latin.Set(Tags.SpecificCharacterSet, "ISO_IR 100");
        latin.Set(Tags.PatientID, "P1");
        latin.Set(Tags.PatientName, "Müller^Jörg");
        latin.Set(Tags.StudyInstanceUID, "1");
        latin.Set(Tags.SeriesInstanceUID, "2");
        latin.Set(Tags.SOPInstanceUID, "3");
        await catalogue.Database.AddAsync(Samples.Of(latin), CancellationToken.None);
        DataSet row = Assert.Single(catalogue.Database.Query(Samples.Query(QueryLevel.Patient, new MatchingOptions(), (Tags.PatientName, "MULLER*")), CancellationToken.None));
        Assert.Equal("ISO_IR 192", row.GetString(Tags.SpecificCharacterSet));
        Assert.Equal("Müller^Jörg", row.GetString(Tags.PatientName));
    }

    [Fact]
    public async Task Without_return_keys_everything_known_is_returned()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.Rows, "512"), (Tags.ImageType, "A\\B")), CancellationToken.None);
        DataSet row = Assert.Single(catalogue.Database.Query(new CatalogueQuery { Level = QueryLevel.Image }, CancellationToken.None));
        Assert.Equal(512, row.GetInt32(Tags.Rows));
        Assert.Equal(["A", "B"], row.GetStrings(Tags.ImageType));
        Assert.Equal("1.1", row.GetString(Tags.SeriesInstanceUID));
        Assert.Equal(Panal.Dicom.Uids.ExplicitVRLittleEndian, row.GetString(Tags.AvailableTransferSyntaxUID));
        Assert.Equal(1, row.GetInt32(Tags.NumberOfPatientRelatedInstances));
        Assert.Equal([Panal.Dicom.Uids.CTImageStorage], row.GetStrings(Tags.SOPClassesInStudy));
    }

    [Fact]
    public void Keys_that_are_not_catalogued_are_told()
    {
        DataSet identifier = Samples.DataSet((Tags.QueryRetrieveLevel, "STUDY"), (Tags.PatientID, "1"), (Tags.Occupation, "Baker"));
        CatalogueQuery query = CatalogueQuery.FromIdentifier(QueryLevel.Study, identifier, new MatchingOptions());
        Assert.Equal([Tags.Occupation], query.UnsupportedKeys);
        Assert.Equal([Tags.PatientID], query.ReturnKeys);
        Assert.DoesNotContain("1", Assert.Single(query.Conditions).ToString().Replace(Tags.PatientID.ToString(), string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instances_are_located_in_display_order()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        foreach ((string series, string number, string instance) in ((string, string, string)[])[("2", "2", "c"), ("1", "10", "b"), ("2", "1", "d"), ("1", "9", "a")])
        {
            await catalogue.Database.AddAsync(
                Samples.Instance("1", "1." + series, "1." + series + "." + instance, (Tags.SeriesNumber, series), (Tags.InstanceNumber, number)), CancellationToken.None);
        }

        await catalogue.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.x"), CancellationToken.None);
        Assert.Equal(["1.1.a", "1.1.b", "1.2.d", "1.2.c"], Located(new RetrieveKeys { StudyInstanceUids = ["1"] }));
        Assert.Equal(["1.2.d", "1.2.c"], Located(new RetrieveKeys { StudyInstanceUids = ["1"], SeriesInstanceUids = ["1.2"] }));
        Assert.Equal(["1.1.b", "2.1.x"], Located(new RetrieveKeys { SopInstanceUids = ["2.1.x", "1.1.b", "nowhere"] }));
        Assert.Equal(5, Located(new RetrieveKeys { PatientId = "P1" }).Length);
        Assert.Empty(Located(new RetrieveKeys { PatientId = "P1", StudyInstanceUids = ["9"] }));
        Assert.Throws<ArgumentException>(() => Located(new RetrieveKeys()));

        (IReadOnlyList<InstanceRow> first, long last) = catalogue.Database.InstancesAfter(0, 3, CancellationToken.None);
        (IReadOnlyList<InstanceRow> second, _) = catalogue.Database.InstancesAfter(last, 3, CancellationToken.None);
        Assert.Equal((3, 2), (first.Count, second.Count));

        string[] Located(RetrieveKeys keys) => [.. catalogue.Database.Locate(keys, CancellationToken.None).Select(row => row.SopInstanceUid)];
    }

    private static string[] Uids(TemporaryCatalogue catalogue, CatalogueQuery query) =>
        [.. catalogue.Database.Query(query, CancellationToken.None).Select(row => row.GetString(Tags.StudyInstanceUID)!)];

    private static async Task<TemporaryCatalogue> FilledAsync()
    {
        TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        var adds = new List<Task>();
        for (int i = 0; i < Studies; i++)
        {
            string study = "1." + Samples.Number(i);
            string date = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(i).ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
            adds.Add(catalogue.Database.AddAsync(Samples.Instance(study, study + ".1", study + ".1.1", (Tags.StudyDate, date)), CancellationToken.None).AsTask());
        }

        await Task.WhenAll(adds);
        return catalogue;
    }
}
