using Panal.Catalogue;
using Panal.Dicom;
using Panal.Unit.Catalogue.Support;

namespace Panal.Unit.Catalogue.Replication;

/// <summary>What a catalogue makes of what archives that are no nodes offer, and how others hear of it.</summary>
public sealed class ForeignRowsTests
{
    private static readonly Guid Broker = new("00000000-0000-4000-8000-000000000001");
    private static readonly Guid Pacs = new("00000000-0000-4000-8000-0000000000aa");

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task What_is_offered_is_found_and_held_by_nobody()
    {
        await using var here = await CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);

        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), here.Database.Counts());
        Assert.Null(here.Database.FindInstance("1.1.1")!.Copy);
        Assert.Empty(here.Database.HoldersOfInstance("1.1.1"));
        Assert.Empty(here.Database.HoldersOfStudies(["1"], null));
        Assert.Equal([new Offerer(Pacs, IsForeign: true)], here.Database.OffersOfInstance("1.1.1"));
        Assert.Equal((1L, 2L), here.Database.CountOffers(Pacs));
        Assert.Empty(here.Database.Publishers());
        Assert.Equal("NEARLINE", Availability(here));
        here.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task Other_nodes_hear_of_what_is_offered_and_whom_to_ask()
    {
        await using var here = await CreateAsync();
        await using var clinic = await TemporaryCatalogue.CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);

        await TellAsync(here, clinic);

        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), clinic.Database.Counts());
        Assert.Equal([new Offerer(Broker, IsForeign: false)], clinic.Database.OffersOfInstance("1.1.2"));
        Assert.Empty(clinic.Database.HoldersOfInstance("1.1.2"));

        // What a node only offers is not counted as held by it.
        Assert.Equal([new Holder(Broker, 0)], clinic.Database.HoldersOfStudies(["1"], null));
        Assert.Contains(new Holder(Broker, 0), clinic.Database.Holdings());
        Assert.Empty(clinic.Database.OwnChanges(0, 100, FeedFilter.All)!.State.Studies);
    }

    [Fact]
    public async Task A_clinic_hears_of_all_who_have_the_archive_behind_them_also_of_those_who_heard_of_it_from_another_first()
    {
        var second = new Guid("00000000-0000-4000-8000-000000000002");
        await using var here = await CreateAsync();
        await using var other = await TemporaryCatalogue.CreateAsync();
        await using var clinic = await TemporaryCatalogue.CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);
        await TellAsync(here, other);
        await TellAsync(here, clinic);
        await other.Database.IdentifyAsync(second, 1, None);
        await clinic.Database.SubscribeAsync(second, 1, None);
        var before = other.Database.OwnHead(FeedFilter.All);

        await other.Database.AddForeignAsync(new Guid("00000000-0000-4000-8000-0000000000bb"), None);
        await other.Database.OfferAsync(new Guid("00000000-0000-4000-8000-0000000000bb"), [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);
        await clinic.Database.ApplyAsync(second, other.Database.OwnChanges(before.Sequence, 100, FeedFilter.All)!, None);

        Assert.Equal([Broker, second], clinic.Database.OffersOfInstance("1.1.2").Select(static offer => offer.Source).Order());
    }

    [Fact]
    public async Task A_snapshot_holds_what_is_offered_beside_what_is_held()
    {
        await using var here = await CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2"), Study("2", "Roe^Richard", "2.1.1")], [], None);
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);

        var told = here.Database.OwnSnapshot(here.Database.OwnHead(FeedFilter.All), isFresh: true, 1000, FeedFilter.All).State;

        Assert.Equal(["1", "2"], told.Studies.Select(static study => study.StudyInstanceUid));
        Assert.Equal([("1.1.1", false), ("1.1.2", true)], told.Studies[0].Series[0].Instances.Select(static one => (one.SopInstanceUid, one.IsOffered)).Order());
        Assert.All(told.Studies[1].Series[0].Instances, static one => Assert.True(one.IsOffered));
    }

    [Fact]
    public async Task What_was_fetched_is_held_and_told_with_its_hash_and_is_no_conflict()
    {
        await using var here = await CreateAsync();
        await using var clinic = await TemporaryCatalogue.CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);
        await TellAsync(here, clinic);

        var fetched = Samples.Instance("1", "1.1", "1.1.1", (Tags.InstanceNumber, "1"), (Tags.ImageComments, "More than the PACS told"));
        Assert.Equal(AddResult.Added, (await here.Database.AddAsync(fetched, None)).Result);
        await TellAsync(here, clinic);

        Assert.Equal(Uids.ExplicitVRLittleEndian, here.Database.FindInstance("1.1.1")!.TransferSyntaxUid);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 1000), here.Database.Counts());
        var holder = Assert.Single(clinic.Database.HoldersOfInstance("1.1.1"));
        Assert.Equal((Broker, 1000L), (holder.Node, holder.LengthBytes));
        Assert.True(holder.IsShown);
        Assert.Empty(clinic.Database.OffersOfInstance("1.1.1"));
        Assert.Single(clinic.Database.OffersOfInstance("1.1.2"));

        // The archive is swept again: nothing of it is a conflict, here or there.
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2")], [], None);
        await TellAsync(here, clinic);
        Assert.Empty(here.Database.Conflicts(isOpenOnly: true, 0, 10));
        Assert.Empty(clinic.Database.Conflicts(isOpenOnly: true, 0, 10));
        Assert.Single(clinic.Database.HoldersOfInstance("1.1.1"));

        // When the copy goes, it is offered again.
        await here.Database.DeleteAsync(["1.1.1"], None);
        await TellAsync(here, clinic);
        Assert.Single(clinic.Database.OffersOfInstance("1.1.1"));
        Assert.Empty(clinic.Database.HoldersOfInstance("1.1.1"));
        here.Database.CheckIntegrity(None);
        clinic.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task What_the_archive_has_lost_goes_everywhere_but_not_what_was_fetched_of_it()
    {
        await using var here = await CreateAsync();
        await using var clinic = await TemporaryCatalogue.CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1", "1.1.2", "1.1.3"), Study("2", "Roe^Richard", "2.1.1")], [], None);
        await here.Database.AddAsync(Samples.Instance("1", "1.1", "1.1.1"), None);
        await TellAsync(here, clinic);

        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.3")], ["2"], None);
        await TellAsync(here, clinic);

        Assert.Equal((1L, 1L), here.Database.CountOffers(Pacs));
        Assert.Equal(2, here.Database.Counts().Instances);
        Assert.Equal(new CatalogueCounts(1, 1, 1, 2, 0), clinic.Database.Counts());
        Assert.Null(here.Database.FindOffer(Pacs, "2"));

        await here.Database.WithdrawAsync(Pacs, None);
        await TellAsync(here, clinic);
        Assert.Equal("1.1.1", Assert.Single(here.Database.Locate(new RetrieveKeys { StudyInstanceUids = ["1"] }, None)).SopInstanceUid);
        Assert.Equal(1, clinic.Database.Counts().Instances);
        here.Database.CheckIntegrity(None);
    }

    [Fact]
    public async Task A_correction_in_the_archive_is_told_and_the_same_again_is_not()
    {
        await using var here = await CreateAsync();
        await using var clinic = await TemporaryCatalogue.CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1")], [], None);
        var before = here.Database.LastSequence();
        await here.Database.OfferAsync(Pacs, [Study("1", "Doe^Jane", "1.1.1")], [], None);
        Assert.Equal(before, here.Database.LastSequence());

        Assert.False(here.Database.FindOffer(Pacs, "1")!.IsDescribedBy(Study("1", "Roe^Jane", "1.1.1").Attributes));
        await here.Database.OfferAsync(Pacs, [Study("1", "Roe^Jane", "1.1.1")], [], None);
        await TellAsync(here, clinic);

        Assert.True(here.Database.FindOffer(Pacs, "1")!.IsDescribedBy(Study("1", "Roe^Jane", "1.1.1").Attributes));
        Assert.Equal("Roe^Jane", Assert.Single(clinic.Database.Query(Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.PatientName, "")), None)).GetString(Tags.PatientName));
    }

    [Fact]
    public async Task Offers_are_found_by_date_and_one_after_the_other()
    {
        await using var here = await CreateAsync();
        await here.Database.OfferAsync(Pacs, [Study("1", "A", "1.1.1"), Study("2", "B", "2.1.1"), Study("3", "C", "3.1.1")], [], None);

        Assert.Equal(3, here.Database.OffersBetween(Pacs, new DateOnly(2026, 3, 4), new DateOnly(2026, 3, 4)).Count);
        Assert.Empty(here.Database.OffersBetween(Pacs, new DateOnly(2026, 3, 5), new DateOnly(2026, 3, 5)));
        var (first, last) = here.Database.OffersAfter(Pacs, 0, 2);
        Assert.Equal(["1", "2"], first.Select(static offer => offer.StudyInstanceUid));
        Assert.Equal(["3"], here.Database.OffersAfter(Pacs, last, 2).Offers.Select(static offer => offer.StudyInstanceUid));
        Assert.Equal((1, 1L), (first[0].Series, first[0].Instances));
    }

    private static async Task<TemporaryCatalogue> CreateAsync()
    {
        var catalogue = await TemporaryCatalogue.CreateAsync();
        await catalogue.Database.IdentifyAsync(Broker, 0, None);
        await catalogue.Database.AddForeignAsync(Pacs, None);
        return catalogue;
    }

    /// <summary>Carries the feed of one catalogue to another.</summary>
    private static async Task TellAsync(TemporaryCatalogue from, TemporaryCatalogue to)
    {
        await to.Database.SubscribeAsync(Broker, 0, None);
        var cursor = to.Database.Publishers().Single().Cursor;
        await to.Database.ApplyAsync(Broker, from.Database.OwnChanges(cursor.Sequence, 1000, FeedFilter.All)!, None);
    }

    private static OfferedStudy Study(string uid, string name, params string[] instances) => new(
        Samples.DataSet((Tags.StudyInstanceUID, uid), (Tags.PatientID, "P" + uid), (Tags.PatientName, name), (Tags.StudyDate, "20260304")),
        [
            new OfferedSeries(
                Samples.DataSet((Tags.SeriesInstanceUID, uid + ".1"), (Tags.Modality, "CT")),
                [.. instances.Select(static (instance, index) => Samples.DataSet(
                    (Tags.SOPInstanceUID, instance), (Tags.SOPClassUID, Uids.CTImageStorage), (Tags.InstanceNumber, Samples.Number(index + 1))))]),
        ]);

    private static string? Availability(TemporaryCatalogue here) => Assert.Single(here.Database.Query(
        Samples.Query(QueryLevel.Study, new MatchingOptions(), (Tags.StudyInstanceUID, "")) with { IncludesAvailability = true }, None)).GetString(Tags.InstanceAvailability);
}
