using Panal.Catalogue;
using Panal.Catalogue.Replication;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Replication;

/// <summary>What a catalogue makes of what other nodes say.</summary>
public sealed class ReplicaTests
{
    private static readonly Guid Self = new("00000000-0000-4000-8000-000000000005");
    private static readonly Guid Centre = new("00000000-0000-4000-8000-000000000007");
    private static readonly Guid Clinic = new("00000000-0000-4000-8000-000000000009");

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task An_instance_of_several_nodes_is_one_instance_with_several_holders()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Doe^Jane", "1.1.1", "1.1.2"));
        await ApplyAsync(here, Clinic, StateCodecTests.State("1", "Doe^Jane", "1.1.1"));

        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), here.Database.Counts());
        Assert.Equal([Centre, Clinic], here.Database.HoldersOfInstance("1.1.1").Select(holder => holder.Node));
        Assert.Equal([new Holder(Centre, 2), new Holder(Clinic, 1)], here.Database.HoldersOfStudies(["1"], null));
        Assert.Equal([0, 1, 2], here.Database.Holdings().Select(holder => holder.Instances).Order());
        Assert.Contains(new Holder(Centre, 2), here.Database.Holdings());
        Assert.Empty(here.Database.FindInstance("1.1.1")!.Copies);
        Assert.Empty(here.Database.Conflicts(isOpenOnly: true, 0, 10));
    }

    [Fact]
    public async Task What_one_holder_takes_back_stays_while_another_has_it()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Doe^Jane", "1.1.1", "1.1.2"));
        await ApplyAsync(here, Clinic, StateCodecTests.State("1", "Doe^Jane", "1.1.1"));

        await ApplyAsync(here, Centre, new CatalogueState([], ["1"], []), sequence: 2);

        Assert.Equal(new CatalogueCounts(1, 1, 1, 1, 0), here.Database.Counts());
        Assert.Equal([new Holder(Clinic, 1)], here.Database.HoldersOfStudies(["1"], null));
        await ApplyAsync(here, Clinic, new CatalogueState([], [], ["1.1.1"]), sequence: 2);
        Assert.Equal(new CatalogueCounts(0, 0, 0, 0, 0), here.Database.Counts());
        here.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task The_word_of_the_higher_authority_is_shown_and_the_other_one_again_when_it_is_taken_back()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.9", (Tags.PatientName, "Local^Name")), None);
        await ApplyAsync(here, Clinic, StateCodecTests.State("1", "Clinic^Name", "1.1.1"));
        Assert.Equal("Local^Name", NameOf(here));
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Centre^Name", "1.1.1"));
        Assert.Equal("Centre^Name", NameOf(here));
        await ApplyAsync(here, Centre, new CatalogueState([], ["1"], []), sequence: 2);
        Assert.Equal("Local^Name", NameOf(here));
        await here.Database.DeleteAsync(["1.1.9"], None);
        Assert.Equal("Clinic^Name", NameOf(here));
        await here.Database.SubscribeAsync(Centre, 0, None);
    }

    [Fact]
    public async Task Another_authority_is_weighed_at_once()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await ApplyAsync(here, Clinic, StateCodecTests.State("1", "Clinic^Name", "1.1.1"));
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Centre^Name", "1.1.1"));
        Assert.Equal("Centre^Name", NameOf(here));
        await here.Database.SubscribeAsync(Clinic, 20, None);
        Assert.Equal("Clinic^Name", NameOf(here));
        await here.Database.UnsubscribeAsync(Clinic, None);
        Assert.Equal("Centre^Name", NameOf(here));
        Assert.Equal([Centre], here.Database.Publishers().Select(publisher => publisher.Node));
    }

    [Fact]
    public async Task A_correction_moves_a_study_to_another_patient_here_and_is_told_to_others()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        await here.Database.AddAsync(Samples.Instance("2", "2.1", "2.1.1"), None);
        long before = here.Database.LastSequence();

        Assert.Equal(CorrectionResult.Corrected, (await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientID, "P2"), (Tags.StudyDescription, "Right")), "CENTRE", isDryRun: false, None)).Result);
        Assert.Equal(CorrectionResult.NotHeld, (await here.Database.CorrectAsync("3", Samples.DataSet((Tags.PatientID, "P2")), "CENTRE", isDryRun: false, None)).Result);

        Assert.Equal(2, here.Database.Counts().Patients);
        Assert.Equal("P2", here.Database.FindInstance("1.1.1")!.PatientId);
        FeedStep told = here.Database.OwnChanges(before, 10, FeedFilter.All)!;
        Assert.Equal(("1", true), (Assert.Single(told.State.Studies).StudyInstanceUid, told.State.Studies[0].IsWhole));

        // The patient's name changes in all the patient's studies.
        Assert.Equal(CorrectionResult.Corrected, (await here.Database.CorrectAsync("1", Samples.DataSet((Tags.PatientID, "P1")), "CENTRE", isDryRun: false, None)).Result);
        before = here.Database.LastSequence();
        Assert.Equal(CorrectionResult.Corrected, (await here.Database.CorrectAsync("2", Samples.DataSet((Tags.PatientName, "New^Name")), "CENTRE", isDryRun: false, None)).Result);
        Assert.Equal(["1", "2"], here.Database.OwnChanges(before, 10, FeedFilter.All)!.State.Studies.Select(study => study.StudyInstanceUid).Order());
        Assert.Equal(1, here.Database.Counts().Patients);
    }

    [Fact]
    public async Task Other_content_under_one_UID_is_a_conflict_and_each_node_keeps_to_its_own()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        InstanceRecord own = Samples.Instance("1", "1.1", "1.1.1", (Tags.InstanceNumber, "7")).WithContent("own");
        await here.Database.AddAsync(own, None);
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Doe^Jane", "1.1.1"));

        Conflict conflict = Assert.Single(here.Database.Conflicts(isOpenOnly: true, 0, 10), conflict => conflict.Kind == ConflictKind.OtherContent);
        Assert.Equal((ConflictDecision.HeldElsewhere, Centre.ToString("D"), "1.1.1"), (conflict.Decision, conflict.SourceAeTitle, conflict.Subject));
        Assert.Equal(7, here.Database.FindInstance("1.1.1")!.InstanceNumber);
        Assert.False(Assert.Single(here.Database.HoldersOfInstance("1.1.1")).IsShown);

        // Without the own copy the row describes what is left.
        await here.Database.DeleteAsync(["1.1.1"], None);
        Assert.Equal(0, here.Database.FindInstance("1.1.1")!.InstanceNumber);
        Assert.True(Assert.Single(here.Database.HoldersOfInstance("1.1.1")).IsShown);

        // And when it comes again, its own.
        Assert.Equal(AddResult.Added, (await here.Database.AddAsync(own, None)).Result);
        Assert.Equal(7, here.Database.FindInstance("1.1.1")!.InstanceNumber);
        Assert.Equal(AddResult.AlreadyThere, (await here.Database.AddAsync(own, None)).Result);
    }

    [Fact]
    public async Task A_fetched_copy_makes_this_node_a_holder()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Doe^Jane", "1.1.1"));
        Assert.Empty(here.Database.OwnChanges(0, 10, FeedFilter.All)!.State.Studies);

        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1", (Tags.InstanceNumber, "0")), None);

        Assert.Equal(1, here.Database.Counts().Instances);
        Assert.Single(here.Database.FindInstance("1.1.1")!.Copies);
        Assert.Equal("1.1.1", Assert.Single(here.Database.OwnChanges(0, 10, FeedFilter.All)!.State.Studies).Series[0].Instances[0].SopInstanceUid);
        Assert.Empty(here.Database.Conflicts(isOpenOnly: true, 0, 10));
    }

    [Fact]
    public async Task Saying_it_twice_changes_nothing_and_nonsense_is_refused_whole()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        CatalogueState state = StateCodecTests.State("1", "Doe^Jane", "1.1.1", "1.1.2");
        await ApplyAsync(here, Centre, state);
        await ApplyAsync(here, Centre, state);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), here.Database.Counts());

        StudyState before = new("2", false, null, null, [new SeriesState("2.1", null, state.Studies[0].Series[0].Instances)]);
        await Assert.ThrowsAsync<StateFormatException>(() => ApplyAsync(here, Centre, new CatalogueState([StateCodecTests.State("3", "X", "3.1.1").Studies[0], before], [], []), 5));
        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), here.Database.Counts());
        Assert.Equal(1, here.Database.Publishers().Single(publisher => publisher.Node == Centre).Cursor.Sequence);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(here, Guid.NewGuid(), state));
    }

    [Fact]
    public async Task Availability_is_that_of_the_slowest_instance()
    {
        await using TemporaryCatalogue here = await CreateAsync();
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        Assert.Equal(["ONLINE"], Availability(here, QueryLevel.Study));
        await ApplyAsync(here, Centre, StateCodecTests.State("1", "Doe^Jane", "1.1.2"));

        Assert.Equal(["NEARLINE"], Availability(here, QueryLevel.Patient));
        Assert.Equal(["NEARLINE"], Availability(here, QueryLevel.Study));
        Assert.Equal(["NEARLINE"], Availability(here, QueryLevel.Series));
        Assert.Equal(["ONLINE", "NEARLINE"], Availability(here, QueryLevel.Image));
        DataSet study = Assert.Single(here.Database.Query(Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.NumberOfStudyRelatedInstances, ""), (Tags.ModalitiesInStudy, "")), None));
        Assert.Equal(("2", "CT"), (study.GetString(Tags.NumberOfStudyRelatedInstances), study.GetString(Tags.ModalitiesInStudy)));
    }

    private static string[] Availability(TemporaryCatalogue here, QueryLevel level) =>
        [.. here.Database.Query(new CatalogueQuery { Level = level, IncludesAvailability = true }, None).Select(answer => answer.GetString(Tags.InstanceAvailability)!)];

    private static string NameOf(TemporaryCatalogue here) =>
        Assert.Single(here.Database.Query(Samples.Query(QueryLevel.Patient, new MatchingOptions(), (Tags.PatientName, "")), None)).GetString(Tags.PatientName)!;

    private static async Task<TemporaryCatalogue> CreateAsync()
    {
        TemporaryCatalogue catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.IdentifyAsync(Self, 5, None);
        await catalogue.Database.SubscribeAsync(Centre, 10, None);
        await catalogue.Database.SubscribeAsync(Clinic, 1, None);
        return catalogue;
    }

    private static Task ApplyAsync(TemporaryCatalogue here, Guid publisher, CatalogueState state, long sequence = 1) => here.Database.ApplyAsync(
        publisher, new FeedStep(state, new FeedCursor(publisher, sequence, sequence, 1, 0, null), new FeedHead(sequence, Samples.Noon), false), None).AsTask();
}
