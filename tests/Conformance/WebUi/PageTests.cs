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
        Assert.Equal(seen.GetProperty("rowsBefore").GetInt32(), seen.GetProperty("again").GetInt32());
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
    public async Task The_viewer_marks_what_is_coarse_and_shows_it_anew_when_it_is_whole()
    {
        JsonElement coarse = (await walk.SeenAsync(Ct)).GetProperty("viewer").GetProperty("coarse");
        Assert.Equal("Preview, not for diagnosis · 1/6 layers", coarse.GetProperty("sign").GetString());
        Assert.Equal((2, 2), (coarse.GetProperty("coarse").GetInt32(), coarse.GetProperty("whole").GetInt32()));
    }

    [Fact]
    public async Task The_viewer_shows_a_presentation_state_as_the_node_draws_it()
    {
        JsonElement presented = (await walk.SeenAsync(Ct)).GetProperty("presented");
        Assert.Equal("1 / 1", presented.GetProperty("shown").GetString());
        Assert.EndsWith("/rendered", presented.GetProperty("address").GetString(), StringComparison.Ordinal);
        // It is of a scout of this size.
        Assert.Equal((512, 256), (presented.GetProperty("columns").GetInt32(), presented.GetProperty("rows").GetInt32()));
    }

    [Fact]
    public async Task The_viewer_measures_and_compares()
    {
        JsonElement viewer = (await walk.SeenAsync(Ct)).GetProperty("viewer");

        // A line of 100 dots at 1:1 on samples of 0.451172 mm, which the slice says (0028,0030).
        Assert.Equal("45.1 mm", viewer.GetProperty("length").GetString());
        string[] compared = [.. viewer.GetProperty("compared").EnumerateArray().Select(instance => instance.GetString()!)];
        Assert.Equal(2, compared.Distinct().Count(instance => instance.Length > 0));
        Tell($"The first image was on the screen {viewer.GetProperty("firstImageMilliseconds").GetInt32()} ms after the click.");
    }

    [Fact]
    public async Task The_page_uploads_what_is_DICOM_of_a_ZIP_and_goes_on_after_an_interruption()
    {
        JsonElement upload = (await walk.SeenAsync(Ct)).GetProperty("upload");

        JsonElement zip = upload.GetProperty("zip");
        Assert.Equal((9, 7, 2), (Figure(zip, "found"), Figure(zip, "stored"), Figure(zip, "refused")));
        string[] reasons = [.. zip.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()!)];
        Assert.StartsWith("medium.zip/DICOMDIR", reasons[0], StringComparison.Ordinal);
        Assert.Contains("DICOMDIR): its images", reasons[0], StringComparison.Ordinal);
        Assert.Equal("medium.zip/README.TXTNo DICOM file", reasons[1]);
        JsonElement bomb = upload.GetProperty("bomb");
        Assert.Equal((0, 1), (Figure(bomb, "stored"), Figure(bomb, "refused")));
        Assert.Equal("bomb.zipThe ZIP grows too much: refused as an attack", bomb.GetProperty("reasons")[0].GetString());

        JsonElement interrupted = upload.GetProperty("interrupted");
        Assert.Equal(PageWalk.InterruptedFiles, Figure(interrupted, "found"));
        Assert.InRange(Figure(interrupted, "stored"), 1, PageWalk.InterruptedFiles - 1);
        Assert.Equal(PageWalk.InterruptedFiles - Figure(interrupted, "stored"), Figure(interrupted, "refused"));
        JsonElement resumed = upload.GetProperty("resumed");
        Assert.Equal(Figure(interrupted, "stored"), Figure(resumed, "before"));
        Assert.Equal((PageWalk.InterruptedFiles - Figure(interrupted, "stored"), 0), (Figure(resumed, "stored"), Figure(resumed, "refused")));

        static int Figure(JsonElement figures, string name) => figures.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task A_node_is_let_in_on_the_page_its_study_is_fetched_and_it_is_revoked()
    {
        JsonElement network = (await walk.SeenAsync(Ct)).GetProperty("network");

        Assert.Equal(1, network.GetProperty("membersBefore").GetInt32());
        Assert.True(network.GetProperty("isSameString").GetBoolean());
        Assert.Equal(0, network.GetProperty("joinExit").GetInt32());
        Assert.Equal(["CENTRE", "CLINIC-7"], network.GetProperty("members").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(("elsewhere", "here"), (network.GetProperty("whereBefore").GetString(), network.GetProperty("whereAfter").GetString()));
        Assert.True(network.GetProperty("isRevoked").GetBoolean());
        Assert.Equal(
            ["teaching", "search all studies · CT, MR · of 365 days · without PatientBirthDate", "CLINIC-7"], network.GetProperty("group").EnumerateArray().Select(cell => cell.GetString()));
    }

    [Fact]
    public async Task Who_runs_the_node_sees_its_state_tries_its_connections_and_searches_the_trail()
    {
        JsonElement operation = (await walk.SeenAsync(Ct)).GetProperty("operation");

        Assert.Equal(11, operation.GetProperty("plots").GetInt32());
        // The study that was sent, that of the ZIP, and that of the other node.
        Assert.Equal(3, operation.GetProperty("studies").GetInt32());
        Assert.True(operation.GetProperty("echoes").GetBoolean());
        Assert.True(operation.GetProperty("audited").GetInt32() > 0);
        Assert.True(operation.GetProperty("auditNames").GetBoolean());
        Assert.True(operation.GetProperty("settings").GetInt32() > 20);
        Assert.True(operation.GetProperty("logs").GetInt32() > 0);
    }

    [Fact]
    public async Task Who_runs_the_node_sees_how_the_mirror_of_another_archive_stands()
    {
        JsonElement broker = (await walk.SeenAsync(Ct)).GetProperty("broker");

        // Name, state, studies, images; the other node has one study of its own, and has heard of two more when it was told in time.
        string[] cells = [.. broker.EnumerateArray().Select(cell => cell.GetString()!)];
        Assert.Equal("answers", cells[1]);
        Assert.InRange(int.Parse(cells[2]), 1, 3);
    }

    [Fact]
    public async Task Who_runs_the_node_decides_which_side_of_a_conflict_is_kept()
    {
        JsonElement conflicts = (await walk.SeenAsync(Ct)).GetProperty("operation").GetProperty("conflicts");

        Assert.Equal(["Another content", "Study"], conflicts.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetString()).Order(StringComparer.Ordinal));
        Assert.True(conflicts.GetProperty("isAsked").GetBoolean());
        Assert.Equal("What the other source says is said from now on.", conflicts.GetProperty("told").GetString());
        Assert.Equal(PageWalk.OtherDescription, conflicts.GetProperty("description").GetString());
        Assert.Single(conflicts.GetProperty("comments").EnumerateArray(), comment => comment.GetString() == "Seen again");
    }

    [Fact]
    public async Task A_patient_gets_the_right_name_after_a_look_at_what_that_changes()
    {
        JsonElement corrected = (await walk.SeenAsync(Ct)).GetProperty("corrected");

        Assert.Equal([PageWalk.RightName, "Looked at again"], corrected.GetProperty("told").EnumerateArray().Select(cell => cell.GetString()).Order(StringComparer.Ordinal));
        string[] shown = [.. corrected.GetProperty("shown").EnumerateArray().Select(cell => cell.GetString()!)];
        Assert.Equal(PageWalk.RightName.Replace('^', ' '), shown[0]);
        Assert.Contains("Looked at again", shown);
    }

    [Fact]
    public async Task A_study_is_deleted_after_a_warning_and_a_reason()
    {
        JsonElement removed = (await walk.SeenAsync(Ct)).GetProperty("removed");

        Assert.True(removed.GetProperty("isAsked").GetBoolean());
        Assert.Equal(removed.GetProperty("before").GetInt32() - 1, removed.GetProperty("after").GetInt32());
        Assert.Equal(404, removed.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task OHIF_shows_the_study_with_the_grey_levels_of_the_rendered_resource_and_asks_no_other_host()
    {
        bool isDemanded = Environment.GetEnvironmentVariable("PANAL_OHIF") == "1";
        Assert.SkipUnless(PageWalk.HasOhif || isDemanded, "OHIF, 50 MB, could not be brought; PANAL_OHIF=1 demands it");
        Assert.True(PageWalk.HasOhif, "./run --with-ohif brings OHIF");
        JsonElement ohif = (await walk.SeenAsync(Ct)).GetProperty("ohif");

        Assert.Empty(ohif.GetProperty("foreign").EnumerateArray().Select(url => url.GetString()));
        Assert.True(ohif.GetProperty("isOfStudy").GetBoolean());
        Assert.InRange(ohif.GetProperty("count").GetInt32(), 1000, int.MaxValue);
        // OHIF enlarges the image to its pane, between the samples of which it interpolates.
        Assert.InRange(ohif.GetProperty("median").GetInt32(), 0, 4);
        Assert.InRange(ohif.GetProperty("correlation").GetDouble(), 0.97, 1);
        Tell($"OHIF showed the first image {ohif.GetProperty("milliseconds").GetInt32()} ms after its address was opened.");
    }

    /// <summary>What was measured is told, not judged: the machine may be busy.</summary>
    private static void Tell(string measured) => TestContext.Current.TestOutputHelper!.WriteLine(measured);

    [Fact]
    public async Task The_elements_of_an_image_are_shown_and_a_study_is_taken_away_as_a_medium_that_pydicom_reads()
    {
        JsonElement taken = (await walk.SeenAsync(Ct)).GetProperty("take");

        Assert.Equal(["(0020,000D)", "StudyInstanceUID", "UI", PageWalk.Study], taken.GetProperty("tag").EnumerateArray().Select(cell => cell.GetString()));
        using var folder = new TemporaryDirectory("medium");
        await System.IO.Compression.ZipFile.ExtractToDirectoryAsync(walk.TakenZip, folder.Path, Ct);
        Assert.Equal(walk.Slices.Count, Directory.EnumerateFiles(folder.Combine("DICOM"), "*", SearchOption.AllDirectories).Count());
        JsonElement medium = await Pydicom.RunAsync("fileset", [folder.Combine("DICOMDIR")], Ct);
        Assert.Equal(PageWalk.Study, Assert.Single(medium.GetProperty("studies").EnumerateArray()).GetString());
        Assert.Equal(3, medium.GetProperty("series").GetInt32());
        JsonElement[] instances = [.. medium.GetProperty("instances").EnumerateArray()];
        Assert.Equal(walk.Slices.Count, instances.Length);
        Assert.All(instances, instance => Assert.Equal(instance.GetProperty("uid").GetString(), instance.GetProperty("loaded").GetString()));
    }
}
