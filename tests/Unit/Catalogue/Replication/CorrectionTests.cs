using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Replication;

/// <summary>Corrections at the centre: shown everywhere, kept against copies that say otherwise, and known as corrections.</summary>
public sealed class CorrectionTests
{
    private static readonly Guid Centre = new("00000000-0000-4000-8000-000000000009"), Clinic = new("00000000-0000-4000-8000-000000000003");
    private static readonly Guid OtherCentre = new("00000000-0000-4000-8000-000000000001");

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task A_node_without_a_network_corrects_too_and_a_dry_run_only_tells()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        long before = here.Database.LastSequence();
        DataSet name = Samples.DataSet((Tags.PatientName, "Right^Name"), (Tags.AccessionNumber, "A77"));

        CorrectionOutcome planned = await here.Database.CorrectAsync("1", name, "CENTRE", isDryRun: true, None);
        Assert.Equal(CorrectionResult.Corrected, planned.Result);
        Assert.Equal([Tags.PatientName, Tags.AccessionNumber], planned.Attributes.Select(one => one.Tag));
        Assert.Equal("Right^Name", planned.Attributes[0].After);
        Assert.Equal(["1"], planned.Studies);
        Assert.Equal(before, here.Database.LastSequence());
        Assert.NotEqual("Right^Name", NameOf(here, "1"));
        Assert.Null(here.Database.CorrectionOf("1"));

        Assert.Equal(CorrectionResult.Corrected, (await here.Database.CorrectAsync("1", name, "CENTRE", isDryRun: false, None)).Result);
        Assert.Equal(CorrectionResult.Unchanged, (await here.Database.CorrectAsync("1", name, "CENTRE", isDryRun: false, None)).Result);
        Assert.Equal("Right^Name", NameOf(here, "1"));
        Assert.Equal(before + 1, here.Database.LastSequence());
        StudyCorrection correction = here.Database.CorrectionOf("1")!;
        Assert.Equal(("Right^Name", "A77", "CENTRE"), (correction.Attributes.GetString(Tags.PatientName), correction.Attributes.GetString(Tags.AccessionNumber), correction.ModifyingSystem));

        // What is stored later under the study, with the old name, does not undo it.
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2"), None);
        Assert.Equal("Right^Name", NameOf(here, "1"));
        await here.Database.DeleteAsync(["1.1.1", "1.1.2"], None);
        Assert.Equal(new CatalogueCounts(0, 0, 0, 0, 0), here.Database.Counts());
        here.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task What_was_replaced_stands_in_the_original_attributes_sequence_once_a_correction()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Right^Name"), (Tags.PatientBirthDate, "19700102")), "CENTRE", isDryRun: false, None);
        await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Better^Name")), "CENTRE", isDryRun: false, None);

