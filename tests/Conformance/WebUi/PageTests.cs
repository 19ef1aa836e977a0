using System.Text;
using System.Text.Json;
using Panal.Conformance.Witnesses;

namespace Panal.Conformance.WebUi;

/// <summary>The page in a real browser: one person's way through it, looked at from several sides.</summary>
public sealed class PageTests(PageWalk walk) : IClassFixture<PageWalk>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_sets_up_finds_a_study_changes_the_language_and_logs_in_again()
    {
        JsonElement seen = await walk.SeenAsync(Ct);

        JsonElement headings = seen.GetProperty("headings");
        Assert.Equal("Crear la primera cuenta", headings.GetProperty("setUp").GetString());
        Assert.Equal("Estudios", headings.GetProperty("studies").GetString());
        Assert.Equal("Studies", headings.GetProperty("english").GetString());
        Assert.Equal("Log in", headings.GetProperty("logIn").GetString());
        Assert.False(seen.GetProperty("addressKeepsSecret").GetBoolean());
        Assert.Equal(1, seen.GetProperty("rows").GetInt32());
        Assert.Contains("CT", seen.GetProperty("first").EnumerateArray().Select(cell => cell.GetString()));
        Assert.False(seen.GetProperty("phoneIsWide").GetBoolean());
        Assert.Equal(401, seen.GetProperty("afterLogOut").GetInt32());
        Assert.Equal(1, seen.GetProperty("again").GetInt32());
    }

    [Fact]
    public async Task Everybody_can_use_every_part_of_the_page_and_it_asks_no_other_host()
    {
        JsonElement seen = await walk.SeenAsync(Ct);

        Assert.Empty(seen.GetProperty("axe").EnumerateArray().Select(violation => violation.GetString()));
        Assert.Empty(seen.GetProperty("foreign").EnumerateArray().Select(url => url.GetString()));
        Assert.Empty(seen.GetProperty("errors").EnumerateArray().Select(error => error.GetString()));
        Assert.InRange(seen.GetProperty("initialBytes").GetInt32(), 1, 150_000);
    }

    [Fact]
    public async Task The_viewer_shows_the_grey_levels_that_dcmtk_renders()
    {
        JsonElement viewer = (await walk.SeenAsync(Ct)).GetProperty("viewer");

        byte[] uid = Encoding.ASCII.GetBytes(viewer.GetProperty("instance").GetString()!);
        Assert.NotEmpty(uid);
        string slice = walk.Slices.Single(file => File.ReadAllBytes(file).AsSpan(0, 4096).IndexOf(uid) >= 0);
        using var folder = new TemporaryDirectory("rendered");
        string rendered = folder.Combine("slice.pgm");
        // The window of the viewer's preset for bone.
        (await ForeignProgram.RunAsync("dcmj2pnm", ["--write-raw-pnm", "--set-window", "480", "2500", slice, rendered], Ct)).Succeeded();
        byte[] expected = File.ReadAllBytes(rendered)[^(512 * 512)..];
        byte[] shown = viewer.GetProperty("pixels").GetBytesFromBase64();
        Assert.Equal(expected.Length, shown.Length);
        Assert.True(expected.Distinct().Count() > 100);
        Assert.InRange(expected.Zip(shown, (e, s) => Math.Abs(e - s)).Max(), 0, 1);
    }

    [Fact]
    public async Task The_viewer_measures_and_compares()
    {
        JsonElement viewer = (await walk.SeenAsync(Ct)).GetProperty("viewer");

        // A line of 100 dots at 1:1 on samples of 0.451172 mm, which the slice says (0028,0030).
        Assert.Equal("45.1 mm", viewer.GetProperty("length").GetString());
        string[] compared = [.. viewer.GetProperty("compared").EnumerateArray().Select(instance => instance.GetString()!)];
        Assert.Equal(2, compared.Distinct().Count(instance => instance.Length > 0));
    }
}
