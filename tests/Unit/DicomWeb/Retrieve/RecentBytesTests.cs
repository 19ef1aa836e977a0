using Panal.DicomWeb.Retrieve;

namespace Panal.Unit.DicomWeb.Retrieve;

public sealed class RecentBytesTests
{
    [Fact]
    public void The_oldest_go_first_and_what_was_read_lately_stays()
    {
        var recent = new RecentBytes<string>(64L << 20);
        var bytes = new byte[3 << 20];
        recent.Add("first", bytes);
        for (var index = 0; index < 19; index++)
        {
            recent.Add($"{index}", bytes);
            Assert.True(recent.TryGet("first", out _));
        }

        recent.Add("one more", bytes);
        recent.Add("and another", bytes);
        Assert.False(recent.TryGet("0", out _));
        Assert.True(recent.TryGet("first", out var kept));
        Assert.Equal(bytes.Length, kept.Length);
    }

    [Fact]
    public void One_huge_object_drives_nothing_out()
    {
        var recent = new RecentBytes<string>(64L << 20);
        recent.Add("small", new byte[10]);
        recent.Add("huge", new byte[60 << 20]);
        Assert.False(recent.TryGet("huge", out _));
        Assert.True(recent.TryGet("small", out _));
    }
}
