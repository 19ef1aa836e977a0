using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Matching;

/// <summary>Every kind of matching with every VR that it is for; the expectations are typed from PS3.4 §C.2.2.2.</summary>
public sealed class KeyConditionTests
{
    private static readonly MatchingOptions Strict = new() { UnknownMatches = false };

    [Theory]
    // C.2.2.2.1 Single Value Matching: exact, case counts, spaces around do not.
    [InlineData("PatientID", "P1", "P1", true)]
    [InlineData("PatientID", "P1", "p1", false)]
    [InlineData("PatientID", "P1", " P1 ", true)]
    [InlineData("PatientID", "P1", "P", false)]
    [InlineData("Modality", "CT", "CT", true)]
    [InlineData("Modality", "CT", "MR", false)]
    [InlineData("StudyID", "007", "7", false)]
    [InlineData("PatientAge", "042Y", "042Y", true)]
    [InlineData("PatientAge", "042Y", "042?", false)]
    [InlineData("PatientComments", "two\\values", "two\\values", true)]
    [InlineData("ImageComments", "x", "x", true)]
    // C.2.2.2.1: PN without case and accents, by decision.
    [InlineData("PatientName", "Müller^Zoë", "MULLER^ZOE", true)]
    [InlineData("PatientName", "Müller^Zoë", "MULLER^ZO", false)]
    [InlineData("PatientName", "Smith^John^^^", "smith^john", true)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう", "山田^太郎", true)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう", "やまだ*", true)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田*", true)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう", "=やまだ*", false)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎", "yamada*=山*", true)]
    [InlineData("PatientName", "Yamada^Tarou=山田^太郎", "suzuki*=山*", false)]
    [InlineData("ReferringPhysicianName", "Peña^Ana", "pena*", true)]
    [InlineData("OperatorsName", "A^B\\C^D", "c^d", true)]
    // C.2.2.2.2 List of UID Matching.
    [InlineData("FrameOfReferenceUID", "1.2.3", "1.2.3", true)]
    [InlineData("FrameOfReferenceUID", "1.2.3", "1.2.4\\1.2.3", true)]
    [InlineData("FrameOfReferenceUID", "1.2.3", "1.2.4\\1.2.5", false)]
    [InlineData("FrameOfReferenceUID", "1.2.3", "1.2.*", false)]
    // C.2.2.2.4 Wild Card Matching, not for DA TM DT IS DS UI and numbers.
    [InlineData("StudyDescription", "Abdomen 100%", "*100%", true)]
    [InlineData("StudyDescription", "Abdomen 100x", "*100%", false)]
    [InlineData("AccessionNumber", "A_1", "A_?", true)]
    [InlineData("AccessionNumber", "AX1", "A_?", false)]
    [InlineData("StationName", "CT'01", "CT'*", true)]
    [InlineData("ContentLabel", "ABC", "A?C", true)]
    [InlineData("PatientComments", "long text here", "*text*", true)]
    // A value of several suffices.
    [InlineData("ImageType", "ORIGINAL\\PRIMARY\\AXIAL", "PRIMARY", true)]
    [InlineData("ImageType", "ORIGINAL\\PRIMARY\\AXIAL", "SECONDARY", false)]
    [InlineData("OtherPatientIDs", "X1\\X2", "X2", true)]
    // C.2.2.2.5 Range Matching, DA.
    [InlineData("StudyDate", "20200615", "20200101-20201231", true)]
    [InlineData("StudyDate", "20200101", "20200101-20201231", true)]
    [InlineData("StudyDate", "20201231", "20200101-20201231", true)]
    [InlineData("StudyDate", "20210101", "20200101-20201231", false)]
    [InlineData("StudyDate", "20200615", "20200616-", false)]
    [InlineData("StudyDate", "20200616", "20200616-", true)]
    [InlineData("StudyDate", "20200617", "-20200616", false)]
    [InlineData("StudyDate", "20200616", "-20200616", true)]
    [InlineData("StudyDate", "20200616", "20200616", true)]
    [InlineData("StudyDate", "2020.06.16", "20200616", true)]
    [InlineData("StudyDate", "20200616", "20200617-20200601", false)]
    // TM: a partial time is the whole hour or minute.
    [InlineData("StudyTime", "101530", "10", true)]
    [InlineData("StudyTime", "110000", "10", false)]
    [InlineData("StudyTime", "105959.999999", "09-10", true)]
    [InlineData("StudyTime", "105959", "1000-1030", false)]
    [InlineData("StudyTime", "101530", "101530-", true)]
    [InlineData("StudyTime", "101529.9", "101530-", false)]
    [InlineData("StudyTime", "0000", "-00", true)]
    [InlineData("StudyTime", "10", "100000", true)]
    // DT: the offset of the value counts; a hyphen may be an offset or a range.
    [InlineData("AcquisitionDateTime", "20200616101530", "20200616", true)]
    [InlineData("AcquisitionDateTime", "20200616101530", "2020", true)]
    [InlineData("AcquisitionDateTime", "20200616101530", "20200616-20200617", true)]
    [InlineData("AcquisitionDateTime", "20200616101530+0200", "202006160815+0000", true)]
    [InlineData("AcquisitionDateTime", "20200616101530+0200", "20200616080000-0000-20200616090000+0000", true)]
    [InlineData("AcquisitionDateTime", "20200616101530", "20200616101530-0500", false)]
    [InlineData("AcquisitionDateTime", "20200616151530", "20200616101530-0500", true)]
    [InlineData("AcquisitionDateTime", "20200616151530", "20200616101531-0500-", false)]
    [InlineData("AcquisitionDateTime", "20200616151530", "-20200616", true)]
    [InlineData("AcquisitionDateTime", "20200616151530", "2019-2021", true)]
    // IS and DS as numbers (left open by C.2.2.2.1).
    [InlineData("SeriesNumber", "007", "7", true)]
    [InlineData("SeriesNumber", "+7", "7", true)]
    [InlineData("SeriesNumber", "70", "7", false)]
    [InlineData("PatientWeight", "70.0", "70", true)]
    [InlineData("SliceLocation", "-1.5e1", "-15", true)]
    [InlineData("Rows", "512", "512", true)]
    [InlineData("Rows", "512", "51", false)]
    public async Task Matching_follows_the_standard(string keyword, string value, string key, bool expected)
    {
        Tag tag = Tag.Parse(keyword);
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1.1", "1.1.1", "1.1.1.1", (tag, value)), CancellationToken.None);

        CataloguedAttributes.TryFind(tag, out CataloguedAttribute attribute);
        // The level of the key, and a level above and below it: there is one of each.
        foreach (QueryLevel level in Enum.GetValues<QueryLevel>())
        {
            CatalogueQuery query = Samples.Query(level, Strict, (tag, key));
            Assert.Equal(expected ? 1 : 0, catalogue.Database.Query(query, CancellationToken.None).Count());
        }

        Assert.NotNull(attribute);
    }

    [Theory]
    [InlineData("PatientName", "X")]
    [InlineData("StudyDate", "20200101")]
    [InlineData("StudyTime", "10")]
    [InlineData("AccessionNumber", "X")]
    [InlineData("AccessionNumber", "X*")]
    [InlineData("StudyID", "X")]
    [InlineData("SeriesNumber", "1")]
    [InlineData("InstanceNumber", "1")]
    [InlineData("StudyDescription", "X")]
    [InlineData("PatientBirthDate", "-19700101")]
    [InlineData("ReferringPhysicianName", "X*")]
    [InlineData("AcquisitionDateTime", "2020")]
    [InlineData("Rows", "1")]
    public async Task An_unknown_attribute_matches_every_key_if_wanted(string keyword, string key)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(
            Samples.Of(Samples.DataSet((Tags.StudyInstanceUID, "1"), (Tags.SeriesInstanceUID, "2"), (Tags.SOPInstanceUID, "3"))), CancellationToken.None);
        CatalogueQuery lenient = Samples.Query(QueryLevel.Image, new MatchingOptions(), (Tag.Parse(keyword), key));
        CatalogueQuery strict = Samples.Query(QueryLevel.Image, Strict, (Tag.Parse(keyword), key));
        Assert.Single(catalogue.Database.Query(lenient, CancellationToken.None));
        Assert.Empty(catalogue.Database.Query(strict, CancellationToken.None));
    }

    [Theory]
    [InlineData("PatientID", "X")]
    [InlineData("FrameOfReferenceUID", "1.2")]
    public async Task An_unknown_identifier_identifies_nobody(string keyword, string key)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(
            Samples.Of(Samples.DataSet((Tags.StudyInstanceUID, "1"), (Tags.SeriesInstanceUID, "2"), (Tags.SOPInstanceUID, "3"))), CancellationToken.None);
        Assert.Empty(catalogue.Database.Query(Samples.Query(QueryLevel.Image, new MatchingOptions(), (Tag.Parse(keyword), key)), CancellationToken.None));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("*", true)]
    [InlineData("**", true)]
    public async Task Zero_length_and_stars_match_universally(string key, bool expected)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "2", "3"), CancellationToken.None);
        foreach (Tag tag in (Tag[])[Tags.PatientName, Tags.AccessionNumber, Tags.StudyDescription, Tags.StudyInstanceUID])
        {
            if (tag != Tags.StudyInstanceUID || key != "**")
            {
                CatalogueQuery query = Samples.Query(QueryLevel.Study, Strict, (tag, key));
                Assert.Empty(query.Conditions);
                Assert.Equal(expected, catalogue.Database.Query(query, CancellationToken.None).Any());
            }
        }
    }

    [Theory]
    [InlineData("\"\"", "", true, true)]
    [InlineData("\"\"", "X", true, false)]
    [InlineData("\"\"", "", false, false)]
    [InlineData("\"\"", "\"\"", false, true)]
    public async Task Two_quotation_marks_match_the_empty_value_when_negotiated(string key, string value, bool isNegotiated, bool expected)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(
            Samples.Instance("1", "2", "3", (Tags.AccessionNumber, value), (Tags.StudyDescription, value), (Tags.ReferringPhysicianName, value)), CancellationToken.None);
        foreach (Tag tag in (Tag[])[Tags.AccessionNumber, Tags.StudyDescription, Tags.ReferringPhysicianName])
        {
            CatalogueQuery query = Samples.Query(QueryLevel.Study, Strict with { MatchesEmptyValues = isNegotiated }, (tag, key));
            Assert.Equal(expected, catalogue.Database.Query(query, CancellationToken.None).Any());
        }
    }

    [Theory]
    [InlineData("CT\\SR", true, true)]
    [InlineData("SR\\CT", true, true)]
    [InlineData("CT\\PT", true, false)]
    [InlineData("CT\\PT", false, true)]
    [InlineData("PT\\MR", false, false)]
    [InlineData("C*", false, true)]
    public async Task Modalities_in_study_are_matched_by_all_values_or_by_any(string key, bool matchesAll, bool expected)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.Modality, "CT")), CancellationToken.None);
        await catalogue.Database.AddAsync(Samples.Instance("1", "1.2", "1.2.1", (Tags.Modality, "SR")), CancellationToken.None);
        CatalogueQuery query = Samples.Query(QueryLevel.Study, Strict with { MatchesAllValues = matchesAll }, (Tags.ModalitiesInStudy, key));
        Assert.Equal(expected, catalogue.Database.Query(query, CancellationToken.None).Any());
    }

    [Theory]
    [InlineData("20060705-20060707", "1000-1800", "20060705", "0900", false)]
    [InlineData("20060705-20060707", "1000-1800", "20060706", "0300", true)]
    [InlineData("20060705-20060707", "1000-1800", "20060707", "1801", false)]
    [InlineData("20060705-20060707", "1000-1800", "20060707", "1800", true)]
    [InlineData("20060705-", "1000-", "20060705", "0959", false)]
    [InlineData("20060705-", "1000-", "20070101", "0000", true)]
    [InlineData("-20060705", "-1000", "20060705", "1001", false)]
    [InlineData("-20060705", "-1000", "20060704", "2300", true)]
    public async Task A_date_and_a_time_range_are_one_range_when_negotiated(string dates, string times, string date, string time, bool expected)
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(
            Samples.Instance("1", "2", "3", (Tags.StudyDate, date), (Tags.StudyTime, time), (Tags.ContentDate, date), (Tags.ContentTime, time)), CancellationToken.None);
        MatchingOptions options = Strict with { CombinesDateAndTime = true };
        Assert.Equal(expected, catalogue.Database.Query(Samples.Query(QueryLevel.Study, options, (Tags.StudyDate, dates), (Tags.StudyTime, times)), CancellationToken.None).Any());
        Assert.Equal(expected, catalogue.Database.Query(Samples.Query(QueryLevel.Image, options, (Tags.ContentDate, dates), (Tags.ContentTime, times)), CancellationToken.None).Any());
    }

    [Fact]
    public async Task Without_negotiation_dates_and_times_are_matched_apart()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.AddAsync(Samples.Instance("1", "2", "3", (Tags.StudyDate, "20060706"), (Tags.StudyTime, "0300")), CancellationToken.None);
        Assert.Empty(catalogue.Database.Query(
            Samples.Query(QueryLevel.Study, Strict, (Tags.StudyDate, "20060705-20060707"), (Tags.StudyTime, "1000-1800")), CancellationToken.None));
    }

    [Fact]
    public async Task An_item_must_meet_all_keys_of_the_item()
    {
        await using TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        InstanceRecord record = Samples.Instance("1", "2", "3");
        record.Attributes.SetSequence(Tags.RequestAttributesSequence, [
            Samples.DataSet((Tags.ScheduledProcedureStepID, "S1"), (Tags.RequestedProcedureID, "R1")),
            Samples.DataSet((Tags.ScheduledProcedureStepID, "S2"), (Tags.RequestedProcedureID, "R2"))]);
        await catalogue.Database.AddAsync(record, CancellationToken.None);

        Assert.Equal(1, Count(("S1", "R1")));
        Assert.Equal(1, Count(("S?", "R2")));
        Assert.Equal(0, Count(("S1", "R2")));
        Assert.Equal(1, Count(("", "R2")));
        Assert.Equal(1, Count(("", "")));

        int Count((string Step, string Procedure) key)
        {
            DataSet identifier = Samples.DataSet();
            DataSet item = new();
            Add(item, Tags.ScheduledProcedureStepID, key.Step);
            Add(item, Tags.RequestedProcedureID, key.Procedure);
            identifier.SetSequence(Tags.RequestAttributesSequence, [item]);
            return catalogue.Database.Query(CatalogueQuery.FromIdentifier(QueryLevel.Series, identifier, Strict), CancellationToken.None).Count();
        }

        static void Add(DataSet item, Tag tag, string value)
        {
            if (value.Length == 0)
            {
                item.SetEmpty(tag);
            }
            else
            {
                item.Set(tag, value);
            }
        }
    }

    [Theory]
    [InlineData("StudyDate", "yesterday")]
    [InlineData("StudyDate", "-")]
    [InlineData("StudyDate", "2020-2021")]
    [InlineData("StudyTime", "25")]
    [InlineData("AcquisitionDateTime", "-")]
    [InlineData("SeriesNumber", "one")]
    [InlineData("SeriesNumber", "1e999")]
    [InlineData("Rows", "NaN")]
    public void A_key_that_cannot_be_read_is_refused_without_naming_its_value(string keyword, string key)
    {
        CatalogueQueryException refusal = Assert.Throws<CatalogueQueryException>(() => CatalogueQuery.ReadCondition(Tag.Parse(keyword), key, Strict));
        Assert.Equal(Tag.Parse(keyword), refusal.Tag);
        Assert.DoesNotContain(key == "-" ? "--" : key, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_beyond_the_limit_is_refused() =>
        Assert.Throws<CatalogueQueryException>(() => CatalogueQuery.ReadCondition(Tags.PatientName, new string('*', 5000) + "x", Strict));
}