        var query = Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.StudyInstanceUID, "1")) with { ReturnKeys = [Tags.OriginalAttributesSequence] };
        IReadOnlyList<DataSet> items = Assert.Single(here.Database.Query(query, None)).GetSequence(Tags.OriginalAttributesSequence);
        Assert.Equal(
            [("Wrong^Name", "CENTRE", "CORRECT"), ("Right^Name", "CENTRE", "CORRECT")],
            items.Select(item => (
                Assert.Single(item.GetSequence(Tags.ModifiedAttributesSequence)).GetString(Tags.PatientName), item.GetString(Tags.ModifyingSystem),
                item.GetString(Tags.ReasonForTheAttributeModification))));
        // What was not there before is replaced too.
        Assert.True(items[0].GetSequence(Tags.ModifiedAttributesSequence)[0].Contains(Tags.PatientBirthDate));
        Assert.All(items, item => Assert.Matches(@"^\d{14}\.\d{6}\+0000$", item.GetString(Tags.AttributeModificationDateTime)));
        Assert.Equal([Tags.PatientName, Tags.PatientBirthDate], here.Database.CorrectionOf("1")!.Attributes.Select(element => element.Tag));

        // Who did not ask for it is not told.
        Assert.False(Assert.Single(here.Database.Query(new CatalogueQuery { Level = QueryLevel.Study }, None)).Contains(Tags.OriginalAttributesSequence));
    }

    [Fact]
    public async Task Every_node_shows_the_correction_and_copies_and_stores_elsewhere_do_not_undo_it()
    {
        await using TemporaryCatalogue centre = await CreateAsync(Centre, 10, (Clinic, 0)), clinic = await CreateAsync(Clinic, 0, (Centre, 10));
        await clinic.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await TellAsync(clinic, Clinic, centre);
        await centre.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await centre.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Right^Name"), (Tags.PatientID, "P9")), "CENTRE", isDryRun: false, None);
        await TellAsync(centre, Centre, clinic);
        Assert.Equal("Right^Name", NameOf(clinic, "1"));
        Assert.Equal("P9", clinic.Database.FindInstance("1.1.1")!.PatientId);
        Assert.Equal("Right^Name", clinic.Database.CorrectionOf("1")!.Attributes.GetString(Tags.PatientName));

        await clinic.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2", (Tags.PatientName, "Wrong^Name")), None);
        await TellAsync(clinic, Clinic, centre);
        Assert.Equal(("Right^Name", "Right^Name"), (NameOf(centre, "1"), NameOf(clinic, "1")));
        await centre.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2", (Tags.PatientName, "Wrong^Name")), None);
        Assert.Equal("Right^Name", NameOf(centre, "1"));
        clinic.Database.CheckIntegrity(None);
        centre.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task Of_two_centres_the_word_that_was_corrected_last_is_shown_at_both()
    {
        // The identity of the other one goes before, which decides among equal words.
        await using TemporaryCatalogue centre = await CreateAsync(Centre, 10, (OtherCentre, 10)), other = await CreateAsync(OtherCentre, 10, (Centre, 10));
        await other.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await centre.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await TellAsync(other, OtherCentre, centre);
        await centre.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Right^Name")), "CENTRE", isDryRun: false, None);
        await TellAsync(centre, Centre, other);
        Assert.Equal(("Right^Name", "Right^Name"), (NameOf(centre, "1"), NameOf(other, "1")));
    }

    [Fact]
    public async Task A_study_that_is_given_to_a_known_patient_takes_that_ones_name_and_a_new_name_goes_to_all_its_studies()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name"), (Tags.PatientID, "P1")), None);
        await here.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.PatientName, "Known^Name"), (Tags.PatientID, "P2")), None);

        CorrectionOutcome moved = await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientID, "P2")), "CENTRE", isDryRun: false, None);
        Assert.Equal(["1"], moved.Studies);
        Assert.Equal(("Known^Name", "Known^Name", 1), (NameOf(here, "1"), NameOf(here, "2"), here.Database.Counts().Patients));
        Assert.Equal("Known^Name", here.Database.CorrectionOf("1")!.Attributes.GetString(Tags.PatientName));

        CorrectionOutcome named = await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "New^Name")), "CENTRE", isDryRun: false, None);
        Assert.Equal(["1", "2"], named.Studies.Order());
        Assert.Equal(("New^Name", "New^Name"), (NameOf(here, "1"), NameOf(here, "2")));
        Assert.Equal("New^Name", here.Database.CorrectionOf("2")!.Attributes.GetString(Tags.PatientName));
    }

    [Fact]
    public async Task Who_may_not_have_a_name_is_not_told_the_one_that_was_replaced_either()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Wrong^Name")), None);
        await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Right^Name")), "CENTRE", isDryRun: false, None);
        var filter = new FeedFilter { Selections = [new FeedSelection { Withheld = new HashSet<Tag> { Tags.PatientName } }] };
        StudyState told = Assert.Single(here.Database.OwnChanges(0, 10, filter)!.State.Studies);
        string words = System.Text.Encoding.UTF8.GetString(told.Patient!.Value.Span) + System.Text.Encoding.UTF8.GetString(told.Attributes!.Value.Span);
        Assert.DoesNotContain("^Name", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_study_is_corrected_so_often_and_not_more()
    {
        await using TemporaryCatalogue here = await TemporaryCatalogue.CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(CorrectionResult.Corrected, (await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Name^" + i)), "C", isDryRun: false, None)).Result);
        }

        Assert.Equal(CorrectionResult.TooOften, (await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientName, "Name^X")), "C", isDryRun: false, None)).Result);
        Assert.Equal("Name^63", NameOf(here, "1"));
    }

    [Fact]
    public async Task What_is_sent_to_the_centre_of_a_study_that_a_clinic_told_of_is_shown_and_the_other_word_is_a_conflict()
    {
        await using TemporaryCatalogue centre = await CreateAsync(Centre, 10, (Clinic, 0)), clinic = await CreateAsync(Clinic, 0, (Centre, 10));
        await clinic.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Clinic^Name"), (Tags.StudyDescription, "as the clinic says")), None);
        await TellAsync(clinic, Clinic, centre);
        Assert.Equal("Clinic^Name", NameOf(centre, "1"));

        await centre.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.2", (Tags.PatientName, "Centre^Name"), (Tags.StudyDescription, "as the centre says")), None);
        Assert.Equal("Centre^Name", NameOf(centre, "1"));
        IReadOnlyList<Conflict> conflicts = centre.Database.Conflicts(isOpenOnly: true, 0, 10);
        Assert.Equal([ConflictKind.PatientAttributes, ConflictKind.StudyAttributes], conflicts.Select(conflict => conflict.Kind));
        Assert.All(conflicts, conflict => Assert.Equal((ConflictDecision.TookOver, Clinic.ToString("D")), (conflict.Decision, conflict.SourceAeTitle)));
        Assert.Equal("Clinic^Name", conflicts[0].Other.GetString(Tags.PatientName));

        await TellAsync(centre, Centre, clinic);
        Assert.Equal(("Centre^Name", "as the centre says"), (NameOf(clinic, "1"), clinic.Database.Describe("1")!.GetString(Tags.StudyDescription)));
        await TellAsync(clinic, Clinic, centre);
        Assert.Equal("Centre^Name", NameOf(centre, "1"));

        // What the clinic stores under it later does not change that, and is a conflict there.
        await clinic.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.3", (Tags.PatientName, "Third^Name")), None);
        Assert.Equal("Centre^Name", NameOf(clinic, "1"));
        Assert.NotEmpty(clinic.Database.Conflicts(isOpenOnly: true, 0, 10));
        centre.Database.CheckIntegrity(None);
    }

    [Theory]
    [InlineData("1.1.1")]
    [InlineData("1.1.2")]
    public async Task A_copy_that_the_centre_fetched_and_a_store_at_a_clinic_take_nothing_over(string instance)
    {
        await using TemporaryCatalogue centre = await CreateAsync(Centre, 10, (Clinic, 0)), clinic = await CreateAsync(Clinic, 0, (Centre, 10));
        await clinic.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.PatientName, "Clinic^Name")), None);
        await TellAsync(clinic, Clinic, centre);
        await centre.Database.AddAsync(Samples.Instance("1", "1.1", instance, (Tags.PatientName, "File^Name")) with { SourceAeTitle = "" }, None);
        Assert.Equal("Clinic^Name", NameOf(centre, "1"));

        await centre.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1", (Tags.PatientName, "Centre^Name"), (Tags.PatientID, "P2")), None);
        await TellAsync(centre, Centre, clinic);
        await clinic.Database.AddAsync(Samples.Instance("2", "2.1", "2." + instance, (Tags.PatientName, "Late^Name"), (Tags.PatientID, "P2")), None);
        Assert.Equal("Centre^Name", NameOf(clinic, "2"));
    }

    private static string NameOf(TemporaryCatalogue catalogue, string study) => catalogue.Database.Describe(study)!.GetString(Tags.PatientName)!;

    private static async Task<TemporaryCatalogue> CreateAsync(Guid self, int authority, (Guid Node, int Authority) other)
    {
        TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.IdentifyAsync(self, authority, None);
        await catalogue.Database.SubscribeAsync(other.Node, other.Authority, None);
        return catalogue;
    }

    private static async Task TellAsync(TemporaryCatalogue from, Guid publisher, TemporaryCatalogue to) =>
        await to.Database.ApplyAsync(publisher, from.Database.OwnChanges(0, 1000, FeedFilter.All)!, None);
}
