using Panal.Federation.Recycling;
using Panal.Unit.Architecture;
using Panal.Unit.Security;

namespace Panal.Unit.Federation.Recycling;

/// <summary>The files of docs/formats/recycling.md.</summary>
public sealed class RecyclingFilesTests : IDisposable
{
    private static readonly TimeSpan HalfLife = TimeSpan.FromDays(30);
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1795000000000);
    private readonly TemporaryFolder _folder = new();
    private readonly ManualClock _clock = new() { Now = At };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_vectors_are_read_as_the_page_says_and_what_is_no_line_counts_for_nothing()
    {
        foreach (var name in new[] { "use.log", "pins.log", "history.log" })
        {
            File.Copy(Path.Combine(RepositoryFiles.Root, "tests/vectors/recycling", name), Path.Combine(_folder.Path, name));
        }

        var statistics = new UseStatistics(_folder.Path, HalfLife, _clock);
        Assert.Equal(new UseRecord(1.75, At.AddSeconds(1)), statistics.Of("1.2.3", At));
        Assert.Equal(new UseRecord(2.5, At), statistics.Of("1.2.4", At));
        Assert.All(["1.2.5", "1.2.6", "1.2.7"], study => Assert.Equal(UseRecord.First(At), statistics.Of(study, At)));
        Assert.Equal([new Pin("1.2.4", At, "3f2504e0-4f89-41d3-9a0c-0305e82c3301")], new PinnedStudies(_folder.Path, _clock).Pins);
        var history = new RecyclingHistory(_folder.Path).Newest(10);
        Assert.Equal(["1.2.3", "1.2.4"], history.Select(static dropped => dropped.StudyInstanceUid));
        Assert.Equal((1, 5L, RecyclingReason.Idle, 2), (history[1].Instances, history[1].LengthBytes, history[1].Reason, history[1].Keepers.Count));
    }

    [Fact]
    public void Uses_survive_a_restart_and_the_file_does_not_grow_for_ever()
    {
        var statistics = new UseStatistics(_folder.Path, HalfLife, _clock);
        for (var day = 0; day < 3000; day++)
        {
            _clock.Now += TimeSpan.FromDays(1);
            statistics.Used("1.2.3", 1000, wasHere: day % 3 != 0);
            statistics.Touched("1.2.4");
            statistics.Save();
        }

        Assert.Equal(new UseCounts(2000, 2_000_000, 1000, 1_000_000), statistics.Counts);
        var again = new UseStatistics(_folder.Path, HalfLife, _clock);
        Assert.Equal(statistics.Of("1.2.3", At), again.Of("1.2.3", At));
        Assert.Equal(_clock.Now, again.Of("1.2.4", At).LastUse);
        Assert.True(File.ReadLines(Path.Combine(_folder.Path, "use.log")).Count() < 1100);
    }

    [Fact]
    public void The_first_use_of_a_sitting_is_news_and_the_other_images_are_not()
    {
        var statistics = new UseStatistics(_folder.Path, HalfLife, _clock);
        var opened = new List<string>();
        statistics.Opened = opened.Add;
        for (var image = 0; image < 100; image++)
        {
            _clock.Now += TimeSpan.FromSeconds(1);
            statistics.Used("1.2.3", 1, wasHere: true);
        }

        Assert.Equal(["1.2.3"], opened);
        _clock.Now += TimeSpan.FromHours(1);
        statistics.Used("1.2.3", 1, wasHere: true);
        Assert.Equal(2, opened.Count);
        Assert.Equal(2, statistics.Of("1.2.3", At).Weight, 2);
    }

    [Fact]
    public void A_pin_that_was_made_is_there_after_a_crash_in_the_next_one_and_can_be_taken_away()
    {
        var pins = new PinnedStudies(_folder.Path, _clock);
        Assert.True(pins.Add("1.2.3", Pin.Local));
        Assert.False(pins.Add("1.2.3", "somebody"));
        Assert.Throws<ArgumentException>(() => pins.Add("1.2.3 \n", Pin.Local));
        var path = Path.Combine(_folder.Path, "pins.log");
        File.AppendAllText(path, "+ 1.2.9 1795");
        var again = new PinnedStudies(_folder.Path, _clock);
        Assert.True(again.Add("1.2.4", Pin.Local));
        Assert.True(again.Remove("1.2.3"));
        Assert.False(again.Remove("1.2.3"));
        Assert.Equal(["1.2.4"], new PinnedStudies(_folder.Path, _clock).Pins.Select(static pin => pin.StudyInstanceUid));
        for (var i = 0; i < 1500; i++)
        {
            again.Add("1.2.5", Pin.Local);
            again.Remove("1.2.5");
        }

        Assert.True(File.ReadLines(path).Count() < 1100);
        Assert.Equal(["1.2.4"], new PinnedStudies(_folder.Path, _clock).Pins.Select(static pin => pin.StudyInstanceUid));
    }

    [Fact]
    public void A_file_cut_at_any_byte_gives_the_lines_before_the_cut()
    {
        var path = Path.Combine(_folder.Path, "pins.log");
        var whole = "+ 1.2.3 1795000000000 local\n+ 1.2.4 1795000000000 local\n"u8.ToArray();
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Equal(whole.AsSpan(0, length).Count((byte)'\n'), new PinnedStudies(_folder.Path, _clock).Pins.Count);
        }

        File.WriteAllBytes(path, [.. Enumerable.Repeat((byte)'x', 100_000), (byte)'\n', .. whole]);
        Assert.Equal(2, new PinnedStudies(_folder.Path, _clock).Pins.Count);
    }
}
