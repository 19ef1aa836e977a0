using Panal.DicomWeb.Retrieve;

namespace Panal.Unit.DicomWeb.Retrieve;

public sealed class MetadataCacheTests
{
    [Fact]
    public void The_oldest_go_first_and_what_was_read_lately_stays()
    {
        var cache = new MetadataCache();
        var json = new byte[3 << 20];
        cache.Add("first", "u", json);
        for (var index = 0; index < 19; index++)
        {
            cache.Add($"{index}", "u", json);
            Assert.True(cache.TryGet("first", "u", out _));
        }

        cache.Add("one more", "u", json);
        cache.Add("and another", "u", json);
        Assert.False(cache.TryGet("0", "u", out _));
        Assert.True(cache.TryGet("first", "u", out var kept));
        Assert.Equal(json.Length, kept.Length);
        Assert.False(cache.TryGet("first", "another", out _));
    }

    [Fact]
    public void One_huge_object_drives_nothing_out()
    {
        var cache = new MetadataCache();
        cache.Add("small", "u", new byte[10]);
        cache.Add("huge", "u", new byte[60 << 20]);
        Assert.False(cache.TryGet("huge", "u", out _));
        Assert.True(cache.TryGet("small", "u", out _));
    }
}
