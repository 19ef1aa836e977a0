using Panal.Archive.Retrieve;
using Panal.Dicom;
using Panal.Federation.Broker;
using Panal.Unit.Archive;

namespace Panal.Unit.Federation.Broker;

/// <summary>What a node makes of the archive of somebody else, which may be slow, down, or lie.</summary>
public sealed class BrokerServiceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_small_archive_is_swept_by_one_question_a_study_and_its_parts()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        here.Add("1.2", instances: 2, date: "", time: "");
        var status = await here.SweepAsync();

        Assert.Equal((2L, 5L, 0), (status.Studies, status.Instances, status.WindowsLeft));
        Assert.Null(status.Trouble);
        Assert.NotNull(status.CompletedAt);
        var found = Assert.Single(here.Find("1.1"));
        Assert.Equal(("García^Ana", "3", "NEARLINE"), (found.GetString(Tags.PatientName), found.GetString(Tags.NumberOfStudyRelatedInstances), found.GetString(Tags.InstanceAvailability)));

        // What is known is not asked for again.
        var before = here.Archive.Log.Count(static level => level != "STUDY");
        await here.SweepAsync();
        Assert.Equal(before, here.Archive.Log.Count(static level => level != "STUDY"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_archive_that_limits_or_refuses_is_swept_by_smaller_windows(bool refuses)
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { AnswerLimit = 5 });
        here.Archive.RefusesBroadQuestions = refuses;
        for (var i = 0; i < 23; i++)
        {
            here.Add($"1.{i}", 1, date: i < 12 ? "20260102" : $"20{i:00}0704", time: $"{i % 24:00}0000");
        }

        var status = await here.SweepAsync();

        Assert.Equal((23L, 23L), (status.Studies, status.Instances));
        Assert.Equal(0, status.WindowsLeft);
    }

    [Fact]
    public async Task What_an_archive_gives_notice_of_is_looked_at_at_once_and_believed_only_when_it_is_there()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 1, date: "20200101");
        await here.SweepAsync();

        // Older than what polls look at.
        here.Add("1.2", instances: 2, date: "20200101");
        Assert.True(here.Brokers.Notice("PACS", "1.2"));
        Assert.True(here.Brokers.Notice("PACS", "1.9"));
        await here.UntilAsync(static status => status is { Studies: 2, Instances: 3 });

        here.Archive.Remove(static sample => sample.StudyInstanceUid == "1.1");
        here.Brokers.Notice("PACS", "1.1");
        await here.UntilAsync(static status => status.Studies == 1);
        Assert.Equal(1, here.Brokers.Status("pacs").StudiesDropped);

        Assert.False(here.Brokers.Notice("OTHER", "1.1"));
    }

    [Theory]
    [InlineData("000500")]
    [InlineData("120000")]
    [InlineData("235900")]
    public async Task What_is_deleted_is_noticed_on_a_day_that_had_to_be_split_by_the_hour_too(string time)
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { AnswerLimit = 5 });
        for (var i = 0; i < 23; i++)
        {
            here.Add($"1.{i}", 1, time: $"{i:00}3000");
        }

        here.Add("1.99", 1, time: time);
        Assert.Equal(24, (await here.SweepAsync()).Studies);

        here.Archive.Remove(static sample => sample.StudyInstanceUid == "1.99");
        var status = await here.SweepAsync();

        Assert.Equal((23L, 23L), (status.Studies, status.Instances));
        Assert.Equal(1, status.StudiesDropped);
        Assert.Empty(here.Find("1.99"));
    }

    [Theory]
    [InlineData("", "", false)]
    [InlineData("https://pacs.example/dicom-web", "", true)]
    [InlineData("http://pacs.example:8042/dicom-web", "", true)]
    [InlineData("https://pacs.example/dicom-web", "/etc/panal/secret", true)]
    [InlineData("http://127.0.0.1:8042/dicom-web", "/etc/panal/secret", true)]
    [InlineData("http://pacs.example/dicom-web", "/etc/panal/secret", false)]
    [InlineData("https://pacs.example/dicom-web", "secret", false)]
    [InlineData("https://ana:secret@pacs.example/dicom-web", "", false)]
    [InlineData("https://pacs.example/dicom-web?x=1", "", false)]
    [InlineData("ftp://pacs.example/dicom-web", "", false)]
    [InlineData("file:///etc/passwd", "", false)]
    [InlineData("pacs.example", "", false)]
    public void An_address_of_DICOMweb_is_one_and_secrets_do_not_go_in_the_clear(string url, string credentials, bool isPossible)
    {
        var definition = BrokerNode.Definition with { Retrieve = ForeignRetrieval.Wado, DicomWeb = url, CredentialsFile = credentials };
        Assert.Equal(isPossible, definition.Fault() is null);
    }

    [Fact]
    public async Task An_archive_that_cuts_off_in_silence_is_found_out()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Archive.SilentLimit = 50;
        for (var i = 0; i < 120; i++)
        {
            here.Add($"1.{i}", 1, date: $"2025{1 + (i % 12):00}{1 + (i % 28):00}");
        }

        var status = await here.SweepAsync();

        Assert.Equal(120, status.Studies);
        Assert.Equal(0, status.Doubtful);
    }

    [Fact]
    public async Task Sweeping_goes_on_where_it_was_when_the_archive_or_the_node_comes_back()
    {
        await using var here = await BrokerNode.StartAsync(static definition => definition with { AnswerLimit = 5 });
        for (var i = 0; i < 40; i++)
        {
            here.Add($"1.{i}", 1, date: $"2025{1 + (i % 12):00}{1 + (i % 28):00}");
        }

        here.Archive.BreaksAt = 60;
        await Assert.ThrowsAsync<ForeignArchiveException>(here.SweepAsync);
        var broken = here.Brokers.Status("pacs");
        Assert.NotNull(broken.Trouble);
        Assert.InRange(broken.Studies, 1, 39);
        Assert.True(broken.WindowsLeft > 0);

        // A new process takes the windows that are left, and asks nothing of the studies that it has.
        here.Archive.BreaksAt = null;
        here.Archive.Log.Clear();
        await here.RestartAsync();
        var status = await here.SweepAsync();
        Assert.Equal((40L, 40L, 0), (status.Studies, status.Instances, status.WindowsLeft));
        Assert.InRange(here.Archive.Log.Count(static level => level == "SERIES"), 1, 40 - (int)broken.Studies);
        Assert.Null(status.Trouble);
    }

    [Fact]
    public async Task Deletions_corrections_and_late_images_are_noticed_by_the_next_sweep()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        here.Add("1.2", instances: 2);
        here.Add("1.3", instances: 2);
        await here.SweepAsync();

        here.Archive.Remove(static sample => sample.StudyInstanceUid == "1.1" || sample.SopInstanceUid == "1.2.1.1");
        here.Archive.Add(new Sample { StudyInstanceUid = "1.3", SeriesInstanceUid = "1.3.2", SopInstanceUid = "1.3.2.9", PatientName = "García^Ana" });
        var status = await here.SweepAsync();

        Assert.Equal((2L, 4L, 1L), (status.Studies, status.Instances, status.StudiesDropped));
        Assert.Empty(here.Find("1.1"));
        Assert.Equal("2", Assert.Single(here.Find("1.3")).GetString(Tags.NumberOfStudyRelatedSeries));

        here.Archive.Remove(static sample => sample.StudyInstanceUid == "1.2");
        here.Add("1.2", 1, name: "Müller^Anna");
        await here.SweepAsync();
        Assert.Equal("Müller^Anna", Assert.Single(here.Find("1.2")).GetString(Tags.PatientName));
    }

    [Fact]
    public async Task Counts_that_do_not_match_are_told_and_asked_again_and_never_believed()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 3);
        here.Archive.CountError = 2;
        var status = await here.SweepAsync();

        Assert.Equal((3L, 1), (status.Instances, status.Doubtful));
        Assert.Contains("lists 3", status.LastDoubt, StringComparison.Ordinal);
        Assert.Equal("3", Assert.Single(here.Find("1.1")).GetString(Tags.NumberOfStudyRelatedInstances));

        here.Archive.CountError = 0;
        Assert.Equal(0, (await here.SweepAsync()).Doubtful);
    }

    [Fact]
    public async Task An_archive_that_tells_no_counts_and_no_classes_is_mirrored_all_the_same()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Archive.CountError = null;
        here.Archive.HidesClasses = true;
        here.Add("1.1", instances: 3);
        await here.SweepAsync();
        here.Add("1.1", instances: 1, series: 2);
        Assert.Equal(4, (await here.SweepAsync()).Instances);
    }

    [Fact]
    public async Task A_study_without_a_UID_is_told_and_hurts_nobody()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 1);
        here.Archive.Add(new Sample { StudyInstanceUid = "", SopInstanceUid = "1.9.9" });
        var status = await here.SweepAsync();
        Assert.Equal(1, status.Studies);
        Assert.Contains("without a UID", status.LastDoubt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_is_removed_with_what_only_its_archive_has()
    {
        await using var here = await BrokerNode.StartAsync();
        here.Add("1.1", instances: 2);
        here.Archive.Withheld.Add("1.1.1.2");
        await here.SweepAsync();
        Assert.True(await here.BringAsync("1.1.1.1"));

        await here.Brokers.RemoveAsync("pacs", Token);

        Assert.Empty(here.Brokers.Status());
        Assert.Equal("1", Assert.Single(here.Find("1.1")).GetString(Tags.NumberOfStudyRelatedInstances));
        await Assert.ThrowsAsync<BrokerException>(() => here.Brokers.RemoveAsync("pacs", Token));
    }

    [Theory]
    [InlineData("", "PACS", "host", 104, "")]
    [InlineData("a/b", "PACS", "host", 104, "")]
    [InlineData("pacs", "", "host", 104, "")]
    [InlineData("pacs", "LONGER_THAN_SIXTEEN", "host", 104, "")]
    [InlineData("pacs", "PACS", "", 104, "")]
    [InlineData("pacs", "PACS", "host", 0, "")]
    [InlineData("pacs", "PACS", "host", 65536, "")]
    [InlineData("pacs", "PACS", "host", 104, "25-3")]
    public void A_definition_that_cannot_be_is_refused(string name, string aeTitle, string host, int port, string hours) =>
        Assert.NotNull(new BrokerDefinition { Name = name, Source = Guid.NewGuid(), AeTitle = aeTitle, Host = host, Port = port, Hours = hours }.Fault());

    [Theory]
    [InlineData("", 3, true)]
    [InlineData("20-6", 21, true)]
    [InlineData("20-6", 5, true)]
    [InlineData("20-6", 6, false)]
    [InlineData("8-17", 12, true)]
    [InlineData("8-17", 17, false)]
    public void Everything_is_swept_in_its_hours_only(string hours, int hour, bool isAllowed) => Assert.Equal(
        isAllowed,
        (BrokerNode.Definition with { Hours = hours }).IsSweepHour(new DateTimeOffset(2026, 1, 2, hour, 30, 0, TimeSpan.Zero)));

    [Fact]
    public void The_folder_gives_back_what_it_was_given_and_nothing_else()
    {
        var path = Directory.CreateTempSubdirectory("panal-brokers-").FullName;
        try
        {
            var folder = new BrokerFolder(path);
            folder.Save(BrokerNode.Definition);
            Assert.Equal(BrokerNode.Definition, Assert.Single(folder.Load()));
            var file = Path.Combine(path, "pacs.json");
            var bytes = File.ReadAllBytes(file);
            for (var length = 0; length < bytes.Length; length++)
            {
                File.WriteAllBytes(file, bytes[..length]);
                Assert.Throws<InvalidDataException>(folder.Load);
            }

            // How far the sweep is may be lost; it begins anew.
            File.WriteAllText(Path.Combine(path, "pacs.progress"), "{\"pending\":[{\"first\":null,\"last\":\"2026-01-01\"}]}");
            Assert.Equal([Panal.Federation.Broker.Sweeping.SweepWindow.All], folder.LoadProgress("pacs").Pending);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
